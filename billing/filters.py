"""Query forms of ledger entries, invoices, payment terms and invoice settings."""

from typing import Any, cast

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from billing.choices import EntryKind, InvoiceKind, InvoiceStatus
from billing.models import BillingPeriod, Invoice, InvoiceSettings, LedgerEntry, PaymentTerm
from billing.querysets import InvoiceQuerySet
from billing.selectors.invoices import named_so, of_side, today_of
from softswitch.core.filters import (
    ChoiceFilter,
    DateFilter,
    FilterSet,
    ModelChoiceFilter,
    SinceFilter,
    TextFilter,
    UntilFilter,
)
from tariffs.selectors import currency_choices

SIDES = (
    ("issued", _("Issued by us")),
    ("below", _("Issued below")),
    ("received", _("Received")),
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


class InvoiceFilter(FilterSet):
    """Invoices by number or customer, status of today, day of issue, currency, kind and side."""

    public_choices = ("currency",)

    text = TextFilter(label=_("Number or customer"), method="by_text")
    status = ChoiceFilter(choices=InvoiceStatus.choices, label=_("Status"), method="by_status")
    since = DateFilter(field_name="issued_on", lookup_expr="gte", label=_("Issued from"))
    until = DateFilter(field_name="issued_on", lookup_expr="lte", label=_("to"))
    currency = ModelChoiceFilter(
        queryset=currency_choices(), to_field_name="code", label=_("Currency")
    )
    kind = ChoiceFilter(choices=InvoiceKind.choices, label=_("Kind"))
    side = ChoiceFilter(choices=SIDES, label=_("Show"), empty_label=_("All"), method="by_side")

    class Meta:
        model = Invoice
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.actor.account_id is not None:
            del self.filters["side"]  # it issues none

    def by_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return named_so(queryset, self.actor, value)

    def by_status(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        rows: QuerySet[Any] = cast("InvoiceQuerySet", queryset).in_status(
            value, today_of(self.actor)
        )
        return rows

    def by_side(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return of_side(queryset, self.actor, value)


class UnbilledFilter(FilterSet):
    """Closed periods without an invoice, by customer and end."""

    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    since = SinceFilter(field_name="ends_at", label=_("Ended from"))
    until = UntilFilter(field_name="ends_at", label=_("to"))

    class Meta:
        model = BillingPeriod
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
