"""Forms of money: Maintenance, and the days and kinds of a statement."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from billing.choices import EntryKind, MaintenanceAction
from softswitch.core.forms import IdempotentFormMixin, ScopedForm
from tariffs.selectors import currency_choices


class MaintenanceForm(IdempotentFormMixin, ScopedForm):
    """Debit, Credit or Add Funds; the hidden key makes it post once, however often it is sent."""

    widths = {"amount": 4, "currency": 2}
    public_choices = ("currency",)

    action = forms.ChoiceField(label=_("Action"), choices=MaintenanceAction.choices)
    amount = forms.DecimalField(
        label=_("Amount"),
        max_digits=18,
        decimal_places=6,
        help_text=_("Above 0; the action gives the sign."),
    )
    currency = forms.ModelChoiceField(
        currency_choices(), label=_("Currency"), empty_label=None, to_field_name="code"
    )
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=500,
        help_text=_("Both sides see the notes in the ledger."),
    )


class PinForm(ScopedForm):
    """The PIN of a voucher, as it was printed: spaces and dashes do not matter."""

    widths = {"pin": 4}

    pin = forms.CharField(
        label=_("Voucher PIN"),
        max_length=40,
        help_text=_("Each PIN works once. After 5 wrong PINs wait 15 minutes."),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )


def day_field(label: Any) -> forms.DateField:
    """A day from 1900 to 2999, so that the midnights around it are dates too."""
    span = [MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31))]
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, validators=span)


class StatementForm(ScopedForm):
    """The query form above a statement; days are those of the billing time zone."""

    since = day_field(_("From"))
    until = day_field(_("To"))
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Any")), *EntryKind.choices]
    )
    notes = forms.CharField(label=_("Notes"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("This is before the first day."))
        return cleaned

    @property
    def is_active(self) -> bool:
        """Whether lines may be left out, so that an empty statement is "nothing found"."""
        return bool(self.data.get("kind") or self.data.get("notes"))
