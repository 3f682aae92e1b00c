"""Forms that copy a tariff."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from softswitch.core.display import price_text
from softswitch.core.forms import IdempotentFormMixin, ScopedForm, Section
from tariffs.choices import MarkupKind, Rounding
from tariffs.models import Currency
from tariffs.selectors import currency_choices


class ConvertedCurrencyField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Currencies with what one unit of the copied tariff's is worth in each today."""

    source = ""
    rates: dict[str, Decimal] = {}

    def label_from_instance(self, obj: Any) -> str:
        if obj.pk == self.source or obj.pk not in self.rates:
            return str(obj)
        return f"{obj}, 1 {self.source} = {price_text(self.rates[obj.pk])} {obj}"


class CopyTariffForm(IdempotentFormMixin, ScopedForm):
    """A new name, and how the prices of the copy follow from the old ones."""

    sections: ClassVar[Sequence[Section]] = (
        Section(
            _("Copy"),
            ("name", "currency"),
            help=_("All current and future rates, and the parameters as they are now."),
        ),
        Section(
            _("Mark-up"),
            ("kind", "amount", "minimum", "marks_connect_fee"),
            help=_("On price 1 and price N, per minute."),
        ),
        Section(
            _("Rounding"),
            ("decimals", "rounding"),
            help=_("Prices without mark-up in the same currency are copied as they are."),
        ),
    )
    widths = {"kind": 2, "amount": 2, "minimum": 2, "decimals": 3, "rounding": 3}

    name = forms.CharField(label=_("Name"), max_length=120)
    currency = ConvertedCurrencyField(
        currency_choices(),
        label=_("Currency"),
        empty_label=None,
        help_text=_("Another one is converted at today's exchange rate."),
    )
    kind = forms.ChoiceField(label=_("Mark-up"), choices=MarkupKind.choices)
    amount = forms.DecimalField(
        label=_("Percent or amount"),
        required=False,
        max_digits=12,
        decimal_places=8,
        help_text=_("An amount is in the currency of the copy."),
    )
    minimum = forms.DecimalField(
        label=_("Minimum margin"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=8,
        help_text=_("Added to each price at least."),
    )
    marks_connect_fee = forms.BooleanField(label=_("The connect fee likewise"), required=False)
    decimals = forms.IntegerField(label=_("Decimals"), min_value=0, max_value=8, initial=4)
    rounding = forms.ChoiceField(label=_("Rounding"), choices=Rounding.choices)

    def narrow_currency(self, rows: QuerySet[Currency]) -> QuerySet[Currency]:
        return rows.filter(is_active=True)

    def show_rates(self, source: str, rates: dict[str, Decimal]) -> None:
        """Offer the currencies that ``source`` can be converted to, with what they are worth."""
        field = self.fields["currency"]
        field.source, field.rates = source, rates  # type: ignore[attr-defined]
        field.queryset = field.queryset.filter(pk__in=rates)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """An amount where there is a mark-up, within its limits."""
        values = super().clean() or self.cleaned_data
        kind, amount = values.get("kind"), values.get("amount")
        if kind != MarkupKind.NONE and "amount" in values and amount is None:
            self.add_error("amount", _("Enter how much is added."))
        least, most = MarkupKind(kind or MarkupKind.NONE).limits
        if kind != MarkupKind.NONE and amount is not None and not least <= amount <= most:
            text = _("Enter a number from %(least)s to %(most)s.")
            self.add_error("amount", text % {"least": least, "most": most})
        return values
