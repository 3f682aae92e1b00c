"""What the actor's customer invoiced and was paid, month by month, in the display currency."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When
from django.db.models.functions import TruncMonth
from django.utils.timezone import now

from billing.choices import MAY_BE_PAID_IN, EntryKind, InvoiceKind, InvoiceState
from billing.models import Invoice, LedgerEntry
from billing.querysets import GIVEN_BACK
from billing.selectors.balances import DisplayCurrency, display_currency
from customers.tenancy import Actor
from softswitch.core.fields import AmountField
from softswitch.core.money import ZERO, in_units, minor_units

MONTHS = 12
RECEIVED = (EntryKind.ADD_FUNDS, EntryKind.VOUCHER)


@dataclass(slots=True)
class Month:
    """One month: ``net`` of invoices less credit notes, and ``received``, in one currency."""

    first: date
    invoices: int = 0
    net: Decimal = ZERO
    received: Decimal = ZERO

    @property
    def last(self) -> date:
        """The last day."""
        return following(self.first) - timedelta(days=1)


@dataclass(slots=True)
class Revenue:
    """MONTHS months, the last one being the present; ``unknown`` currencies are left out.

    Each month's amount of a currency is converted at today's rate and rounded to the minor unit
    before it is summed.
    """

    months: list[Month]
    currency: str
    is_converted: bool = False
    unknown: set[str] = field(default_factory=set)

    @property
    def total(self) -> Month:
        """The sum of all months."""
        return Month(
            self.months[0].first,
            sum(month.invoices for month in self.months),
            sum((month.net for month in self.months), ZERO),
            sum((month.received for month in self.months), ZERO),
        )


def revenue(actor: Actor) -> Revenue:
    """The last MONTHS months of the viewer, of all payers that the actor's customer bills itself.

    What is void counts in no month. Payments are Add Funds and vouchers, less what was reversed or
    given back of them. Two statements, and two for the exchange rates.
    """
    display = display_currency(actor)
    zone = ZoneInfo(actor.timezone)
    months = {first: Month(first) for first in last_months(now().astimezone(zone).date())}
    found = Revenue(list(months.values()), display.code)
    for row in _invoiced(actor, min(months)):
        if row["month"] in months:
            months[row["month"]].invoices += row["invoices"]
            months[row["month"]].net += _shown(found, display, row)
    for row in _received(actor, min(months), zone):
        if row["month"] in months:
            months[row["month"]].received += _shown(found, display, row)
    return found


def following(first: date) -> date:
    """The first day of the month after that of ``first``."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def last_months(today: date) -> list[date]:
    """The first days of the last MONTHS months, the one of ``today`` being the last."""
    count = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(count - MONTHS + 1, count + 1)]


def _invoiced(actor: Actor, since: date) -> Iterable[dict[str, Any]]:
    credit = Q(kind=InvoiceKind.CREDIT_NOTE)
    net = Case(When(credit, then=-F("net")), default=F("net"), output_field=AmountField())
    rows: QuerySet[Any] = Invoice.objects.visible_to(actor).filter(
        issuer=actor.customer_id, state=InvoiceState.ISSUED, issued_on__gte=since
    )
    months = rows.order_by().values("currency", month=TruncMonth("issued_on"))
    return list(months.annotate(sum=Sum(net), invoices=Count("pk", filter=~credit)))


def _received(actor: Actor, since: date, zone: ZoneInfo) -> Iterable[dict[str, Any]]:
    start = datetime.combine(since, time(), zone)
    paid = Q(kind__in=RECEIVED) | Q(kind=EntryKind.REVERSAL, reversed_kind__in=RECEIVED)
    paid |= GIVEN_BACK
    rows: QuerySet[Any] = (
        LedgerEntry.objects.visible_to(actor)
        .with_reversed()
        .filter(paid, kind__in=MAY_BE_PAID_IN, issuer=actor.customer_id, posted_at__gte=start)
    )
    grouped = rows.order_by().values(
        currency=F("balance__currency"),
        month=TruncMonth("posted_at", tzinfo=zone),
    )
    return (row | {"month": row["month"].date()} for row in grouped.annotate(sum=Sum("amount")))


def _shown(found: Revenue, display: DisplayCurrency, row: dict[str, Any]) -> Decimal:
    """A sum in the display currency; one without an exchange rate is left out, and named."""
    converted = display.convert(row["sum"], row["currency"])
    if converted is None:
        found.unknown.add(row["currency"])
        return ZERO
    found.is_converted |= row["currency"] != display.code
    return in_units(converted, minor_units(display.code))
