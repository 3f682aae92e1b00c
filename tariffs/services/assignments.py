"""Which tariff a customer pays by: dated, a change counts for calls that start afterwards."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Tariff, TariffAssignment

BATCH = 1_000


def assign_tariff(
    *,
    actor: Actor,
    customer: Customer,
    tariff: Tariff,
    at: datetime | None = None,
    is_first: bool = False,
) -> datetime | None:
    """Let ``customer`` pay by ``tariff`` from ``at`` (default now) on; what was before ends there.

    Returns that moment, None where it pays by ``tariff`` already. Only a live tariff of the actor's
    own customer, which owns ``customer`` (DomainError ``tariff``; ``archived``). Atomic with the
    audit row; the customer row is locked, so that two changes at once follow each other and no
    tariff of an owner comes after a move or an archive.
    """
    _check_own(actor, tariff)
    with transaction.atomic():
        locked = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        if locked.owner_id != tariff.owner_id:
            raise DomainError("tariff", _("Choose one of your tariffs."), field="tariff")
        if locked.archived_at is not None:
            raise DomainError("archived", _("%(name)s is archived.") % {"name": locked})
        current = TariffAssignment.objects.filter(customer=customer, valid_till=None).first()
        if current is not None and current.tariff_id == tariff.pk:
            return None
        moment = at or now()  # under the lock, so that of two changes the later one is later
        replace_assignment(customer=customer, tariff=tariff, at=moment)
        if not is_first:
            record(
                actor=actor,
                customer=customer,
                action="tariff_changed",
                subject=tariff,
                changes={"tariff": [current.tariff if current else "", tariff]},
                is_private=True,  # the customer never reads the name of its owner's tariff
            )
    return moment


def assign_first_tariffs(*, actor: Actor, pairs: Sequence[tuple[Customer, Tariff]]) -> None:
    """Let many customers, made in the caller's transaction, pay by a tariff since they opened."""
    for tariff in {tariff.pk: tariff for _customer, tariff in pairs}.values():
        _check_own(actor, tariff)
    TariffAssignment.objects.bulk_create(
        [
            TariffAssignment(customer=customer, tariff=tariff, valid_from=customer.opened_at)
            for customer, tariff in pairs
        ],
        batch_size=BATCH,
    )


def _check_own(actor: Actor, tariff: Tariff) -> None:
    if tariff.owner_id != actor.customer_id or tariff.archived_at is not None:
        raise DomainError("tariff", _("Choose one of your tariffs."), field="tariff")


def replace_assignment(*, customer: Customer, tariff: Tariff, at: datetime) -> None:
    """End the assignment in force and start one of ``tariff`` at ``at``; part of the caller's."""
    end_assignment(customer=customer, at=at)
    TariffAssignment.objects.create(customer=customer, tariff=tariff, valid_from=at)


def end_assignment(*, customer: Customer, at: datetime) -> None:
    """End the assignment in force at ``at``; one that would start later never was."""
    rows = TariffAssignment.objects.filter(customer=customer, valid_till=None)
    rows.filter(valid_from__gte=at).delete()
    rows.update(valid_till=at)
