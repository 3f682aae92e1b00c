"""Disables the trunks of customers whose balance stays low, and enables them again."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.choices import ResourceStatus
from accounts.models import Trunk
from customers.models import Customer
from customers.services.audit import Entry, record_many
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

Trunks = dict[int, list[Trunk]]


def disable_trunks(*, actor: Actor, customers: Collection[Customer], at: datetime) -> Trunks:
    """Deactivate the active trunks of some customers; those by the id of their customer.

    Part of the caller's transaction. Locks the trunks, in the order of their ids.
    """
    rows = Trunk.objects.live().filter(status=ResourceStatus.ACTIVE)
    trunks = _locked(rows, customers)
    ids = [trunk.pk for trunk in trunks]
    Trunk.objects.filter(pk__in=ids).update(status=ResourceStatus.INACTIVE, disabled_by_alert_at=at)
    return _recorded(actor, trunks, ResourceStatus.INACTIVE)


def enable_trunks(*, actor: Actor, customers: Collection[Customer]) -> Trunks:
    """Activate what ``disable_trunks`` deactivated and nobody decided about since; as it returns.

    Part of the caller's transaction. Locks the trunks. An archived one stays as it is.
    """
    trunks = _locked(Trunk.objects.filter(disabled_by_alert_at__isnull=False), customers)
    Trunk.objects.filter(pk__in=[trunk.pk for trunk in trunks]).update(disabled_by_alert_at=None)
    live = [trunk for trunk in trunks if trunk.archived_at is None]
    Trunk.objects.filter(pk__in=[trunk.pk for trunk in live]).update(status=ResourceStatus.ACTIVE)
    return _recorded(actor, live, ResourceStatus.ACTIVE)


def check_not_low(actor: Actor, customer: Customer) -> None:
    """Refuse (DomainError ``low_balance``) a customer to go round what disabled its trunks.

    Its owner may. A new trunk, a spare one, or a host of either would take the calls of the
    disabled ones. They are as long as one has the mark, or, where the owner has decided about each,
    as long as the rule stands and none is active.
    """
    if customer.pk != actor.customer_id:
        return
    trunks = Trunk.objects.filter(customer=customer)
    is_low = trunks.filter(disabled_by_alert_at__isnull=False).exists() or (
        customer.balances.filter(alert_state__trunks_disabled_at__isnull=False).exists()
        and not trunks.live().filter(status=ResourceStatus.ACTIVE).exists()
    )
    if is_low:
        raise DomainError(
            "low_balance",
            _("Trunks are disabled because the balance is low, until enough is available again."),
        )


def _locked(rows: QuerySet[Trunk], customers: Collection[Customer]) -> list[Trunk]:
    found = rows.filter(customer__in=customers).select_related("customer").order_by("pk")
    return list(found.select_for_update(no_key=True, of=("self",)))


def _recorded(actor: Actor, trunks: list[Trunk], status: ResourceStatus) -> Trunks:
    """Audit the change of ``trunks`` to ``status``."""
    found: Trunks = defaultdict(list)
    for trunk in trunks:
        found[trunk.customer_id].append(trunk)
    entries = [
        Entry(trunk.customer, "trunk_edited", trunk, {"status": [trunk.status, status]})
        for trunk in trunks
    ]
    record_many(actor=actor, entries=entries)
    return found
