"""Tells a customer what was changed of a trunk or its hosts, where its owner lets it be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.choices import ResourceStatus
from accounts.models import Host, Trunk
from customers.models import Customer
from customers.selectors.parameters import parameters_of
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.services.events import News, tell
from notifications.values import Table, Value
from softswitch.core.display import DASH

LIMITS = ("call_limit", "cps_limit")
# What is told, in this order.
FIELDS = ("name", "network", "tech_prefix", "port", "status", *LIMITS)
WHOLE: Final = ""  # in place of a field: the host, or without one the trunk, itself


@dataclass(frozen=True, slots=True)
class Change:
    """What a field of a trunk was and is; of its ``host``, as it was called before, if named."""

    name: str
    before: Any
    now: Any
    host: str = ""


def changes_of(differences: Mapping[str, Sequence[Any]], host: Host | None = None) -> list[Change]:
    """The changes that ``customers.services.audit.changed`` found of a trunk, or of ``host``."""
    named = "" if host is None else name_of(host)
    return [
        Change(name, differences[name][0], differences[name][1], named)
        for name in FIELDS
        if name in differences
    ]


def name_of(host: Host) -> str:
    """A host by what it is told from others: ``192.0.2.0/28 77``, with its tech prefix."""
    return f"{host.network} {host.tech_prefix}".strip()


def tell_update(*, trunk: Trunk, changes: Sequence[Change]) -> None:
    """One letter to the NOC e-mail about one saved change, in the transaction that saves it.

    Nothing where the parameters of the customer ask for none. Root has nobody to tell it.
    """
    customer: Customer = trunk.customer
    owner = customer.owner
    if owner is None or not changes:
        return
    wanted = parameters_of([customer.pk])[customer.pk]
    if not (wanted["notifications"] and wanted["trunk_update_notice"]):
        return
    is_gone = any(one.name == WHOLE and not one.host for one in changes)
    page = [] if is_gone else [trunk.pk]
    news = News(
        event=Event.TRUNK_UPDATE,
        owner=owner,
        customer=customer,
        values={"trunk.name": trunk.name, "changes": _table(customer.language, changes)},
        path=reverse("accounts:trunk_list" if is_gone else "accounts:trunk_detail", args=page),
    )
    tell(actor=Actor(user=None, customer=owner, stack=(owner.pk,), is_system=True), news=news)


def _table(language: str, changes: Sequence[Change]) -> Table:
    """The changes in the words of the customer."""
    with override(language):
        head = (_("Field"), _("Before"), _("Now"))
        rows = tuple(
            (_label(one), _shown(one.name, one.before), _shown(one.name, one.now))
            for one in changes
        )
    return Table(head, rows)


def _label(change: Change) -> str:
    if change.name == WHOLE:
        return _("Host") if change.host else _("Trunk")
    model = Host if change.host else Trunk
    field: Any = model._meta.get_field(change.name)
    label = str(capfirst(field.verbose_name))
    if not change.host:
        return label
    return _("Host %(host)s: %(field)s") % {"host": change.host, "field": label}


def _shown(name: str, value: Any) -> Value:
    if name == "status":
        return str(ResourceStatus(value).label)
    if value is None and name in LIMITS:
        return _("Unlimited")
    if value is None or value == "":
        return DASH
    return value if isinstance(value, int) and name in LIMITS else str(value)
