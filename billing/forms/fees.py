"""Forms of fees: what is billed beside the calls, once or with every invoice."""

from typing import Any

from django import forms
from django.forms.models import fields_for_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.choices import FeeKind
from billing.forms.money import day_field
from billing.models import Fee
from softswitch.core.forms import IdempotentFormMixin, ScopedForm, Section

_FEE = fields_for_model(Fee)


def last_day_field() -> forms.DateField:
    """The last day of a fee, or none."""
    field = day_field(gettext_lazy("To"))
    field.required = False
    field.help_text = gettext_lazy("The last day; empty: without end.")
    return field


class ChangeFeeForm(ScopedForm):
    """What can be changed of a fee; invoices that are issued stay as they are."""

    sections = (
        Section(gettext_lazy("Fee"), ("name", "kind", "price", "quantity")),
        Section(
            gettext_lazy("Time"),
            ("starts_on", "ends_on", "is_prorated"),
            help=gettext_lazy("Days of the billing time zone."),
        ),
        Section(gettext_lazy("Tax"), ("is_taxed",)),
    )
    widths = {"kind": 2, "price": 2, "quantity": 2, "starts_on": 3, "ends_on": 3}

    name = _FEE["name"]
    price = forms.DecimalField(
        label=gettext_lazy("Price"),
        max_digits=18,
        decimal_places=6,
        help_text=gettext_lazy("Of one piece, for a whole billing period."),
    )
    quantity = _FEE["quantity"]
    starts_on = day_field(gettext_lazy("From"))
    ends_on = last_day_field()
    is_prorated = forms.BooleanField(
        label=gettext_lazy("Billed by days where it does not cover the whole of a period"),
        required=False,
    )
    is_taxed = forms.BooleanField(label=gettext_lazy("Taxed"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = _("The line of the invoice.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("starts_on"), cleaned.get("ends_on")
        if since and until and until < since:
            self.add_error("ends_on", _("This is before the first day."))
        return cleaned


class FeeForm(IdempotentFormMixin, ChangeFeeForm):
    """A new fee; the hidden key makes it one, however often the form is sent."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Billed"),
        choices=FeeKind.choices,
        help_text=gettext_lazy("Once: with the period that its first day is in."),
    )


class EndFeeForm(ScopedForm):
    """The last day that a fee is billed for."""

    widths = {"ends_on": 3}

    ends_on = day_field(gettext_lazy("Last day"))
