"""The form by which a customer moves to another owner, asked step by step."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from billing.selectors.balances import mode_choices, tariff_choices
from billing.selectors.final_invoices import final_invoice_choices
from billing.selectors.overview import surplus_choices
from customers.models import Customer
from customers.selectors.moves import owner_choices
from softswitch.core.forms import NamedChoiceField, ScopedForm

OWNER, TERMS, CONFIRM = range(3)


class MoveForm(ScopedForm):
    """New owner, then what it sells at, then what becomes of the present balance.

    ``step`` is the last one asked: the fields of those before are carried along unseen, the fields
    of those after it are left out. ``owner`` is the new owner, once it is chosen.
    """

    steps: ClassVar[Sequence[tuple[str, ...]]] = (
        ("owner",),
        ("tariff", "currency", "mode", "credit_limit"),
        ("final_invoice", "surplus", "reason"),
    )
    widths = {"currency": 2, "mode": 2, "credit_limit": 2}

    owner = NamedChoiceField(
        owner_choices(),
        label=_("New owner"),
        help_text=_("The name of one of your resellers, or of your own company."),
    )
    tariff = forms.ModelChoiceField(tariff_choices(), label=_("Tariff"), empty_label=None)
    currency = forms.ChoiceField(
        label=_("Currency"),
        required=False,
        choices=[("", _("As now")), ("tariff", _("As the tariff"))],
    )
    mode = forms.ChoiceField(
        label=_("Terms"), required=False, choices=lambda: [("", _("As now")), *mode_choices()]
    )
    credit_limit = forms.DecimalField(
        label=_("Credit limit"), min_value=0, max_digits=20, decimal_places=6, initial=0
    )
    final_invoice = forms.TypedChoiceField(
        label=_("The final invoice is"),
        choices=final_invoice_choices,
        widget=forms.RadioSelect,
        required=False,
        initial="issue",
        empty_value="issue",
    )
    surplus = forms.ChoiceField(
        label=_("A positive balance is"), choices=surplus_choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("It stands in the ledger and the audit log.")
    )

    def __init__(
        self, *args: Any, owner: Customer | None = None, step: int = CONFIRM, **kwargs: Any
    ) -> None:
        self.new_owner = owner
        super().__init__(*args, **kwargs)
        for place, names in enumerate(self.steps):
            for name in names:
                if place < step:
                    self.fields[name].widget = forms.HiddenInput()
                elif place > step:
                    del self.fields[name]

    def narrow_tariff(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Only tariffs of the new owner can be sold by it."""
        return queryset.filter(owner=self.new_owner)
