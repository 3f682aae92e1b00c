"""Forms of corrections, transfers, payments and what is paid online."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from billing.choices import Direction
from billing.models import PaymentProvider, TopUp
from billing.selectors.online import payment_currencies
from billing.selectors.payments import direct_payers, live_customers
from softswitch.core.forms import (
    IdempotentFormMixin,
    NamedChoiceField,
    ScopedForm,
    Section,
)
from tariffs.selectors import currency_choices

_TOP_UP = fields_for_model(TopUp)
_PROVIDER = fields_for_model(PaymentProvider)


class ReasonForm(IdempotentFormMixin, ScopedForm):
    """Why an entry is taken back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("Both sides read it in the ledger.")
    )


class AmountForm(IdempotentFormMixin, ScopedForm):
    """An amount in the currency of the balance."""

    widths = {"amount": 4}

    amount = forms.DecimalField(label=_("Amount"), max_digits=18, decimal_places=6)


class WriteOffForm(AmountForm):
    """How much of a debt is given up, and why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("Both sides read it in the ledger.")
    )


class TransferForm(AmountForm):
    """Which way money moves between a customer and its account, and how much."""

    direction = forms.ChoiceField(
        label=_("Direction"), choices=Direction.choices, widget=forms.RadioSelect
    )
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=500,
        help_text=_("Both sides see the notes in the ledger."),
    )

    field_order = ("direction", "amount", "notes")


class ReceivedForm(IdempotentFormMixin, ScopedForm):
    """A payment that came in by another way: whose, how much, and what it says."""

    widths = {"amount": 4, "currency": 2}
    public_choices = ("currency",)

    customer = NamedChoiceField(
        live_customers(), label=_("Customer"), help_text=_("A part of the name will do.")
    )
    amount = forms.DecimalField(label=_("Amount"), max_digits=18, decimal_places=6)
    currency = forms.ModelChoiceField(
        currency_choices(), label=_("Currency"), empty_label=None, to_field_name="code"
    )
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=500,
        help_text=_("Both sides see the notes in the ledger. What is owed longest is paid first."),
    )

    def narrow_customer(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return direct_payers(queryset, self.actor)


class PayForm(AmountForm):
    """How much is paid online, and whether the card is kept for automatic top-up."""

    saves_card = forms.BooleanField(
        label=_("Save the card for automatic top-up"),
        required=False,
        help_text=_("It stays with the payment provider. Nothing is charged until you say so."),
    )


class TopUpForm(ScopedForm):
    """When a saved card is charged, how much, and how often."""

    sections = (Section(_("Automatic top-up"), ("is_enabled", "threshold", "amount", "per_day")),)
    widths = {"threshold": 2, "amount": 2, "per_day": 2}

    is_enabled = _TOP_UP["is_enabled"]
    threshold = _TOP_UP["threshold"]
    amount = _TOP_UP["amount"]
    per_day = forms.IntegerField(label=_("Times a day at most"), min_value=1, max_value=24)


class ProviderForm(ScopedForm):
    """An owner's account at Stripe, and which payments it takes."""

    sections = (
        Section(_("Stripe"), ("is_enabled", "api_key", "webhook_secret")),
        Section(
            _("Payments"),
            ("minimum", "maximum", "currencies"),
            help=_("Customers pay in the currency of their balance; the limits are in it too."),
        ),
    )
    widths = {"minimum": 3, "maximum": 3}

    is_enabled = _PROVIDER["is_enabled"]
    api_key = forms.CharField(
        label=_("Secret key"),
        required=False,
        max_length=300,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("sk_… or a restricted key rk_…. Empty: the one that is stored stays."),
    )
    webhook_secret = forms.CharField(
        label=_("Signing secret of the webhook"),
        required=False,
        max_length=300,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("whsec_…. Empty: the one that is stored stays."),
    )
    minimum = _PROVIDER["minimum"]
    maximum = _PROVIDER["maximum"]
    currencies = forms.MultipleChoiceField(
        label=_("Currencies"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["currencies"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = payment_currencies(self.actor)
        if self.actor.is_switched:
            for name in ("api_key", "webhook_secret"):
                del self.fields[name]
