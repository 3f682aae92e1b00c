"""The calendar of a balance: its periods as they are stored, and as they will be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, Sum

from billing.models import Balance, BillingPeriod, LedgerEntry, UsageEntry
from billing.periods import Period, PeriodType, day_start, period_at
from billing.selectors.ended import end_of
from softswitch.core.money import ZERO

# Field of the calendar to what stands in its ``next_`` while no change waits.
CALENDAR: Mapping[str, Any] = {"period_type": "", "period_timezone": None}
SHOWN = 100
COMING = 3
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A period on the page: ``row`` is None where nothing belongs to it yet."""

    start: datetime
    end: datetime
    kind: str
    zone: str
    row: BillingPeriod | None = None
    amount: Decimal | None = None

    @property
    def last_instant(self) -> datetime:
        return self.end - _INSTANT

    @property
    def kind_label(self) -> str:
        return str(BillingPeriod(period_type=self.kind).get_period_type_display())


def natural_period(balance: Balance, at: datetime) -> Period:
    """What the calendar of ``balance`` alone says about ``at``."""
    zone = ZoneInfo(str(balance.period_timezone))
    return period_at(PeriodType(balance.period_type), balance.opened_at, zone, at)


def has_change(balance: Balance) -> bool:
    """Whether another calendar waits for the next close."""
    return bool(balance.next_period_type or balance.next_period_timezone)


def next_calendar(balance: Balance) -> tuple[str, str]:
    """Period type and zone from the next close on."""
    kind = balance.next_period_type or balance.period_type
    return kind, str(balance.next_period_timezone or balance.period_timezone)


def first_end(balance: Balance) -> datetime:
    """The end of the first period that is not closed; its row may be missing."""
    rows = BillingPeriod.objects.filter(balance=balance)
    closed = rows.filter(closed_at__isnull=False).aggregate(last=Max("ends_at"))["last"]
    stored = list(rows.filter(closed_at=None).order_by("starts_at"))
    return end_after(balance, closed or balance.opened_at, stored)


def end_after(balance: Balance, start: datetime, stored: Sequence[BillingPeriod]) -> datetime:
    """The end of the period that follows ``start``, where the one before it ends.

    That of one of the ``stored`` open ones, else the calendar's, as far as those leave room.
    """
    inside = [row.ends_at for row in stored if row.starts_at <= start < row.ends_at]
    later = [row.starts_at for row in stored if row.starts_at > start]
    return min(inside or [natural_period(balance, start).end, *later])


def bridging_period(balance: Balance, kind: str, zone: str) -> Period:
    """The period that would bridge to another calendar, as things stand now."""
    first = first_end(balance)
    open_rows = BillingPeriod.objects.filter(balance=balance, closed_at=None)
    row = open_rows.filter(starts_at__gte=first).order_by("starts_at").last()
    start = row.starts_at if row else first
    return Period(start, bridge_end(balance, kind, zone, start, row))


def bridge_end(
    balance: Balance, kind: str, zone: str, start: datetime, row: BillingPeriod | None
) -> datetime:
    """Where a period from ``start`` on, stored as ``row`` or not yet, meets another calendar.

    At its first boundary behind which nothing was posted to the period.
    """
    last = max([start, *_last_moments(row)]) if row else start
    return period_at(PeriodType(kind), balance.opened_at, ZoneInfo(zone), last).end


def _last_moments(row: BillingPeriod) -> list[datetime]:
    """Up to when something was posted to a period; of calls it is their local day that counts."""
    posted = LedgerEntry.objects.filter(balance=row.balance_id, period=row)
    calls = UsageEntry.objects.filter(balance=row.balance_id, period=row)
    last: datetime | None = posted.aggregate(last=Max("posted_at"))["last"]
    day: date | None = calls.aggregate(last=Max("usage_on"))["last"]
    ended = day_start(day + _DAY, ZoneInfo(str(row.timezone))) - _INSTANT if day else None
    return [moment for moment in (last, ended) if moment is not None]


def calendar_of(balance: Balance, moment: datetime) -> list[Line]:
    """The latest periods of a balance and those to come, the last one first."""
    newest = BillingPeriod.objects.filter(balance=balance).order_by("-starts_at")[:SHOWN]
    stored = list(newest)[::-1]
    sums = _sums(balance, stored)
    start = stored[0].starts_at if len(stored) == SHOWN else balance.opened_at
    lines: list[Line] = []
    for row in stored:
        lines += _natural_lines(balance, start, row.starts_at)
        lines.append(_stored_line(row, sums.get(row.pk, ZERO)))
        start = row.ends_at
    if end_of(balance) is None:
        lines += _coming(balance, start, moment)
    return lines[-SHOWN:][::-1]


def _stored_line(row: BillingPeriod, amount: Decimal) -> Line:
    zone = str(row.timezone)
    return Line(row.starts_at, row.ends_at, row.period_type, zone, row, amount)


def _natural_lines(balance: Balance, start: datetime, until: datetime) -> Iterator[Line]:
    """The calendar's periods from ``start`` on, the last one cut at ``until``."""
    kind, zone = balance.period_type, str(balance.period_timezone)
    while start < until:
        end = min(natural_period(balance, start).end, until)
        yield Line(start, end, kind, zone)
        start = end


def _coming(balance: Balance, start: datetime, moment: datetime) -> list[Line]:
    """Periods after ``start`` up to some after ``moment``; a change that waits is among them."""
    lines: list[Line] = []
    bridge = bridging_period(balance, *next_calendar(balance)) if has_change(balance) else None
    after = 0
    while after < COMING:
        kind, zone = balance.period_type, str(balance.period_timezone)
        end = natural_period(balance, start).end
        if bridge is not None and start >= bridge.start:
            kind, zone = next_calendar(balance)
            end = period_at(PeriodType(kind), balance.opened_at, ZoneInfo(zone), start).end
        lines.append(Line(start, end, kind, zone))
        after += start > moment
        start = end
    return lines


def _sums(balance: Balance, periods: Sequence[BillingPeriod]) -> dict[int, Decimal]:
    """What the entries of each period add up to."""
    ids = [period.pk for period in periods]
    found: dict[int, Decimal] = {}
    for model in (LedgerEntry, UsageEntry):
        rows = model.objects.filter(balance=balance, period__in=ids).values_list("period")
        for period, amount in rows.annotate(amount=Sum("amount")):
            found[period] = found.get(period, ZERO) + amount
    return found
