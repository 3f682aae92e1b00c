"""Query forms of ledger entries, payment terms and invoice settings."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from billing.choices import EntryKind, OnlineState, PaymentSide
from billing.models import InvoiceSettings, LedgerEntry, OnlinePayment, PaymentTerm
from billing.selectors.payments import on_side, payment_kinds
from softswitch.core.filters import (
    ChoiceFilter,
    FilterSet,
    NumberFilter,
    SinceFilter,
    TextFilter,
    UntilFilter,
)


class EntryFilter(FilterSet):
    """By time, customer, kind and notes."""

    since = SinceFilter(field_name="posted_at", label=_("From"))
    until = UntilFilter(field_name="posted_at", label=_("To"))
    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    kind = ChoiceFilter(
        choices=[choice for choice in EntryKind.choices if choice[0] != EntryKind.USAGE],
        label=_("Kind"),
    )
    notes = TextFilter(label=_("Notes"))

    class Meta:
        model = LedgerEntry
        fields = ()


class PaymentFilter(FilterSet):
    """By time, customer, side, kind, amount and notes."""

    since = SinceFilter(field_name="posted_at", label=_("From"))
    until = UntilFilter(field_name="posted_at", label=_("To"))
    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    side = ChoiceFilter(choices=PaymentSide.choices, label=_("Side"), method="filter_side")
    kind = ChoiceFilter(choices=payment_kinds, label=_("Kind"))
    least = NumberFilter(field_name="amount", lookup_expr="gte", label=_("Amount from"))
    most = NumberFilter(field_name="amount", lookup_expr="lte", label=_("Amount to"))
    notes = TextFilter(label=_("Notes"))

    class Meta:
        model = LedgerEntry
        fields = ()

    def filter_side(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Who has paid."""
        return on_side(rows, self.actor, value)


class OnlinePaymentFilter(FilterSet):
    """By time, customer and state."""

    since = SinceFilter(field_name="created_at", label=_("From"))
    until = UntilFilter(field_name="created_at", label=_("To"))
    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    state = ChoiceFilter(choices=OnlineState.choices, label=_("State"))

    class Meta:
        model = OnlinePayment
        fields = ()


class PaymentTermFilter(FilterSet):
    """Payment terms by name."""

    name = TextFilter(label=_("Name"))

    class Meta:
        model = PaymentTerm
        fields = ()


class InvoiceSettingsFilter(FilterSet):
    """Invoice settings by name."""

    name = TextFilter(label=_("Name"))

    class Meta:
        model = InvoiceSettings
        fields = ()
