"""The calendar of billing periods: pure functions from an anchor, the moment of creation.

Periods are half-open and contiguous. Each boundary is computed from the anchor's local date, never
from the period before it, and is the first instant of a local day in the billing time zone: 00:00,
the first of two 00:00s, or the first existing time where 00:00 is missing.

All moments are aware; those returned are in UTC. (Two datetimes of one zone compare and subtract by
their wall clocks in Python, which is wrong around every change of the clocks.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_COMMON_DAY = 28  # the last day that every month has


class PeriodType(StrEnum):
    """How often a customer is billed; the values are those of the product's table."""

    DAILY = "daily"
    WEEKLY = "weekly"
    SEMIMONTHLY = "semimonthly"
    MONTHLY = "monthly"
    ANNIVERSARY = "anniversary"
    THIRTY_DAYS = "30_days"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, not including, `end`; both in UTC, and never empty."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


def period_at(kind: PeriodType, created: datetime, zone: ZoneInfo, moment: datetime) -> Period:
    """Return the period that contains `moment`.

    Raises ValueError if `moment` lies before `created`, OverflowError beyond the year 9999.
    """
    created, moment = _to_utc(created), _to_utc(moment)
    if moment < created:
        raise ValueError("there is no billing period before the creation")
    anchor = created.astimezone(zone).date()
    count = max(0, _count_boundaries(kind, anchor, moment.astimezone(zone).date()))
    # Where clocks go back over midnight, a day that has begun gives way to the one before.
    while (end := _boundary(kind, anchor, count + 1, zone)) <= moment:
        count += 1
    start = _boundary(kind, anchor, count, zone) if count else created
    return Period(max(start, created), end)


def next_period(kind: PeriodType, created: datetime, zone: ZoneInfo, period: Period) -> Period:
    """Return the period that follows `period`."""
    return period_at(kind, created, zone, period.end)


def whole_period(kind: PeriodType, created: datetime, zone: ZoneInfo, moment: datetime) -> Period:
    """Return the period that contains `moment` as the calendar has it, not cut at the creation.

    Where the calendar itself hangs on the day of creation, the first period is whole as it is.
    """
    if kind in (PeriodType.ANNIVERSARY, PeriodType.THIRTY_DAYS):
        first = day_start(_to_utc(created).astimezone(zone).date(), zone)
        return period_at(kind, first, zone, moment)
    return period_at(kind, _to_utc(moment) - 62 * _DAY, zone, moment)


def iter_periods(kind: PeriodType, created: datetime, zone: ZoneInfo) -> Iterator[Period]:
    """Yield the periods from the creation on, without end."""
    period = period_at(kind, created, zone, created)
    while True:
        yield period
        period = next_period(kind, created, zone, period)


@lru_cache(maxsize=4096)
def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day, in UTC.

    Of a day that the zone skipped as a whole it is the first instant after the gap.
    """
    return first_instant(datetime.combine(day, time.min), zone)


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when, in UTC, the clocks of `zone` first show the naive time `wall`, or a later one.

    Of two such moments it is the earlier one; where the clocks skip that time, the end of the gap.
    """
    local = wall.replace(tzinfo=zone, fold=0)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    # Inside a gap both readings exist, one on each side of the change of the clocks.
    return _first_change(local.replace(fold=1).astimezone(UTC), instant, zone)


def next_at(wall: time, zone: ZoneInfo, moment: datetime) -> datetime:
    """Return the first moment, in UTC and not before `moment`, of a day's time `wall` in `zone`.

    On a day whose clocks skip that time, it is the end of the gap.
    """
    moment = _to_utc(moment)
    day = moment.astimezone(zone).date()
    while (found := first_instant(datetime.combine(day, wall), zone)) < moment:
        day += _DAY
    return found


def resolve_local(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which the clocks of `zone` show the naive time `wall`.

    Of two such moments it is the earlier one. Raises ValueError if the clocks skip that time.
    """
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != wall.replace(fold=0):
        raise ValueError(f"{wall.isoformat()} does not exist in {zone.key}")
    return instant


def _to_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment must have a time zone")
    return moment.astimezone(UTC)


def _first_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second in (before, after] at which the offset of `after` is in force."""
    offset = after.astimezone(zone).utcoffset()
    low, high = 0, (after - before) // _SECOND
    while high - low > 1:
        middle = (low + high) // 2
        is_changed = (before + middle * _SECOND).astimezone(zone).utcoffset() == offset
        low, high = (low, middle) if is_changed else (middle, high)
    return before + high * _SECOND


def _boundary(kind: PeriodType, anchor: date, count: int, zone: ZoneInfo) -> datetime:
    return day_start(_boundary_day(kind, anchor, count), zone)


def _boundary_day(kind: PeriodType, anchor: date, count: int) -> date:
    """Return the local day of the boundary number `count` (from 1) after the anchor's day."""
    match kind:
        case PeriodType.DAILY:
            return anchor + count * _DAY
        case PeriodType.WEEKLY:
            return _monday(anchor) + 7 * count * _DAY
        case PeriodType.SEMIMONTHLY:
            months, is_second_half = divmod(count + _half(anchor), 2)
            return _in_month(anchor, months, 16 if is_second_half else 1)
        case PeriodType.MONTHLY:
            return _in_month(anchor, count, 1)
        case PeriodType.ANNIVERSARY:
            return _in_month(anchor, count, min(anchor.day, _COMMON_DAY))
        case PeriodType.THIRTY_DAYS:
            return anchor + 30 * count * _DAY


def _count_boundaries(kind: PeriodType, anchor: date, day: date) -> int:
    """Return how many boundaries lie after the anchor's day, up to and including `day`."""
    months = 12 * (day.year - anchor.year) + day.month - anchor.month
    match kind:
        case PeriodType.DAILY:
            return (day - anchor).days
        case PeriodType.WEEKLY:
            return (_monday(day) - _monday(anchor)).days // 7
        case PeriodType.SEMIMONTHLY:
            return 2 * months + _half(day) - _half(anchor)
        case PeriodType.MONTHLY:
            return months
        case PeriodType.ANNIVERSARY:
            return months - (day.day < min(anchor.day, _COMMON_DAY))
        case PeriodType.THIRTY_DAYS:
            return (day - anchor).days // 30


def _monday(day: date) -> date:
    return day - day.weekday() * _DAY


def _half(day: date) -> int:
    return 1 if day.day >= 16 else 0


def _in_month(anchor: date, months: int, day: int) -> date:
    """Return a day of the month that lies `months` after the anchor's."""
    years, month = divmod(anchor.month - 1 + months, 12)
    if anchor.year + years > date.max.year:
        raise OverflowError("date value out of range")
    return date(anchor.year + years, month + 1, day)
