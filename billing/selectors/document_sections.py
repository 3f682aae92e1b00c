"""The optional sections of an invoice: shares of the calls, called rates, money in and out."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, Min, Q, Sum

from billing.choices import EntryKind, LineKind
from billing.models import BillingPeriod, LedgerEntry, UsageEntry
from billing.selectors.document_parts import Payment, RateRow, Share
from softswitch.core.display import country_text
from softswitch.core.money import ZERO
from softswitch.core.partitions import month_after

# What an invoice calls payments; a reversal counts as what it reverses.
PAYMENT_KINDS = (
    EntryKind.OPENING,
    EntryKind.ADD_FUNDS,
    EntryKind.VOUCHER,
    EntryKind.TRANSFER,
    EntryKind.PAY_OUT,
)
CALL_KINDS = (LineKind.USAGE, LineKind.LATE)
MOST_RATES = 300
MOST_PAYMENTS = 100
# The charges of a period, within the months of the calls' set-up; what re-rating took back has a
# negative duration.
_CHARGES = """
FROM billing_charge c {join}
WHERE c.customer_id = %(customer)s AND c.balance_id = %(balance)s
  AND (c.duration_ms <> 0 OR c.amount <> 0)
  AND c.setup_at >= %(since)s AND c.setup_at < %(until)s
  AND c.usage_entry_id IN (SELECT u.id FROM billing_usageentry u
      WHERE u.balance_id = %(balance)s AND u.period_id = %(period)s)
"""
_CALLED = (
    """
SELECT r.prefix, r.destination, r.price_1, r.price_n, r.interval_1, r.interval_n
FROM tariffs_rate r WHERE r.id IN (SELECT c.rate_id """
    + _CHARGES.format(join="")
    + """)
ORDER BY r.destination, r.prefix, r.id LIMIT %(most)s
"""
)
_COUNTRIES = (
    """
SELECT coalesce(r.country, ''), sum(sign(c.duration_ms))::bigint, sum(c.billed_seconds),
    sum(c.amount) """
    + _CHARGES.format(join="LEFT JOIN tariffs_rate r ON r.id = c.rate_id")
    + """
GROUP BY 1 ORDER BY 4 DESC, 1
"""
)
# Entries count calls that were not connected too, which no other part of an invoice does.
_UNCONNECTED = """
SELECT u.usage_on, count(*) FROM billing_charge c JOIN billing_usageentry u
    ON u.id = c.usage_entry_id AND u.balance_id = %(balance)s AND u.period_id = %(period)s
WHERE c.customer_id = %(customer)s AND c.balance_id = %(balance)s
  AND c.duration_ms = 0 AND c.revision = 0
  AND c.setup_at >= %(since)s AND c.setup_at < %(until)s
GROUP BY 1
"""


def by_country(period: BillingPeriod) -> tuple[Share, ...]:
    """The calls of a period by the country of their rate, the dearest first, not rounded."""
    return tuple(
        Share(country_text(code) if code else "", calls, seconds, amount)
        for code, calls, seconds, amount in _read(_COUNTRIES, period)
    )


def by_day(period: BillingPeriod) -> tuple[Share, ...]:
    """The connected calls of a period by the local day of their end, not rounded.

    Of months that are archived only their entries know, which count all calls.
    """
    unconnected = dict(_read(_UNCONNECTED, period))
    rows = UsageEntry.objects.filter(balance_id=period.balance_id, period_id=period.pk)
    sums = rows.values("usage_on").annotate(
        of_calls=Sum("calls"), of_seconds=Sum("billed_seconds"), of_amount=Sum("amount")
    )
    days = (
        Share(
            "",
            row["of_calls"] - unconnected.get(row["usage_on"], 0),
            row["of_seconds"],
            -row["of_amount"],
            row["usage_on"],
        )
        for row in sums.order_by("usage_on")
    )
    return tuple(day for day in days if day.calls or day.amount)


def usage_window(period: BillingPeriod) -> tuple[datetime, datetime] | None:
    """The months (UTC) in which the calls of a period were set up; None without any.

    Half-open: what keeps a search for its charges within their partitions.
    """
    rows = UsageEntry.objects.filter(balance_id=period.balance_id, period_id=period.pk)
    months = rows.aggregate(first=Min("setup_month"), last=Max("setup_month"))
    if months["first"] is None:
        return None
    return _start_of(months["first"]), _start_of(month_after(months["last"]))


def called_rates(period: BillingPeriod) -> tuple[Sequence[RateRow], bool]:
    """The rates by which calls of a period were charged, and whether there are more of them."""
    rows = tuple(RateRow(*row) for row in _read(_CALLED, period))
    return rows[:MOST_RATES], len(rows) > MOST_RATES


def _read(sql: str, period: BillingPeriod) -> list[tuple[Any, ...]]:
    window = usage_window(period)
    if window is None:
        return []
    asked: dict[str, Any] = {
        "customer": period.balance.customer_id,
        "balance": period.balance_id,
        "period": period.pk,
        "since": window[0],
        "until": window[1],
        "most": MOST_RATES + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def payments_of(period: BillingPeriod, zone: ZoneInfo) -> tuple[Payment, ...]:
    """Money in and out within a period, in order; the oldest of very many are one row."""
    is_payment = Q(kind__in=PAYMENT_KINDS) | Q(
        kind=EntryKind.REVERSAL, reverses__kind__in=PAYMENT_KINDS
    )
    rows = LedgerEntry.objects.filter(is_payment, period=period).order_by("-sequence")
    newest = [
        Payment(
            on=entry.posted_at.astimezone(zone).date(),
            kind=str(EntryKind(entry.kind).label),
            notes=entry.notes,
            amount=entry.amount,
        )
        for entry in rows[:MOST_PAYMENTS]
    ]
    if len(newest) == MOST_PAYMENTS:
        total: Decimal = rows.aggregate(total=Sum("amount"))["total"]
        rest = total - sum((row.amount for row in newest), ZERO)
        newest += [Payment(None, "", "", rest)] if rest else []
    return tuple(reversed(newest))


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo("UTC"))
