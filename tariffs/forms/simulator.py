"""The form of the simulator."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from softswitch.core.forms import ScopedForm
from tariffs.forms.fields import moment_field


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
