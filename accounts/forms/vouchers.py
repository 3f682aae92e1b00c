"""Forms of voucher batches."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import moment_field
from softswitch.core.forms import ScopedForm, Section
from tariffs.selectors import currency_choices


class VoucherBatchForm(ScopedForm):
    """How many vouchers to make, what each is worth, and when they can be redeemed."""

    sections = (
        Section(_("Batch"), ("name", "count", "value", "currency")),
        Section(_("Validity"), ("activates_at", "expires_at", "pin_length")),
    )
    widths = {
        "count": 2,
        "value": 2,
        "currency": 2,
        "activates_at": 3,
        "expires_at": 3,
        "pin_length": 3,
    }
    public_choices = ("currency",)

    name = forms.CharField(label=_("Name"), max_length=80)
    count = forms.IntegerField(label=_("Vouchers"), min_value=1, max_value=100_000)
    value = forms.DecimalField(
        label=_("Value of each"), max_digits=15, decimal_places=6, help_text=_("Above 0.")
    )
    currency = forms.ModelChoiceField(
        currency_choices(), label=_("Currency"), empty_label=None, to_field_name="code"
    )
    activates_at = moment_field(_("Valid from"), _("Empty: at once."))
    expires_at = moment_field(_("Expires"), _("Empty: never."))
    pin_length = forms.TypedChoiceField(
        label=_("Digits of a PIN"),
        coerce=int,
        initial=16,
        choices=[(length, str(length)) for length in range(10, 17)],
    )


class ExtendBatchForm(ScopedForm):
    """A later expiry of a whole batch."""

    widths = {"expires_at": 3}
    expires_at = moment_field(_("Expires"), _("Later than now and than before; empty: never."))
