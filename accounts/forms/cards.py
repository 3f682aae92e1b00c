"""Forms of prepaid cards: a new batch, and the one export of its PINs."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.choices import AccountKind
from accounts.forms.fields import SAME_RATES, chosen_tariff, moment_field, near, tariff_options
from accounts.selectors.charging import has_accounts, may_manage_charging
from customers.choices import Kind
from customers.models import Customer
from softswitch.core.forms import ScopedForm, Section

CSV, PDF = "csv", "pdf"


class CardBatchForm(ScopedForm):
    """How many cards to make, what each is worth, and how long it lives."""

    sections = (
        Section(_("Batch"), ("customer", "name", "count")),
        Section(
            _("Value"),
            ("value", "tariff"),
            _("In the customer's currency. Cards are charged by themselves."),
        ),
        Section(_("Numbers and PINs"), ("number_prefix", "number_length", "pin_length")),
        Section(_("Life"), ("lifetime_days", "expires_at")),
    )
    widths = {
        "name": 4,
        "count": 2,
        "value": 3,
        "tariff": 3,
        "number_prefix": 2,
        "number_length": 2,
        "pin_length": 2,
        "lifetime_days": 3,
        "expires_at": 3,
    }
    customer = forms.ModelChoiceField(Customer.objects.all(), label=_("Customer"), empty_label=None)
    name = forms.CharField(label=_("Name"), max_length=80)
    count = forms.IntegerField(
        label=_("Cards"), min_value=1, max_value=10_000, help_text=_("1 to 10,000.")
    )
    value = forms.DecimalField(label=_("Value of each"), max_digits=14, decimal_places=6)
    tariff = forms.ChoiceField(label=_("Tariff"))
    number_prefix = forms.CharField(
        label=_("Numbers start with"),
        required=False,
        max_length=12,
        help_text=_("Digits, or none."),
    )
    number_length = forms.IntegerField(
        label=_("Digits of a number"), min_value=6, max_value=20, initial=12
    )
    pin_length = forms.IntegerField(
        label=_("Digits of a PIN"), min_value=4, max_value=12, initial=8
    )
    lifetime_days = forms.IntegerField(
        label=_("Days from the first call"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("Empty: no such limit."),
    )
    expires_at = moment_field(_("Expires at the latest"), _("Empty: never."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        options = dict(tariff_options(self.actor.customer))
        options.setdefault(SAME_RATES, _("The rates that the customer itself pays"))
        self.fields["tariff"].choices = list(options.items())  # type: ignore[attr-defined]

    def narrow_customer(self, customers: QuerySet[Customer]) -> QuerySet[Customer]:
        """The actor's own customer, and containers for cards right below it."""
        kinds = [kind for kind in Kind.values if has_accounts(kind, AccountKind.CARD)]
        mine = near(customers, self.actor).filter(kind__in=kinds)
        own = mine.filter(pk=self.actor.customer_id)
        return (own | mine.filter(kind=Kind.VIRTUAL)).order_by("name")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        customer = cleaned.get("customer")
        if customer is not None and may_manage_charging(self.actor, customer):
            cleaned["tariff"] = chosen_tariff(customer, str(cleaned.get("tariff", "")))
            if cleaned["tariff"] is None:
                self.add_error("tariff", _("This customer has no such tariff."))
        return cleaned


class CardExportForm(ScopedForm):
    """The file that the numbers and PINs leave in."""

    widths = {"file": 3}
    file = forms.ChoiceField(
        label=_("File"),
        choices=((CSV, _("CSV, for a print shop")), (PDF, _("PDF, sheets of ten cards"))),
    )
