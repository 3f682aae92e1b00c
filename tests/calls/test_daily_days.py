"""The days of automatic reports: their bounds and when each is due, with clocks changed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from calls.selectors.daily_days import DAY, Days

LONDON, LISBON = ZoneInfo("Europe/London"), ZoneInfo("Europe/Lisbon")
# Halves and quarters of an hour, both hemispheres, midnights that are left out or come twice.
ZONES = (
    "Pacific/Kiritimati",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Africa/Cairo",
    "Europe/London",
    "Atlantic/Azores",
    "America/Havana",
    "America/St_Johns",
    "America/Los_Angeles",
    "Pacific/Pago_Pago",
)


def days(zone: str, at: time = time(6), told_in: str = "") -> Days:
    return Days(ZoneInfo(zone), at, ZoneInfo(told_in or zone))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [time(0), time(0, 30), time(2, 30), time(6), time(23, 59)])
def test_the_days_of_a_year_meet_and_each_is_due_once_it_is_over(zone: str, at: time) -> None:
    calendar = days(zone, at)
    year = calendar.between(date(2026, 1, 1), date(2026, 12, 31))
    assert len(year) == 365
    for day in year:
        since, until = calendar.window(day)
        assert until == calendar.window(day + DAY)[0]
        assert until - since in {timedelta(hours=hours) for hours in (23, 23.5, 24, 24.5, 25)}
        assert since.astimezone(ZoneInfo(zone)).date() == day
        assert (until - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() == day
        due = calendar.due_at(day)
        assert until <= due < calendar.due_at(day + DAY)
        local = due.astimezone(ZoneInfo(zone))
        assert local.date() == day + DAY
        is_left_out = local.time() != at  # the clocks were put on just then
        assert not is_left_out or local.utcoffset() != (local - timedelta(hours=3)).utcoffset()
        assert calendar.last_due(due) == day
        assert calendar.last_due(due - timedelta(microseconds=1)) == day - DAY


def test_a_time_that_is_left_out_and_one_that_comes_twice() -> None:
    calendar = days("Europe/London", time(1, 30))
    assert calendar.due_at(date(2026, 3, 28)) == utc(2026, 3, 29, 1, 30)  # 02:30 there
    assert calendar.due_at(date(2026, 10, 24)) == utc(2026, 10, 25, 0, 30)  # the first of the two


def test_a_day_that_a_zone_left_out_has_no_report() -> None:
    apia = days("Pacific/Apia")
    assert apia.between(date(2011, 12, 29), date(2011, 12, 31)) == [
        date(2011, 12, 29),
        date(2011, 12, 31),
    ]


def test_money_waits_for_the_end_of_the_day_in_the_billing_zone() -> None:
    told = days("America/Los_Angeles", told_in="Asia/Tokyo")
    assert told.due_at(date(2026, 10, 13)) == utc(2026, 10, 14, 7)  # midnight in Los Angeles
    assert told.last_due(utc(2026, 10, 14, 6, 59)) == date(2026, 10, 12)
    ahead = days("Asia/Tokyo", told_in="America/Los_Angeles")
    assert ahead.due_at(date(2026, 10, 13)) == utc(2026, 10, 14, 13)
