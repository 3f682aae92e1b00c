"""Query forms of ledger entries, periods, payment terms and invoice settings."""

from django.utils.translation import gettext_lazy as _

from billing.choices import ClosingState, EntryKind, FeeKind, PeriodOutcome
from billing.models import Balance, BillingPeriod, Fee, InvoiceSettings, LedgerEntry, PaymentTerm, Tax
from softswitch.core.filters import (
    ChoiceFilter,
    FilterSet,
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


class PeriodFilter(FilterSet):
    """By the time of the end, customer and outcome."""

    since = SinceFilter(field_name="ends_at", label=_("Ended from"))
    until = UntilFilter(field_name="ends_at", label=_("Ended to"))
    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    outcome = ChoiceFilter(
        choices=[choice for choice in PeriodOutcome.choices if choice[0]], label=_("State")
    )

    class Meta:
        model = BillingPeriod
        fields = ()


class ClosingFilter(FilterSet):
    """By customer, and by what the period waits for."""

    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    state = ChoiceFilter(choices=ClosingState.choices, label=_("State"))

    class Meta:
        model = Balance
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


class TaxFilter(FilterSet):
    """Tax settings by name."""

    name = TextFilter(label=_("Name"))

    class Meta:
        model = Tax
        fields = ()


class FeeFilter(FilterSet):
    """Fees by name and how often they are billed."""

    name = TextFilter(label=_("Name"))
    kind = ChoiceFilter(choices=FeeKind.choices, label=_("Billed"))

    class Meta:
        model = Fee
        fields = ()
