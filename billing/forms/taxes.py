"""The form of tax settings: a name, how the tax is meant, and a few rates in their order."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.models import fields_for_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.choices import TaxCategory
from billing.models import Tax, TaxRate
from billing.selectors.tax_settings import NewRate, rates_of, tax_problems
from softswitch.core.forms import BoundSection, ScopedForm, Section

ROWS = 5
_TAX = fields_for_model(Tax)
PARTS = ("order", "name", "percent", "compound")


class TaxForm(ScopedForm):
    """Named tax settings; a row of rates without a name and a percentage is none."""

    sections = (
        Section(
            gettext_lazy("Tax"),
            ("name", "mode", "category", "reason"),
            help=gettext_lazy("Classes and customers choose one by its name."),
        ),
    )
    widths = {"name": 3, "mode": 3, "category": 3, "reason": 3}

    name = _TAX["name"]
    mode = _TAX["mode"]
    category = forms.ChoiceField(
        label=gettext_lazy("Category"),
        choices=TaxCategory.choices,
        help_text=gettext_lazy("As EN 16931 knows it: electronic invoices carry it."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason of the exemption"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Printed where no tax is charged: “Reverse charge”, for example."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in range(1, ROWS + 1):
            for part in PARTS:
                self.fields[f"rate_{row}_{part}"] = rate_field(part, row)

    def laid_out(self) -> list[BoundSection]:
        """Without the rates, which the page shows as a table."""
        return super().laid_out()[: len(self.sections)]

    def rate_rows(self) -> Iterator[list[BoundField]]:
        """The fields of each rate, in the order of the table's columns."""
        for row in range(1, ROWS + 1):
            yield [self[f"rate_{row}_{part}"] for part in PARTS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for row in range(1, ROWS + 1):
            name, percent = (cleaned.get(f"rate_{row}_{part}") for part in ("name", "percent"))
            if name and percent is None and f"rate_{row}_percent" in cleaned:
                self.add_error(f"rate_{row}_percent", _("Enter the percentage of this rate."))
            if percent is not None and not name:
                self.add_error(f"rate_{row}_name", _("Enter the name of this rate."))
        if not self.errors:
            named = {part: cleaned[part] for part in ("mode", "category", "reason")}
            for field, message in tax_problems(**named, rates=self.rates()).items():
                self.add_error(field, message)
        return cleaned

    def rates(self) -> list[NewRate]:
        """The rates that were entered, by their order; of the same order as they stand."""
        found = []
        for row in range(1, ROWS + 1):
            order, name, percent, compound = (
                self.cleaned_data[f"rate_{row}_{part}"] for part in PARTS
            )
            if name:
                rate = NewRate(name, percent, compound)
                found.append((row if order is None else order, row, rate))
        return [rate for _order, _row, rate in sorted(found, key=lambda item: item[:2])]

    def values(self) -> dict[str, Any]:
        """The columns of the tax itself."""
        return {name: self.cleaned_data[name] for name in ("name", "mode", "category", "reason")}


def rate_field(part: str, row: int) -> forms.Field:
    """One field of the rate in the line ``row``."""
    if part == "order":
        return forms.IntegerField(
            label=_("Order of rate %(row)s") % {"row": row},
            required=False,
            min_value=1,
            max_value=99,
            initial=row,
        )
    if part == "name":
        limit = TaxRate._meta.get_field("name").max_length
        label = _("Name of rate %(row)s") % {"row": row}
        return forms.CharField(label=label, required=False, max_length=limit)
    if part == "compound":
        label = _("Rate %(row)s is compound") % {"row": row}
        return forms.BooleanField(label=label, required=False)
    return forms.DecimalField(
        label=_("Percent of rate %(row)s") % {"row": row},
        required=False,
        min_value=0,
        max_value=100,
        max_digits=7,
        decimal_places=4,
    )


def tax_initial(tax: Tax) -> dict[str, Any]:
    """What the form shows of tax settings."""
    shown: dict[str, Any] = {
        name: getattr(tax, name) for name in ("name", "mode", "category", "reason")
    }
    rates = rates_of(tax) if tax.pk else []
    for row, rate in enumerate(rates, start=1):
        percent = rate.percent.normalize() + Decimal(0)
        values = (row, rate.name, f"{percent:f}", rate.is_compound)
        shown |= {f"rate_{row}_{part}": value for part, value in zip(PARTS, values, strict=True)}
    return shown
