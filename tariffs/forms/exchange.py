"""Forms of exchange rates."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from softswitch.core.forms import ScopedForm
from tariffs.forms.fields import moment_field
from tariffs.models import Currency
from tariffs.selectors import currency_choices


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
    """Exchange rates as a file."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV with the columns currency, date and rate, or the XML file of the European Central"
            " Bank (eurofxref). All lines or none; what is there already is not added again."
        ),
        widget=forms.FileInput({"accept": ".csv,.xml,text/csv,text/xml,application/xml"}),
    )
    is_next_day = forms.BooleanField(
        label=_("In force from the day after"),
        help_text=_("Calls of the file's own day were converted before it was published."),
        required=False,
    )


class ConversionForm(ScopedForm):
    """An amount in two currencies at a moment."""

    public_choices = ("source", "target")
    amount = forms.DecimalField(
        label=_("Amount"), max_digits=20, decimal_places=6, initial=Decimal(100)
    )
    source = forms.ModelChoiceField(currency_choices(), label=_("From"))
    target = forms.ModelChoiceField(currency_choices(), label=_("To"))
    at = moment_field(_("At"))

    def clean_at(self) -> Any:
        return self.cleaned_data["at"] or now()
