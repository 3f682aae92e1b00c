"""The calendar of billing periods against another one, written only from the product's words.

It knows a local day by looking at the clocks of its zone, minute by minute, and a boundary by
asking of each day whether a period starts there.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from billing.periods import Period, PeriodType, iter_periods

FIRST, LAST = date(2015, 1, 1), date(2018, 12, 31)  # anchors: every day of four years
DAY, MINUTE, INSTANT = timedelta(days=1), timedelta(minutes=1), timedelta(microseconds=1)
PERIODS = 3
# Clocks that jump at midnight (so that 00:00 is missing), turn back over it, or within its hour.
ZONES = (
    "America/Asuncion",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Santiago",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Kyiv",
)
# When in its day an anchor lies: from the first instant to the last.
TIMES = (timedelta(0), INSTANT, 30 * MINUTE, 150 * MINUTE, 11 * 60 * MINUTE, DAY)


def starts_at(anchor: date, kind: str) -> Callable[[date], bool]:
    """Whether a period starts on a day after the anchor's."""
    return {
        "daily": lambda day: True,
        "weekly": lambda day: day.isoweekday() == 1,
        "semimonthly": lambda day: day.day in (1, 16),
        "monthly": lambda day: day.day == 1,
        "anniversary": lambda day: day.day == (28 if anchor.day in (29, 30, 31) else anchor.day),
        "30_days": lambda day: (day - anchor).days % 30 == 0,
    }[kind]


def days(first: date) -> Iterator[date]:
    while True:
        yield first
        first += DAY


@cache
def first_instants(zone: ZoneInfo) -> dict[date, datetime]:
    """When each day is first shown by the clocks of the zone: looked at by hours, then minutes."""
    found: dict[date, datetime] = {}
    moment = datetime(2014, 12, 30, tzinfo=UTC)
    while moment < datetime(2019, 5, 1, tzinfo=UTC):
        following = moment + 60 * MINUTE
        if following.astimezone(zone).date() not in found:
            while (day := moment.astimezone(zone).date()) in found:
                moment += MINUTE
            found[day] = moment
        moment = following
    return found


@pytest.mark.parametrize("name", ZONES)
def test_periods_agree_with_an_independent_calendar(name: str) -> None:
    zone = ZoneInfo(name)
    first = first_instants(zone)
    wrong = []
    for anchor in islice(days(FIRST), (LAST - FIRST).days + 1):
        begins, ends = first[anchor], first[anchor + DAY]
        created = min(begins + TIMES[anchor.toordinal() % len(TIMES)], ends - INSTANT)
        for kind in PeriodType:
            is_start = starts_at(anchor, kind.value)
            starting = filter(is_start, days(anchor + DAY))
            edges = [created, *(first[day] for day in islice(starting, PERIODS))]
            expected = [Period(start, end) for start, end in pairwise(edges)]
            if list(islice(iter_periods(kind, created, zone), PERIODS)) != expected:
                wrong.append((anchor, kind.value))
    assert wrong == []


@pytest.mark.parametrize("name", ZONES)
def test_each_zone_has_a_day_that_is_not_24_hours(name: str) -> None:
    first = first_instants(ZoneInfo(name))
    lengths = {first[day + DAY] - first[day] for day in islice(days(FIRST), 1461)}
    assert len(lengths) > 1


def test_some_midnights_are_missing() -> None:
    missing = {
        name
        for name in ZONES
        for moment in first_instants(ZoneInfo(name)).values()
        if moment.year > 2014 and moment.astimezone(ZoneInfo(name)).hour > 0
    }
    assert len(missing) >= 5
