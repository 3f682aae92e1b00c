"""Query forms of ledger entries, periods, invoices, alerts, dunning and what owners set."""

from datetime import date
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.timezone import localdate, now
from django.utils.translation import gettext_lazy as _

from billing.choices import (
    AlertLevel,
    ClosingState,
    DunningState,
    EntryKind,
    FeeKind,
    InvoiceKind,
    InvoiceStatus,
    OnlineState,
    PaymentSide,
    PeriodOutcome,
)
from billing.models import (
    Balance,
    BillingPeriod,
    Fee,
    Invoice,
    InvoiceSettings,
    LedgerEntry,
    OnlinePayment,
    PaymentTerm,
    Tax,
)
from billing.querysets import InvoiceQuerySet
from billing.selectors.closing import in_state
from billing.selectors.invoices import named_so, of_side, today_of
from billing.selectors.payments import on_side, payment_kinds
from customers.models import Customer
from customers.selectors.names import read_as
from customers.tenancy import Actor
from softswitch.core.filters import (
    ChoiceFilter,
    DateFilter,
    FilterSet,
    ModelChoiceFilter,
    NumberFilter,
    PartFilter,
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


class PayerFilter(TextFilter):
    """A part of the name by which the viewer reads the customer at ``field_name``.

    ``then`` leads to the moment at which the viewer's customer was left by it, if it was.
    """

    def __init__(
        self, field_name: str = "customer", then: str = "balance__closed_at", **kwargs: Any
    ) -> None:
        self.then = then
        super().__init__(field_name=field_name, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        actor: Actor = self.parent.actor
        return read_as(qs, actor, value, str(self.field_name), then=self.then)


class EntryFilter(FilterSet):
    """By time, customer, kind and notes."""

    since = SinceFilter(field_name="posted_at", label=_("From"))
    until = UntilFilter(field_name="posted_at", label=_("To"))
    customer = PayerFilter(label=_("Customer"))
    kind = ChoiceFilter(
        choices=[choice for choice in EntryKind.choices if choice[0] != EntryKind.USAGE],
        label=_("Kind"),
    )
    notes = PartFilter(field_name="notes", label=_("Notes"))

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

    customer = PayerFilter(field_name="balance__customer", label=_("Customer"))
    since = SinceFilter(field_name="ends_at", label=_("Ended from"))
    until = UntilFilter(field_name="ends_at", label=_("to"))

    class Meta:
        model = BillingPeriod
        fields = ()


class PeriodFilter(FilterSet):
    """By the time of the end, customer and outcome."""

    since = SinceFilter(field_name="ends_at", label=_("Ended from"))
    until = UntilFilter(field_name="ends_at", label=_("Ended to"))
    customer = PayerFilter(field_name="balance__customer", label=_("Customer"))
    outcome = ChoiceFilter(
        choices=[choice for choice in PeriodOutcome.choices if choice[0]], label=_("State")
    )

    class Meta:
        model = BillingPeriod
        fields = ()


class ClosingFilter(FilterSet):
    """By customer, and by what the period waits for."""

    customer = PayerFilter(then="closed_at", label=_("Customer"))
    state = ChoiceFilter(choices=ClosingState.choices, label=_("State"), method="by_state")

    class Meta:
        model = Balance
        fields = ()

    def by_state(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return in_state(queryset, value, now())


class PaymentFilter(FilterSet):
    """By time, customer, side, kind, amount and notes."""

    since = SinceFilter(field_name="posted_at", label=_("From"))
    until = UntilFilter(field_name="posted_at", label=_("To"))
    customer = PayerFilter(label=_("Customer"))
    side = ChoiceFilter(choices=PaymentSide.choices, label=_("Side"), method="filter_side")
    kind = ChoiceFilter(choices=payment_kinds, label=_("Kind"))
    least = NumberFilter(field_name="amount", lookup_expr="gte", label=_("Amount from"))
    most = NumberFilter(field_name="amount", lookup_expr="lte", label=_("Amount to"))
    notes = PartFilter(field_name="notes", label=_("Notes"))

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
    customer = PayerFilter(field_name="balance__customer", label=_("Customer"))
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


FIRST_DAY = date(1900, 1, 1)


def has_come(day: date) -> None:
    """Refuse a day that is to come for the viewer: nobody knows what will be paid by then."""
    if not FIRST_DAY <= day <= localdate():
        raise ValidationError(_("Choose today or a day before."), code="invalid")


class AgingFilter(FilterSet):
    """The day at whose end invoices are looked at."""

    day = DateFilter(label=_("At the end of"), validators=[has_come], method="all_of_it")

    class Meta:
        model = Invoice
        fields = ()

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        shown = {"day": localdate().isoformat()}
        chosen = {name: value for name, value in (data or {}).items() if value}
        super().__init__(shown | chosen, *args, **kwargs)

    def all_of_it(self, queryset: QuerySet[Any], _name: str, _value: date) -> QuerySet[Any]:
        """The report reads the day itself."""
        return queryset

    @property
    def as_of(self) -> date | None:
        """The chosen day, at first today; None while the form is invalid."""
        return self.form.cleaned_data["day"] if self.form.is_valid() else None


SHOWN = (("all", _("All below")),)


class AlertFilter(FilterSet):
    """By name and what alerts say; direct customers only, unless all are asked for."""

    name = PartFilter(field_name="name", index="search__name", label=_("Name"))
    level = ChoiceFilter(field_name="alert_level", choices=AlertLevel.choices, label=_("State"))
    trunks = ChoiceFilter(
        choices=(("off", _("Disabled")),),
        label=_("Trunks"),
        empty_label=_("All"),
        method="by_trunks",
    )
    show = ChoiceFilter(
        choices=SHOWN, label=_("Show"), empty_label=_("Direct customers"), method="any"
    )

    class Meta:
        model = Customer
        fields = ()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.form.cleaned_data["show"] != "all":
            queryset = queryset.filter(owner=self.actor.customer_id)
        found: QuerySet[Any] = super().filter_queryset(queryset)
        return found

    def by_trunks(self, queryset: QuerySet[Any], _name: str, _value: str) -> QuerySet[Any]:
        """Those whose trunks an alert has disabled."""
        return queryset.filter(trunks_disabled_at__isnull=False)

    def any(self, queryset: QuerySet[Any], _name: str, _value: str) -> QuerySet[Any]:
        """All rows: what ``show`` means stands in filter_queryset, as it counts when empty too."""
        return queryset


class DunningFilter(FilterSet):
    """By customer and state; what the actor's customer issues itself, unless all is asked for."""

    customer = TextFilter(field_name="customer__name", label=_("Customer"))
    state = ChoiceFilter(choices=DunningState.choices, label=_("State"))
    show = ChoiceFilter(
        choices=SHOWN, label=_("Show"), empty_label=_("Direct customers"), method="any"
    )

    class Meta:
        model = Balance
        fields = ()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.form.cleaned_data["show"] != "all":
            queryset = queryset.filter(issuer=self.actor.customer_id)
        found: QuerySet[Any] = super().filter_queryset(queryset)
        return found

    def any(self, queryset: QuerySet[Any], _name: str, _value: str) -> QuerySet[Any]:
        """All rows: what ``show`` means stands in filter_queryset, as it counts when empty too."""
        return queryset
