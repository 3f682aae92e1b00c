"""Creates, edits and archives trunks, and sets the limits of trunks and hosts."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from accounts.models import Host, Trunk, TrunkOwnership
from accounts.services.closing import close_trunks
from accounts.services.editing import (
    check_ceiling,
    check_editor,
    check_trunks_allowed,
    service_start,
)
from accounts.services.hosts import NewHost, edit_host, insert_host
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
    ``tech_prefix``, ``above_ceiling``, ``opened_at``, ``archived``, or ``kind`` for a customer that
    cannot have trunks.
    """
    check_editor(actor, customer, "trunks.add")
    check_trunks_allowed(customer)
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


def edit_trunk(*, actor: Actor, trunk: Trunk, values: dict[str, Any]) -> Trunk:
    """Change the name, status or limits of a trunk. Atomic with the audit row.

    Raises DomainError ``taken`` (field name) or ``above_ceiling``.
    """
    check_editor(actor, trunk.customer, "trunks.edit")
    differences = changed(trunk, {k: v for k, v in values.items() if k in EDITABLE})
    check_ceiling(actor, trunk.customer, {k: differences[k][1] for k in LIMITS & set(differences)})
    if differences:
        with transaction.atomic():
            _save(trunk)
            record(
                actor=actor,
                customer=trunk.customer,
                action="trunk_edited",
                subject=trunk,
                changes=differences,
            )
    return trunk


def set_limits(
    *, actor: Actor, subject: Trunk | Host, call_limit: int | None, cps_limit: int | None
) -> Trunk | Host:
    """Set both limits of a trunk or a host: empty is unlimited, 0 allows none.

    The customer itself up to what its owner set on it (DomainError ``above_ceiling``), its owner
    any; others PermissionDenied.
    """
    values = {"call_limit": call_limit, "cps_limit": cps_limit}
    if isinstance(subject, Host):
        return edit_host(actor=actor, host=subject, values=values)
    return edit_trunk(actor=actor, trunk=subject, values=values)


def set_host_limits(
    *,
    actor: Actor,
    host: Host,
    of_trunk: tuple[int | None, int | None],
    of_host: tuple[int | None, int | None],
) -> None:
    """Set the call and CPS limits of a host and of its trunk at once, as ``set_limits`` does.

    A refusal of the trunk's names the fields trunk_calls and trunk_cps.
    """
    trunk = Trunk.objects.select_related("customer").get(pk=host.trunk_id)
    with transaction.atomic():
        try:
            set_limits(actor=actor, subject=trunk, call_limit=of_trunk[0], cps_limit=of_trunk[1])
        except DomainError as error:
            name = {"call_limit": "trunk_calls", "cps_limit": "trunk_cps"}.get(error.field, "")
            raise DomainError(error.code, error.message, field=name) from error
        set_limits(actor=actor, subject=host, call_limit=of_host[0], cps_limit=of_host[1])


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


def _save(trunk: Trunk) -> Trunk:
    try:
        with transaction.atomic():
            trunk.save()
    except IntegrityError as error:
        raise DomainError("taken", "A trunk of this name exists.", field="name") from error
    return trunk
