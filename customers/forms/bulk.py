"""What actions on one or many customers ask before they post: why, and what becomes of money."""

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.selectors.final_invoices import final_invoice_choices
from billing.selectors.overview import surplus_choices
from softswitch.core.forms import IdempotentFormMixin, ScopedForm


class ReasonForm(ScopedForm):
    """Why it is done."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("It stands in the ledger and the audit log.")
    )


class ResetForm(IdempotentFormMixin, ReasonForm):
    """Why a balance is brought to 0; sent twice, it posts once."""


class ArchiveManyForm(ReasonForm):
    """What becomes of the last invoices and the money of those that are archived, and why."""

    final_invoice = forms.TypedChoiceField(
        label=_("Final invoices are"),
        choices=final_invoice_choices,
        widget=forms.RadioSelect,
        required=False,
        initial="issue",
        empty_value="issue",
    )
    surplus = forms.ChoiceField(
        label=_("Positive balances are"),
        choices=surplus_choices,
        widget=forms.RadioSelect,
        initial="pay_out",
    )
    field_order = ("final_invoice", "surplus", "reason")
