"""Forms of tariffs, rates, rate sheets, exchange rates and the simulator."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneFormField

from customers.models import Customer
from softswitch.core.forms import ScopedForm, ScopedModelForm, Section
from tariffs.choices import LossProtection, Rounding
from tariffs.models import Currency, Rate
from tariffs.selectors import currency_choices

MINUTE = "%Y-%m-%dT%H:%M"


def moment_field(label: Any, help_text: Any = "") -> forms.DateTimeField:
    """An optional moment in the viewer's zone."""
    widget = forms.DateTimeInput({"type": "datetime-local"}, format=MINUTE)
    return forms.DateTimeField(label=label, required=False, help_text=help_text, widget=widget)


def seconds_field(label: Any, least: int = 0) -> forms.IntegerField:
    """Whole seconds."""
    return forms.IntegerField(label=label, min_value=least, max_value=86_400, initial=least)


class TariffForm(ScopedForm):
    """All that a tariff says; the service tells the header from the versioned parameters."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Tariff"), ("name", "currency", "timezone", "is_default")),
        Section(
            _("Charge"),
            ("connect_fee", "post_call_surcharge", "free_seconds", "grace_period", "is_not_billed"),
            help=_("A change counts for calls that start afterwards, never for earlier ones."),
        ),
        Section(_("Rounding"), ("duration_rounding", "cost_rounding", "decimals")),
        Section(_("Profit"), ("average_call_duration", "loss_protection")),
    )
    widths = {
        "currency": 3,
        "timezone": 3,
        "connect_fee": 3,
        "post_call_surcharge": 3,
        "free_seconds": 3,
        "grace_period": 3,
        "duration_rounding": 2,
        "cost_rounding": 2,
        "decimals": 2,
        "average_call_duration": 3,
        "loss_protection": 3,
    }
    name = forms.CharField(label=_("Name"), max_length=120)
    currency = forms.ModelChoiceField(
        currency_choices(), label=_("Currency"), help_text=_("Fixed once the tariff is saved.")
    )
    timezone = TimeZoneFormField(label=_("Time zone"), use_pytz=False, initial="UTC")
    is_default = forms.BooleanField(label=_("Default for new customers"), required=False)
    connect_fee = forms.DecimalField(
        label=_("Connect fee"), min_value=0, max_digits=12, decimal_places=8, initial=0
    )
    post_call_surcharge = forms.DecimalField(
        label=_("Post-call surcharge"),
        min_value=-1,
        max_digits=9,
        decimal_places=6,
        initial=0,
        help_text=_("A fraction of the cost: 0.015 is 1.5 %."),
    )
    free_seconds = seconds_field(_("Free seconds"))
    grace_period = seconds_field(_("Grace period, s"))
    is_not_billed = forms.BooleanField(
        label=_("Not billed"),
        required=False,
        help_text=_("Calls are stored and rated at 0, and never invoiced."),
    )
    duration_rounding = forms.ChoiceField(label=_("Duration"), choices=Rounding.choices)
    cost_rounding = forms.ChoiceField(label=_("Cost"), choices=Rounding.choices)
    decimals = forms.IntegerField(label=_("Decimals"), min_value=0, max_value=6, initial=5)
    average_call_duration = forms.IntegerField(
        label=_("Average call duration, s"), min_value=1, max_value=86_400, initial=180
    )
    loss_protection = forms.ChoiceField(
        label=_("Loss protection"), choices=LossProtection.choices, initial=LossProtection.OFF
    )

    def narrow_currency(self, rows: QuerySet[Currency]) -> QuerySet[Currency]:
        return rows.filter(is_active=True)


class TariffEditForm(TariffForm):
    """The same without the currency, which is fixed."""

    currency = None  # type: ignore[assignment] # Django's way to drop an inherited field


class RateForm(ScopedModelForm):
    """A new row of a tariff."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Destination"), ("prefix", "destination", "country", "is_forbidden")),
        Section(
            _("Price per minute"),
            ("price_1", "price_n", "interval_1", "interval_n", "grace_enabled"),
            help=_("The first interval at price 1, each further one at price N."),
        ),
        Section(_("Validity"), ("valid_from", "valid_till")),
    )
    widths = {
        "prefix": 2,
        "destination": 3,
        "country": 1,
        "price_1": 3,
        "price_n": 3,
        "interval_1": 3,
        "interval_n": 3,
        "valid_from": 3,
        "valid_till": 3,
    }
    prefix = forms.RegexField(  # type: ignore[assignment] # a field, not the form's own prefix
        r"^[0-9]{0,15}$",
        label=_("Prefix"),
        required=False,
        help_text=_("Digits after the +. Empty fits every number."),
        error_messages={"invalid": _("Enter at most 15 digits.")},
    )
    price_1 = forms.DecimalField(label=_("Price 1"), min_value=0, max_digits=18, decimal_places=8)
    price_n = forms.DecimalField(label=_("Price N"), min_value=0, max_digits=18, decimal_places=8)
    interval_1 = seconds_field(_("Interval 1, s"), 1)
    interval_n = seconds_field(_("Interval N, s"), 1)
    valid_from = moment_field(_("Valid from"), _("Empty: now."))
    valid_till = moment_field(_("Valid till"), _("Empty: until a new price."))

    class Meta:
        model = Rate
        fields: tuple[str, ...] = (
            "prefix",
            "destination",
            "country",
            "is_forbidden",
            "grace_enabled",
        )

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()


