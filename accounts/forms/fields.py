"""What the forms of accounts, cards and trunks share."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.selectors.charging import own_tariffs
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core import zones
from softswitch.core.chrome import Text
from softswitch.core.forms import MomentField
from tariffs.models import Tariff
from tariffs.selectors import tariff_of

SINCE_HELP = _("Empty: from now on. An earlier start lets calls that come in late find it.")
# The choice of the tariff by which the customer itself pays, whose name only its owner knows.
SAME_RATES = "same"


def moment_field(label: Any, help_text: Any = "") -> forms.DateTimeField:
    """A moment in the viewer's zone, or none."""
    return MomentField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


def zone_choices() -> list[tuple[str, Text]]:
    """No zone of its own, or an IANA name shown with its present offset."""
    return [("", _("The customer's")), *zones.zone_choices()]


def since_field() -> forms.DateTimeField:
    """When calls can be its own at the earliest."""
    return moment_field(_("In service since"), SINCE_HELP)


def near(customers: QuerySet[Customer], actor: Actor) -> QuerySet[Customer]:
    """Whose accounts and trunks the actor may edit: its own and its direct customers'."""
    return customers.filter(archived_at=None).filter(
        Q(pk=actor.customer_id) | Q(owner_id=actor.customer_id)
    )


def tariff_options(customer: Customer) -> list[tuple[str, Text]]:
    """At which tariffs accounts of ``customer`` can be charged: its own, or the one it pays by."""
    options: list[tuple[str, Text]] = [(str(row.pk), row.name) for row in own_tariffs(customer)]
    if not customer.is_root:
        options.append((SAME_RATES, _("The rates that the customer itself pays")))
    return options


def chosen_tariff(customer: Customer, value: str) -> Tariff | None:
    """The tariff behind one of ``tariff_options``; None for none of them."""
    if value == SAME_RATES:
        return tariff_of(customer.pk, now())
    return own_tariffs(customer).filter(pk=value).first() if value.isdecimal() else None
