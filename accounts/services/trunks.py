"""Creates and edits trunks and the hosts that lead to them."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from accounts.models import Host, Trunk, TrunkOwnership
from accounts.services.accounts import check_editor, service_start
from customers.models import Customer
from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

# The shortest masks: a wider network would keep others from their own addresses.
WIDEST = {4: 16, 6: 32}
EDITABLE = frozenset({"name", "status", "call_limit", "cps_limit"})


@dataclass(frozen=True, slots=True)
class NewHost:
    """An address or network with an optional tech prefix, port and limits."""

    network: str
    tech_prefix: str = ""
    port: int | None = None
    call_limit: int | None = None
    cps_limit: int | None = None


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

    Raises DomainError ``taken`` (field name or network), ``network`` or ``opened_at``.
    """
    check_editor(actor, customer, "trunks.add")
    start = service_start(customer, opened_at)
    with transaction.atomic():
        trunk = _save(Trunk(customer=customer, name=name.strip(), opened_at=start, **values))
        TrunkOwnership.objects.create(trunk=trunk, customer=customer, valid_from=start)
        for host in hosts:
            _insert(trunk, host, start)
        record(actor=actor, customer=customer, action="trunk_created", subject=trunk)
    return trunk


def edit_trunk(*, actor: Actor, trunk: Trunk, values: dict[str, Any]) -> Trunk:
    """Change the name, status or limits of a trunk. Atomic with the audit row."""
    check_editor(actor, trunk.customer, "trunks.edit")
    differences = changed(trunk, {k: v for k, v in values.items() if k in EDITABLE})
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


def add_host(
    *, actor: Actor, trunk: Trunk, host: NewHost, valid_from: datetime | None = None
) -> Host:
    """Let ``host`` lead to ``trunk`` from now on. Raises DomainError ``taken`` or ``network``."""
    check_editor(actor, trunk.customer, "trunks.edit")
    with transaction.atomic():
        row = _insert(trunk, host, valid_from or now())
        record(actor=actor, customer=trunk.customer, action="host_added", subject=row)
    return row


def remove_host(*, actor: Actor, host: Host) -> None:
    """End a host now; calls that started before keep it."""
    check_editor(actor, host.trunk.customer, "trunks.edit")
    with transaction.atomic():
        Host.objects.filter(pk=host.pk, valid_till=None).update(valid_till=now())
        record(actor=actor, customer=host.trunk.customer, action="host_removed", subject=host)


def _save(trunk: Trunk) -> Trunk:
    try:
        with transaction.atomic():
            trunk.save()
    except IntegrityError as error:
        raise DomainError("taken", "A trunk of this name exists.", field="name") from error
    return trunk


def _insert(trunk: Trunk, host: NewHost, start: datetime) -> Host:
    try:
        found = ipaddress.ip_network(host.network.strip(), strict=True)
    except ValueError as error:
        raise DomainError(
            "network", f"“{host.network}” is not an IP address or network.", field="network"
        ) from error
    if found.prefixlen < WIDEST[found.version]:
        raise DomainError("network", "This network is too wide.", field="network")
    row = Host(
        trunk=trunk,
        network=str(found),
        port=host.port,
        tech_prefix=host.tech_prefix.strip(),
        call_limit=host.call_limit,
        cps_limit=host.cps_limit,
        valid_from=start,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise DomainError("taken", "This address is taken.", field="network") from error
    return row
