"""Creates and edits switches, issues their tokens, and tells which switch a token belongs to."""

import hashlib
import ipaddress
import re
import secrets
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.models import Switch
from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.zones import zone_names

TOKEN_BYTES = 32
EDITABLE = frozenset({
    "name", "source_addresses", "timezone", "international_prefixes", "default_country_code",
    "national_prefix", "tech_prefix_separator", "is_active",
})  # fmt: skip
_PATTERNS = {
    "international_prefixes": (
        r"([+0-9]+( [+0-9]+)*)?",
        gettext_lazy("Enter prefixes with spaces between them."),
    ),
    "default_country_code": (r"[0-9]{0,4}", gettext_lazy("Enter up to 4 digits.")),
    "national_prefix": (r"[0-9]{0,4}", gettext_lazy("Enter up to 4 digits.")),
    "tech_prefix_separator": (
        r"[^0-9\s]{0,2}",
        gettext_lazy("Enter up to 2 characters that are no digits."),
    ),
}


def create_switch(*, actor: Actor, name: str, **values: Any) -> tuple[Switch, str]:
    """A new switch, and its token, which is shown this once: only its hash is stored.

    Atomic with the audit row. Root with ``system.settings`` only. Raises DomainError ``taken``,
    ``required`` or ``invalid``, naming the field.
    """
    _check_actor(actor)
    token, digest = _new_token()
    switch = Switch(token_hash=digest, **_cleaned({"name": name, **values}))
    with transaction.atomic():
        _save(switch)
        record(actor=actor, customer=actor.customer, action="switch_created", subject=switch)
    return switch, token


def edit_switch(*, actor: Actor, switch: Switch, values: dict[str, Any]) -> Switch:
    """Change a switch; calls that are stored keep what was read by the old rules.

    Atomic with the audit row; raises what ``create_switch`` raises.
    """
    _check_actor(actor)
    differences = changed(switch, _cleaned(values))
    if differences:
        with transaction.atomic():
            _save(switch)
            record(
                actor=actor,
                customer=actor.customer,
                action="switch_edited",
                subject=switch,
                changes=differences,
            )
    return switch


def rotate_token(*, actor: Actor, switch: Switch) -> str:
    """Give the switch a new token and return it, this once; the old one ends at once."""
    _check_actor(actor)
    token, switch.token_hash = _new_token()
    with transaction.atomic():
        switch.save(update_fields=["token_hash"])
        record(actor=actor, customer=actor.customer, action="switch_token_issued", subject=switch)
    return token


def switch_of_token(*, token: str, address: str) -> Switch | None:
    """The switch that holds ``token``, asking from ``address``; None if nobody does.

    The look-up is by hash, so its time says nothing of the token. Raises PermissionDenied for a
    switch that is inactive or asks from elsewhere.
    """
    switch: Switch | None = Switch.objects.filter(token_hash=_hash(token)).first()
    if switch is None:
        return None
    if not switch.is_active:
        raise PermissionDenied(_("This switch is not active."))
    if not _is_allowed(switch, address):
        raise PermissionDenied(_("This switch may not ask from this address."))
    return switch


def _is_allowed(switch: Switch, address: str) -> bool:
    networks = [ipaddress.ip_network(text) for text in switch.source_addresses.split()]
    try:
        source = ipaddress.ip_address(address)
    except ValueError:
        return not networks
    return not networks or any(source in network for network in networks)


def _new_token() -> tuple[str, str]:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, _hash(token)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _check_actor(actor: Actor) -> None:
    if not (actor.is_root and actor.account_id is None and actor.can("system.settings")):
        raise PermissionDenied


def _save(switch: Switch) -> None:
    try:
        with transaction.atomic():
            switch.save()
    except IntegrityError as error:
        raise DomainError("taken", _("A switch of this name exists."), field="name") from error


def _cleaned(values: dict[str, Any]) -> dict[str, Any]:
    clean = {name: value for name, value in values.items() if name in EDITABLE}
    for name in clean.keys() & _PATTERNS.keys():
        clean[name] = _matching(name, " ".join(str(clean[name]).split()))
    if "name" in clean:
        clean["name"] = _name(clean["name"])
    if "timezone" in clean:
        clean["timezone"] = _zone(str(clean["timezone"]))
    if "source_addresses" in clean:
        clean["source_addresses"] = _addresses(clean["source_addresses"])
    return clean


def _matching(name: str, text: str) -> str:
    pattern, expected = _PATTERNS[name]
    if not re.fullmatch(pattern, text):
        raise DomainError("invalid", str(expected), field=name)
    return text


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 80:
        raise DomainError("required", _("Enter a name of up to 80 characters."), field="name")
    return name


def _zone(name: str) -> ZoneInfo:
    if name not in zone_names():
        raise DomainError(
            "invalid", _("“%(name)s” is no time zone.") % {"name": name}, field="timezone"
        )
    return ZoneInfo(name)


def _addresses(text: str) -> str:
    """One address or network a line."""
    found: list[str] = []
    for part in re.split(r"[\s,;]+", text.strip()):
        try:
            found += [str(ipaddress.ip_network(part))] if part else []
        except ValueError as error:
            message = _("“%(text)s” is not an IP address or network.") % {"text": part}
            raise DomainError("invalid", message, field="source_addresses") from error
    return "\n".join(found)
