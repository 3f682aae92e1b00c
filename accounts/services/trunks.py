"""Creates, edits and archives trunks, and sets the limits of trunks and hosts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from accounts.choices import ResourceStatus
from accounts.models import Host, Trunk, TrunkOwnership
from accounts.services.closing import close_trunks
from accounts.services.editing import (
    check_ceiling,
    check_editor,
    check_trunks_allowed,
    service_start,
)
from accounts.services.hosts import NewHost, edit_host, insert_host
from accounts.services.trunk_alerts import check_not_low
from accounts.services.trunk_updates import WHOLE, Change, changes_of, tell_update
from customers.models import Customer
from customers.services.audit import changed, record
from customers.services.holding import hold
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

LIMITS = frozenset({"call_limit", "cps_limit"})
EDITABLE = LIMITS | {"name", "status"}


def create_trunk(
    *,
    actor: Actor,
    customer: Customer,
    name: str,
    hosts: list[NewHost],
    opened_at: datetime | None = None,
    **values: Any,
) -> Trunk:
    """A trunk of ``customer`` with its hosts, all or nothing.

    Holds the customer. Raises DomainError ``taken`` (field name or network), ``network``,
    ``tech_prefix``, ``above_ceiling``, ``opened_at``, ``archived``, ``kind`` for a customer that
    cannot have trunks, or ``low_balance`` for one whose trunks a low balance has disabled.
    """
    check_editor(actor, customer, "trunks.add")
    check_trunks_allowed(customer)
    check_not_low(actor, customer)
    check_ceiling(actor, customer, values)
    start = service_start(customer, opened_at)
    with transaction.atomic():
        hold(actor=actor, customers=[customer])
        trunk = _save(Trunk(customer=customer, name=name.strip(), opened_at=start, **values))
        TrunkOwnership.objects.create(trunk=trunk, customer=customer, valid_from=start)
        for host in hosts:
            insert_host(actor=actor, trunk=trunk, host=host, start=start)
        record(actor=actor, customer=customer, action="trunk_created", subject=trunk)
    return trunk


def edit_trunk(
    *, actor: Actor, trunk: Trunk, values: dict[str, Any], news: list[Change] | None = None
) -> Trunk:
    """Change the name, status or limits of a trunk. Atomic with the audit row.

    What changed is told, or with ``news`` added to it: the caller tells it with more. Locks the
    trunk and decides by what it is now. Once its owner has said what its status is to be, also
    what it is already, no alert sets it. Raises DomainError ``taken`` (field name),
    ``above_ceiling``, or ``low_balance`` for a customer that activates one of its trunks while a
    low balance keeps them disabled.
    """
    check_editor(actor, trunk.customer, "trunks.edit")
    with transaction.atomic():
        _refresh(trunk)
        differences = changed(trunk, {k: v for k, v in values.items() if k in EDITABLE})
        check_ceiling(actor, trunk.customer, _limits_of(differences))
        if differences.get("status", ("", ""))[1] == ResourceStatus.ACTIVE:
            check_not_low(actor, trunk.customer)
        is_decided = "status" in values and trunk.customer_id != actor.customer_id
        if is_decided and trunk.disabled_by_alert_at is not None:
            _take_over(actor, trunk)
        if differences:
            _save(trunk, [*differences])
            record(
                actor=actor,
                customer=trunk.customer,
                action="trunk_edited",
                subject=trunk,
                changes=differences,
            )
            if news is None:
                tell_update(trunk=trunk, changes=changes_of(differences))
            else:
                news += changes_of(differences)
    return trunk


def set_limits(
    *,
    actor: Actor,
    subject: Trunk | Host,
    call_limit: int | None,
    cps_limit: int | None,
    news: list[Change] | None = None,
) -> Trunk | Host:
    """Set both limits of a trunk or a host: empty is unlimited, 0 allows none.

    The customer itself up to what its owner set on it (DomainError ``above_ceiling``), its owner
    any; others PermissionDenied. ``news`` as in ``edit_trunk``.
    """
    values = {"call_limit": call_limit, "cps_limit": cps_limit}
    if isinstance(subject, Host):
        return edit_host(actor=actor, host=subject, values=values, news=news)
    return edit_trunk(actor=actor, trunk=subject, values=values, news=news)


def set_host_limits(
    *,
    actor: Actor,
    host: Host,
    of_trunk: tuple[int | None, int | None],
    of_host: tuple[int | None, int | None],
) -> None:
    """Set the call and CPS limits of a host and of its trunk at once, as ``set_limits`` does.

    Told as one change. A refusal of the trunk's names the fields trunk_calls and trunk_cps.
    """
    trunk = Trunk.objects.select_related("customer").get(pk=host.trunk_id)
    calls, cps = of_trunk
    news: list[Change] = []
    with transaction.atomic():
        try:
            set_limits(actor=actor, subject=trunk, call_limit=calls, cps_limit=cps, news=news)
        except DomainError as error:
            name = {"call_limit": "trunk_calls", "cps_limit": "trunk_cps"}.get(error.field, "")
            raise DomainError(error.code, error.message, field=name) from error
        calls, cps = of_host
        set_limits(actor=actor, subject=host, call_limit=calls, cps_limit=cps, news=news)
        tell_update(trunk=trunk, changes=news)


def set_status(*, actor: Actor, trunk: Trunk, status: str) -> Trunk:
    """Activate or deactivate a trunk."""
    return edit_trunk(actor=actor, trunk=trunk, values={"status": status})


def archive_trunk(*, actor: Actor, trunk: Trunk) -> None:
    """Take a trunk and its hosts out of service now; calls that started before stay its own.

    Its addresses and its name are free again. Archiving twice changes nothing.
    """
    check_editor(actor, trunk.customer, "trunks.delete")
    with transaction.atomic():
        rows = Trunk.objects.filter(pk=trunk.pk)
        if not rows.filter(archived_at=None).select_for_update(no_key=True).exists():
            return
        close_trunks(rows, at=now())
        record(actor=actor, customer=trunk.customer, action="trunk_archived", subject=trunk)
        tell_update(trunk=trunk, changes=[Change(WHOLE, trunk, None)])


def _refresh(trunk: Trunk) -> None:
    """Lock the row and read it again: an alert may have disabled it since."""
    rows = Trunk.objects.select_for_update(no_key=True)
    trunk.refresh_from_db(fields=[*EDITABLE, "disabled_by_alert_at"], from_queryset=rows)


def _take_over(actor: Actor, trunk: Trunk) -> None:
    """What an alert disabled is from now on as its owner says, whatever the balance does."""
    trunk.disabled_by_alert_at = None
    trunk.save(update_fields=["disabled_by_alert_at"])
    record(actor=actor, customer=trunk.customer, action="trunk_taken_over", subject=trunk)


def _limits_of(differences: dict[str, list[Any]]) -> dict[str, Any]:
    """The limits among what changes, as they would become."""
    return {name: differences[name][1] for name in LIMITS & differences.keys()}


def _save(trunk: Trunk, fields: Sequence[str] | None = None) -> Trunk:
    """``fields``: what changed; None: all of a new one."""
    try:
        with transaction.atomic():
            trunk.save(update_fields=fields)
    except IntegrityError as error:
        raise DomainError("taken", _("A trunk of this name exists."), field="name") from error
    return trunk