class RateChangeForm(RateForm):
    """A new price of a prefix; the row before ends where this one begins."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Destination"), ("destination", "country", "is_forbidden")),
        *RateForm.sections[1:],
    )
    widths = RateForm.widths | {"destination": 4, "country": 2}
    prefix = None  # type: ignore[assignment] # the prefix of the row

    class Meta(RateForm.Meta):
        fields = RateForm.Meta.fields[1:]


class RateCloseForm(ScopedForm):
    """When a rate ends."""

    valid_till = moment_field(_("Ends"), _("Empty: now. Calls that started before keep the rate."))


class RateImportForm(ScopedForm):
    """A rate sheet to check."""

    sections: ClassVar[Sequence[Section]] = (
        Section(
            _("Rate sheet"),
            ("file", "effective_at", "is_full_replacement"),
            help=_(
                "CSV with a head: code, destination, price, and where known intervals, dates, "
                "blocked, grace. Titles above and notes below are passed over."
            ),
        ),
    )
    file = forms.FileField(
        label=_("File"), widget=forms.FileInput({"accept": ".csv,.txt,.tsv,text/csv"})
    )
    effective_at = moment_field(
        _("Valid from"), _("For lines without a date. Empty: when the sheet is applied.")
    )
    is_full_replacement = forms.BooleanField(
        label=_("The sheet is complete"),
        required=False,
        help_text=_("Prefixes that it does not hold are closed."),
    )


class ExchangeRateForm(ScopedForm):
    """What a currency is worth from a day on."""

    widths = {"currency": 2, "valid_on": 2, "rate": 2}
    currency = forms.ModelChoiceField(currency_choices(), label=_("Currency"))
    valid_on = forms.DateField(
        label=_("Valid from"),
        help_text=_("From 00:00 UTC of this day."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    rate = forms.DecimalField(
        label=_("Worth in the base currency"),
        min_value=Decimal("1e-10"),
        max_digits=19,
        decimal_places=10,
    )

    def narrow_currency(self, rows: QuerySet[Currency]) -> QuerySet[Currency]:
        return rows.filter(is_base=False, is_active=True)


class ExchangeUploadForm(ScopedForm):
    """Exchange rates as CSV."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV with the columns currency, date and rate. All lines or none."),
        widget=forms.FileInput({"accept": ".csv,text/csv"}),
    )


class SimulatorForm(ScopedForm):
    """A call that did not happen."""

    number = forms.CharField(label=_("Called number"), max_length=40)
    customer = forms.ModelChoiceField(Customer.objects.all(), label=_("Customer"))
    at = moment_field(_("At"))
    duration = forms.DecimalField(
        label=_("Duration, s"), min_value=0, max_value=86_400, decimal_places=3, initial=60
    )

    def narrow_customer(self, rows: QuerySet[Customer]) -> QuerySet[Customer]:
        return rows.filter(archived_at=None, is_root=False).order_by("name")

    def clean_number(self) -> str:
        text = str(self.cleaned_data["number"])
        digits = "".join(sign for sign in text if sign.isdigit() and sign.isascii())
        digits = digits if text.strip().startswith("+") else digits.removeprefix("00")
        if not 3 <= len(digits) <= 15:
            raise forms.ValidationError(_("Enter a number with country code, 3 to 15 digits."))
        return digits

    def clean_at(self) -> Any:
        return self.cleaned_data["at"] or now()
