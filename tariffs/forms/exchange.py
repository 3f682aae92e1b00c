"""Forms of exchange rates."""

from decimal import Decimal

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from softswitch.core.forms import ScopedForm
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
    """Exchange rates as CSV."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV with the columns currency, date and rate. All lines or none."),
        widget=forms.FileInput({"accept": ".csv,text/csv"}),
    )
