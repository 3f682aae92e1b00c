"""What is owed on issued invoices at the end of a day, by payer and by how late it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from billing.choices import InvoiceKind, InvoiceState
from billing.models import Allocation, Invoice
from billing.selectors.balances import DisplayCurrency, display_currency
from customers.selectors.names import shown_name
from customers.tenancy import Actor
from softswitch.core.fields import AmountField
from softswitch.core.money import ZERO, in_units, minor_units

# The last day of each bucket, in days after the due date; what is later is in the last one.
LAST_DAYS = (0, 30, 60, 90)
BUCKETS = ("not_due", "days_30", "days_60", "days_90", "older")


@dataclass(frozen=True, slots=True)
class AgingRow:
    """Amounts by BUCKETS in ``currency``, and those in ``shown_in``; None: no exchange rate.

    Each amount is rounded to the minor unit before it is summed, so that sums are those of what is
    shown.
    """

    amounts: tuple[Decimal, ...]
    currency: str
    converted: tuple[Decimal, ...] | None = None
    shown_in: str = ""
    name: str = ""
    account: str = ""
    customer_id: int | None = None
    account_id: int | None = None

    @property
    def total(self) -> Decimal:
        return sum(self.amounts, ZERO)

    @property
    def converted_total(self) -> Decimal | None:
        return None if self.converted is None else sum(self.converted, ZERO)


@dataclass(frozen=True, slots=True)
class Aging:
    """The report: a row per payer and currency, their sums by currency, and the sum of all.

    ``total`` is in the display currency, of what can be converted; ``unknown`` are the currencies
    that cannot.
    """

    rows: list[AgingRow]
    by_currency: list[AgingRow]
    total: AgingRow
    unknown: list[str]


def aging(actor: Actor, as_of: date) -> Aging:
    """What the payers of the actor's customer owe it at the end of ``as_of``, a day of the viewer.

    Payments and voids after that day are not counted. One statement over the invoices, whatever
    their number, and two for the exchange rates.
    """
    display = display_currency(actor)
    rows = [_converted(row, display) for row in _read(actor, as_of)]
    codes = sorted({row.currency for row in rows})
    by_currency = [_sum((row for row in rows if row.currency == code), code) for code in codes]
    known = [row for row in by_currency if row.converted is not None]
    amounts = _added((row.converted or () for row in known), len(BUCKETS))
    return Aging(
        rows=rows,
        by_currency=by_currency,
        total=AgingRow(amounts, display.code, amounts, display.code),
        unknown=[row.currency for row in by_currency if row.converted is None],
    )


def open_invoices(actor: Actor, as_of: date) -> QuerySet[Any]:
    """The invoices that the actor's customer issued and that were open then, with ``owed``."""
    end = _end_of(as_of, ZoneInfo(actor.timezone))
    issued = Invoice.objects.visible_to(actor).filter(
        issuer=actor.customer_id, kind=InvoiceKind.INVOICE, total__gt=0, issued_at__lt=end
    )
    if end > now():
        now_open = issued.filter(state=InvoiceState.ISSUED, open_amount__gt=0)
        return cast("QuerySet[Any]", now_open.annotate(owed=F("open_amount")))
    of_invoice = Allocation.objects.filter(invoice=OuterRef("pk"))
    settled = of_invoice.filter(created_at__lt=end).order_by().values("invoice")
    sums = settled.annotate(sum=Sum("amount")).values("sum")
    voided_later = Q(state=InvoiceState.VOID, voided_at__gte=end)
    may_be_open = Q(open_amount__gt=0) | Exists(of_invoice.filter(created_at__gte=end))
    rows = issued.filter(voided_later | Q(may_be_open, state=InvoiceState.ISSUED))
    owed = F("total") - Coalesce(Subquery(sums), ZERO, output_field=AmountField())
    return cast("QuerySet[Any]", rows.annotate(owed=owed))


def _read(actor: Actor, as_of: date) -> list[AgingRow]:
    rows = (
        open_invoices(actor, as_of)
        .filter(owed__gt=0)
        .annotate(name=shown_name(actor, then="balance__closed_at"))
        .order_by("name", "account__auth_name", "currency")
        .values("customer", "name", "account", "account__auth_name", "currency")
        .annotate(**{f"sum_{name}": _owed(name, as_of) for name in BUCKETS})
    )
    return [
        AgingRow(
            tuple(in_units(row[f"sum_{name}"], minor_units(row["currency"])) for name in BUCKETS),
            row["currency"],
            name=row["name"],
            account=row["account__auth_name"] or "",
            customer_id=row["customer"],
            account_id=row["account"],
        )
        for row in rows
    ]


def _owed(bucket: str, as_of: date) -> Sum:
    """The sum of what is owed for as long as ``bucket`` says."""
    place = BUCKETS.index(bucket)
    condition = Q()
    if place < len(LAST_DAYS):
        condition &= Q(due_on__gte=as_of - timedelta(days=LAST_DAYS[place]))
    if place:
        condition &= Q(due_on__lt=as_of - timedelta(days=LAST_DAYS[place - 1]))
    else:
        condition |= Q(due_on=None)
    return Sum("owed", filter=condition, default=ZERO)


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _converted(row: AgingRow, display: DisplayCurrency) -> AgingRow:
    units = minor_units(display.code)
    amounts = [display.convert(amount, row.currency) for amount in row.amounts]
    known = tuple(in_units(amount, units) for amount in amounts if amount is not None)
    is_known = len(known) == len(amounts)
    return replace(row, converted=known if is_known else None, shown_in=display.code)


def _sum(rows: Iterable[AgingRow], currency: str) -> AgingRow:
    """The sum of rows in one currency; all of them are converted, or none."""
    summed = list(rows)
    converted = [row.converted for row in summed if row.converted is not None]
    return AgingRow(
        _added((row.amounts for row in summed), len(BUCKETS)),
        currency,
        _added(converted, len(BUCKETS)) if len(converted) == len(summed) else None,
        summed[0].shown_in,
    )


def _added(rows: Iterable[Sequence[Decimal]], width: int) -> tuple[Decimal, ...]:
    sums = [ZERO] * width
    for row in rows:
        sums = [before + amount for before, amount in zip(sums, row, strict=True)]
    return tuple(sums)
