"""The form of the simulator."""

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from calls.selectors.simulate import MAX_NUMBERS, simulated_accounts
from customers.models import Customer
from softswitch.core.forms import NamedChoiceField, ScopedForm
from tariffs.forms.fields import moment_field

_BETWEEN = re.compile(r"[\n,;]+")


class SimulatorForm(ScopedForm):
    """Calls that did not happen: to one number, or to a pasted list, one a line."""

    numbers = forms.CharField(
        label=_("Called numbers"),
        max_length=MAX_NUMBERS * 41,
        widget=forms.Textarea({"rows": 1}),
    )
    customer = NamedChoiceField(Customer.objects.all(), label=_("Customer"), required=False)
    account = NamedChoiceField(
        simulated_accounts(), label=_("or account"), required=False, name_field="auth_name"
    )
    at = moment_field(_("At"))
    duration = forms.DecimalField(
        label=_("Duration, s"), min_value=0, max_value=86_400, decimal_places=3, initial=60
    )

    def narrow_customer(self, rows: QuerySet[Customer]) -> QuerySet[Customer]:
        return rows.filter(archived_at=None, is_root=False)

    def clean_numbers(self) -> list[str]:
        texts = [text for text in _BETWEEN.split(self.cleaned_data["numbers"]) if text.strip()]
        if not 1 <= len(texts) <= MAX_NUMBERS:
            message = _("Enter 1 to %(most)s numbers, one a line.")
            raise forms.ValidationError(message, params={"most": MAX_NUMBERS})
        return [_digits(text) for text in texts]

    def clean_at(self) -> Any:
        return self.cleaned_data["at"] or now()

    def clean(self) -> dict[str, Any]:
        """The account's customer, else the one named, else the viewer's own."""
        data = self.cleaned_data
        account = data.get("account")
        if account is not None:
            if data.get("customer") not in (None, account.customer):
                self.add_error("account", _("This is an account of another customer."))
            data["customer"] = account.customer
        elif data.get("customer") is None and "customer" not in self.errors:
            if self.actor.is_root:
                self.add_error("customer", _("Name a customer or an account."))
            data["customer"] = self.actor.customer
        return data


def _digits(text: str) -> str:
    digits = "".join(sign for sign in text if sign.isdigit() and sign.isascii())
    digits = digits if text.strip().startswith("+") else digits.removeprefix("00")
    if not 3 <= len(digits) <= 15:
        message = _("“%(text)s”: enter a number with country code, 3 to 15 digits.")
        raise forms.ValidationError(message, params={"text": text.strip()[:30]})
    return digits
