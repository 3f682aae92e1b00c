"""The calendar of billing periods, by the product's table and by property."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.periods import (
    Period,
    PeriodType,
    day_start,
    iter_periods,
    next_period,
    period_at,
    resolve_local,
)

ODD_ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",  # summer time began at midnight until 2018
    "America/Havana",  # summer time ends at 01:00, so 00:00 comes twice
    "Asia/Beirut",
    "Africa/Cairo",
    "America/St_Johns",  # changed its clocks at 00:01 until 2011
    "America/Toronto",  # skipped 23:30 to 00:30 in 1919
    "Pacific/Apia",  # had no 30 December 2011
    "Pacific/Kwajalein",  # had no 21 August 1993 (two, or none, by the source)
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
]
zones = st.sampled_from(ODD_ZONES).map(ZoneInfo)
kinds = st.sampled_from(PeriodType)
moments = st.timedeltas(timedelta(days=-18_600), timedelta(days=25_600)).map(
    lambda since: datetime(1970, 1, 1, tzinfo=UTC) + since  # 1919 to 2040
)


def local_starts(kind, created, zone_name, count):
    """Return the first boundaries as local wall-clock texts, the creation first."""
    zone = ZoneInfo(zone_name)
    anchor = resolve_local(datetime.fromisoformat(created), zone)
    periods = islice(iter_periods(kind, anchor, zone), count)
    return [f"{period.start.astimezone(zone):%Y-%m-%d %H:%M}" for period in periods]


@pytest.mark.parametrize(
    ("kind", "created", "starts"),
    [
        ("daily", "2026-03-20T10:00", ["03-20 10:00", "03-21 00:00", "03-22 00:00"]),
        ("weekly", "2026-03-18T10:00", ["03-18 10:00", "03-23 00:00", "03-30 00:00"]),
        ("weekly", "2026-03-22T23:59", ["03-22 23:59", "03-23 00:00", "03-30 00:00"]),
        ("weekly", "2026-03-23T00:00", ["03-23 00:00", "03-30 00:00", "04-06 00:00"]),
        ("semimonthly", "2026-02-03T10:00", ["02-03 10:00", "02-16 00:00", "03-01 00:00"]),
        ("semimonthly", "2026-02-15T23:00", ["02-15 23:00", "02-16 00:00", "03-01 00:00"]),
        ("semimonthly", "2026-02-16T00:00", ["02-16 00:00", "03-01 00:00", "03-16 00:00"]),
        ("monthly", "2026-11-30T10:00", ["11-30 10:00", "12-01 00:00", "01-01 00:00"]),
        ("anniversary", "2026-01-28T10:00", ["01-28 10:00", "02-28 00:00", "03-28 00:00"]),
        ("anniversary", "2026-01-29T10:00", ["01-29 10:00", "02-28 00:00", "03-28 00:00"]),
        ("anniversary", "2026-01-31T10:00", ["01-31 10:00", "02-28 00:00", "03-28 00:00"]),
        ("anniversary", "2026-11-15T10:00", ["11-15 10:00", "12-15 00:00", "01-15 00:00"]),
        ("30_days", "2026-03-20T10:00", ["03-20 10:00", "04-19 00:00", "05-19 00:00"]),
    ],
    ids=range(13),
)
def test_the_table_of_the_product(kind, created, starts):
    found = local_starts(PeriodType(kind), created, "Europe/Berlin", 3)

    assert [start[5:] for start in found] == starts


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"),
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T00:00:00-03:00"),
        ("America/Havana", "2025-11-02", "2025-11-02T00:00:00-04:00"),
        ("America/Havana", "2025-03-09", "2025-03-09T01:00:00-04:00"),
        ("Asia/Beirut", "2025-03-30", "2025-03-30T01:00:00+03:00"),
        ("Africa/Cairo", "2025-04-25", "2025-04-25T01:00:00+03:00"),
        ("America/St_Johns", "2010-11-07", "2010-11-07T00:00:00-02:30"),
        ("America/Toronto", "1919-03-31", "1919-03-31T00:30:00-04:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_a_day_starts_at_its_first_instant(zone, day, expected):
    start = day_start(date.fromisoformat(day), ZoneInfo(zone))

    assert start.astimezone(ZoneInfo(zone)).isoformat() == expected
    assert start.tzinfo is UTC


def test_a_day_that_the_zone_skipped_gives_no_empty_period():
    assert local_starts(PeriodType.DAILY, "2011-12-29T10:00", "Pacific/Apia", 3) == [
        "2011-12-29 10:00",
        "2011-12-31 00:00",
        "2012-01-01 00:00",
    ]


def test_a_day_that_has_begun_goes_on_when_clocks_go_back_over_midnight():
    """At 00:01 on 7 November 2010 it was 23:01 again, on the 6th."""
    zone = ZoneInfo("America/St_Johns")
    created, midnight = datetime(2010, 11, 1, tzinfo=UTC), datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    expected = Period(midnight, datetime(2010, 11, 8, 3, 30, tzinfo=UTC))

    for minutes in (0, 10, 59, 61):
        moment = midnight + timedelta(minutes=minutes)
        assert period_at(PeriodType.DAILY, created, zone, moment) == expected


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_of_a_clock_change_has_another_length(day, hours):
    zone = ZoneInfo("Europe/Berlin")
    start = day_start(date.fromisoformat(day), zone)

    period = period_at(PeriodType.DAILY, datetime(2026, 1, 1, tzinfo=UTC), zone, start)

    assert period == Period(start, start + timedelta(hours=hours))


@given(kinds, moments, zones)
@example(PeriodType.DAILY, datetime(2011, 12, 29, tzinfo=UTC), ZoneInfo("Pacific/Apia"))
@example(PeriodType.DAILY, datetime(2010, 11, 7, 2, 40, tzinfo=UTC), ZoneInfo("America/St_Johns"))
def test_periods_are_contiguous_begin_at_the_creation_and_start_with_a_local_day(
    kind, created, zone
):
    periods = list(islice(iter_periods(kind, created, zone), 40))

    assert periods[0].start == created
    assert all(period.start < period.end for period in periods)
    assert all(one.end == two.start for one, two in pairwise(periods))
    for period in periods:
        assert is_first_instant_of_its_day(period.end, zone)


def is_first_instant_of_its_day(moment, zone):
    """Look back over two days for an earlier instant of the same local day."""
    day = moment.astimezone(zone).date()
    steps = [timedelta(microseconds=1), *(timedelta(minutes=m) for m in range(15, 2_880, 15))]
    return all((moment - step).astimezone(zone).date() < day for step in steps)


@given(kinds, moments, zones, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_period_at_agrees_with_iteration(kind, created, zone, later):
    moment = created + later

    found = period_at(kind, created, zone, moment)

    assert moment in found
    assert found == next(p for p in iter_periods(kind, created, zone) if moment in p)
    assert next_period(kind, created, zone, found).start == found.end


@given(kinds, moments, zones, st.integers(1, 60))
def test_both_ends_of_a_period_belong_where_they_should(kind, created, zone, count):
    period = next(islice(iter_periods(kind, created, zone), count, None))
    tick = timedelta(microseconds=1)

    assert period_at(kind, created, zone, period.start) == period
    assert period_at(kind, created, zone, period.end - tick) == period
    assert period_at(kind, created, zone, period.start - tick).end == period.start
    assert period.end not in period


@given(kinds, moments, zones, zones)
def test_the_zone_of_the_arguments_makes_no_difference(kind, created, zone, other):
    first = period_at(kind, created, zone, created)

    assert period_at(kind, created.astimezone(other), zone, created.astimezone(zone)) == first


def test_moments_before_the_creation_and_without_a_zone_are_refused():
    created, zone = datetime(2026, 1, 31, tzinfo=UTC), ZoneInfo("UTC")
    with pytest.raises(ValueError, match="before the creation"):
        period_at(PeriodType.DAILY, created, zone, created - timedelta(microseconds=1))
    with pytest.raises(ValueError, match="time zone"):
        period_at(PeriodType.DAILY, created.replace(tzinfo=None), zone, created)


def test_a_local_time_is_read_early_when_doubled_and_refused_when_missing():
    berlin = ZoneInfo("Europe/Berlin")

    doubled = resolve_local(datetime.fromisoformat("2026-10-25T02:30").replace(fold=1), berlin)

    assert doubled == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="does not exist in Europe/Berlin"):
        resolve_local(datetime.fromisoformat("2026-03-29T02:30"), berlin)
