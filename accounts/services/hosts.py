"""Adds, changes and removes the hosts that lead to a trunk."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from accounts.choices import ResourceStatus
from accounts.models import Host, Trunk
from accounts.services.editing import check_ceiling, check_editor
from accounts.services.trunk_alerts import check_not_low
from accounts.services.trunk_updates import (
    WHOLE,
    Change,
    changes_of,
    name_of,
    tell_update,
)
from customers.services.audit import changed, record
from customers.services.holding import hold
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.locks import Space, lock

# The shortest masks: a wider network would keep others from their own addresses.
WIDEST = {4: 16, 6: 32}
LIMITS = frozenset({"call_limit", "cps_limit"})
# What decides which calls a host brings: a change of it closes the row and opens another.
IDENTITY = ("network", "tech_prefix")
EDITABLE = LIMITS | {"port", "status"}


@dataclass(frozen=True, slots=True)
class NewHost:
    """An address or network with an optional tech prefix, port and limits."""

    network: str
    tech_prefix: str = ""
    port: int | None = None
    call_limit: int | None = None
    cps_limit: int | None = None


def add_host(
    *, actor: Actor, trunk: Trunk, host: NewHost, valid_from: datetime | None = None
) -> Host:
    """Let ``host`` lead to ``trunk`` from now on; holds its customer, locks the trunk.

    Raises DomainError ``taken``, ``network``, ``tech_prefix``, ``above_ceiling`` or ``archived``,
    or ``low_balance`` for a customer whose trunks a low balance has disabled.
    """
    check_editor(actor, trunk.customer, "trunks.edit")
    with transaction.atomic():
        _lock_trunk(actor, trunk)
        check_not_low(actor, trunk.customer)
        row = insert_host(actor=actor, trunk=trunk, host=host, start=valid_from or now())
        record(actor=actor, customer=trunk.customer, action="host_added", subject=row)
        tell_update(trunk=trunk, changes=[Change(WHOLE, None, name_of(row), name_of(row))])
    return row


def edit_host(
    *, actor: Actor, host: Host, values: dict[str, Any], news: list[Change] | None = None
) -> Host:
    """Change a host; another network or tech prefix counts for calls that start from now on.

    ``values`` hold any of network, tech_prefix, port, status, call_limit and cps_limit. Returns
    the row that leads to the trunk now, which is a new one where its identity changed. Raises what
    ``add_host`` raises, and DomainError ``removed`` for a host that leads nowhere any more. Locks
    what ``add_host`` locks, then the host. What changed is told, or with ``news`` added to it: the
    caller tells it with more.
    """
    check_editor(actor, host.trunk.customer, "trunks.edit")
    with transaction.atomic():
        _lock_trunk(actor, host.trunk)
        row = Host.objects.select_for_update(of=("self",)).select_related("trunk").get(pk=host.pk)
        if row.valid_till is not None:
            raise DomainError("removed", _("This host was removed."))
        values = values | _identity_of(row, values)
        differences = changed(row, {k: values[k] for k in (*IDENTITY, *EDITABLE) if k in values})
        check_ceiling(actor, host.trunk.customer, _limits(differences))
        if _brings_calls(differences):
            check_not_low(actor, host.trunk.customer)
        if differences.keys() & set(IDENTITY):
            row = _replace(row, now())
        elif differences:
            row.save(update_fields=sorted(differences))
        if differences:
            record(
                actor=actor,
                customer=host.trunk.customer,
                action="host_edited",
                subject=host,
                changes=differences,
            )
            changes = changes_of(differences, host)
            if news is None:
                tell_update(trunk=host.trunk, changes=changes)
            else:
                news += changes
    return row


def remove_host(*, actor: Actor, host: Host) -> None:
    """End a host now; calls that started before keep it."""
    check_editor(actor, host.trunk.customer, "trunks.edit")
    with transaction.atomic():
        ended = Host.objects.filter(pk=host.pk, valid_till=None).update(valid_till=now())
        record(actor=actor, customer=host.trunk.customer, action="host_removed", subject=host)
        if ended:
            tell_update(
                trunk=host.trunk, changes=[Change(WHOLE, name_of(host), None, name_of(host))]
            )


def insert_host(*, actor: Actor, trunk: Trunk, host: NewHost, start: datetime) -> Host:
    """Store one host of a trunk; part of the caller's transaction, without its own audit row."""
    check_ceiling(
        actor, trunk.customer, {"call_limit": host.call_limit, "cps_limit": host.cps_limit}
    )
    row = Host(
        trunk=trunk,
        network=clean_network(host.network),
        port=host.port,
        tech_prefix=_clean_prefix(host.tech_prefix),
        call_limit=host.call_limit,
        cps_limit=host.cps_limit,
        valid_from=start,
    )
    return _store(row)


def _lock_trunk(actor: Actor, trunk: Trunk) -> None:
    """No host may stay behind an archive, where its address would be taken for ever."""
    hold(actor=actor, customers=[trunk.customer])
    rows = Trunk.objects.select_for_update(no_key=True).filter(pk=trunk.pk)
    if rows.get().archived_at is not None:
        raise DomainError("archived", _("This trunk is archived."))


def clean_network(text: str) -> str:
    """An address or network in CIDR notation; raises DomainError ``network``."""
    try:
        found = ipaddress.ip_network(text.strip(), strict=True)
    except ValueError as error:
        raise DomainError(
            "network",
            _("“%(text)s” is not an IP address or network.") % {"text": text},
            field="network",
        ) from error
    if found.prefixlen < WIDEST[found.version]:
        raise DomainError("network", _("This network is too wide."), field="network")
    return str(found)


def _clean_prefix(text: str) -> str:
    clean = text.strip()
    if not re.fullmatch(r"[0-9*#]{0,16}", clean):
        raise DomainError(
            "tech_prefix", _("A tech prefix has up to 16 digits, * or #."), field="tech_prefix"
        )
    return clean


def _identity_of(row: Host, values: dict[str, Any]) -> dict[str, str]:
    return {
        "network": clean_network(str(values.get("network", row.network))),
        "tech_prefix": _clean_prefix(str(values.get("tech_prefix", row.tech_prefix))),
    }


def _limits(differences: dict[str, list[Any]]) -> dict[str, Any]:
    """The limits among what changes, as they would become."""
    return {name: pair[1] for name, pair in differences.items() if name in LIMITS}


def _brings_calls(differences: dict[str, list[Any]]) -> bool:
    """Whether calls come in by the change that did not before."""
    is_active = differences.get("status", ("", ""))[1] == ResourceStatus.ACTIVE
    return is_active or bool(differences.keys() & set(IDENTITY))


def _replace(row: Host, at: datetime) -> Host:
    """End the stored row at ``at`` and store ``row`` as another that starts there."""
    Host.objects.filter(pk=row.pk).update(valid_till=at)
    row.pk, row.valid_from = None, at
    return _store(row)


def _store(row: Host) -> Host:
    """One change of addresses at a time, so that two of them never wait for each other."""
    try:
        with transaction.atomic():
            lock(Space.NETWORK)
            row.save(force_insert=True)
    except IntegrityError as error:
        raise DomainError("taken", _("This address is taken."), field="network") from error
    return row
