"""Alerts over a simulated year in ten time zones, and over the days on which clocks change."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.models import AlertState, Balance
from billing.services.alerts import run_alerts
from customers.models import Customer
from customers.selectors.parameters import NOTHING
from tests.billing.alerted import LOW, fund, rule, state, tell_at
from tests.billing.dunned import postpaid
from tests.world import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
# Zones and the local times of their alerts; those marked are left out or come twice on a day.
ZONES = {
    "UTC": time(9),
    "Europe/London": time(1, 30),  # both
    "America/New_York": time(2, 30),  # left out
    "America/St_Johns": time(0),
    "America/Santiago": time(0),  # left out, and 23:30 comes twice on the day before another
    "Africa/Cairo": time(0, 30),  # left out
    "America/Scoresbysund": time(23, 30),  # left out: the clocks go from 23:00 to 00:00
    "Australia/Lord_Howe": time(1, 45),  # comes twice, half an hour apart
    "Pacific/Chatham": time(3, 0),
    "Pacific/Kiritimati": time(12),
}


def changes(zone: str) -> list[datetime]:
    """The hours of the year in which the clocks of a zone change."""
    hours = [START + n * HOUR for n in range(int((END - START) / HOUR))]
    there = ZoneInfo(zone)
    return [
        hour
        for hour in hours
        if hour.astimezone(there).utcoffset() != (hour + HOUR).astimezone(there).utcoffset()
    ]


def ticks() -> Iterator[datetime]:
    """Every half hour around each change of any clock, else every twelve hours."""
    near = {
        change + n * HOUR / 2 for zone in ZONES for change in changes(zone) for n in range(-12, 13)
    }
    far = {START + n * 12 * HOUR for n in range(int((END - START) / (12 * HOUR)))}
    yield from sorted(near | far)


def wall(moment: datetime, zone: str) -> datetime:
    """What the clock on the wall shows, as a naive time."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def expected(moments: list[datetime], zone: str, at: time) -> list[datetime]:
    """The first moment by which the wall clock has ever shown the time of each day."""
    found, shown = [], wall(moments[0], zone)
    for moment in moments[1:]:
        now = wall(moment, zone)
        days = (shown.date() + n * DAY for n in range((now.date() - shown.date()).days + 1))
        if any(shown < datetime.combine(day, at) <= now for day in days):
            found.append(moment)
        shown = max(shown, now)
    return found


def test_a_simulated_year_in_ten_zones(world: World) -> None:
    """Each is low from new year to the end of the year, and told once each local day."""
    balances: dict[str, Balance] = {}
    for number, (zone, at) in enumerate(ZONES.items()):
        balance = postpaid(world, f"Zone {number}")
        customer = Customer.objects.get(pk=balance.customer_id)
        rule(
            customer,
            **LOW,
            low_balance_timezone=ZoneInfo(zone),
            low_balance_at=at,
            low_balance_days=NOTHING,
        )
        fund(balance, 1)
        balances[zone] = balance
    zone_of = {balance.pk: zone for zone, balance in balances.items()}
    moments, made = [*ticks()], {zone: list[datetime]() for zone in ZONES}
    for moment in moments:
        run_alerts(moment=moment)
        for row in AlertState.objects.filter(low_told_at=moment):
            made[zone_of[row.balance_id]].append(moment)
    for zone, at in ZONES.items():
        assert made[zone] == expected(moments, zone, at), zone
        assert 364 <= len(made[zone]) <= 366, zone
        assert state(balances[zone]).low_told_days == len(made[zone])


def hourly(world: World, zone: str, first: datetime, hours: int) -> list[str]:
    """What is told in so many real hours, looked at every ten minutes."""
    at: dict[str, Any] = {"low_balance_at": time(9, 30), "low_balance_frequency": "hourly"}
    rule(world.shop, **LOW, **at, low_balance_timezone=ZoneInfo(zone))
    fund(world.balance("shop"), 1)
    return tell_at(world.shop, *[first + n * HOUR / 6 for n in range(6 * hours)])


def test_an_hour_that_comes_twice_is_told_twice(world: World) -> None:
    midnight = datetime(2026, 11, 1, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    assert hourly(world, "America/New_York", midnight, 25) == ["low_balance"] * 25
    assert state(world.balance("shop")).low_told_days == 1


def test_an_hour_that_is_left_out_is_not_told(world: World) -> None:
    midnight = datetime(2026, 3, 8, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    assert hourly(world, "America/New_York", midnight, 23) == ["low_balance"] * 23
    assert state(world.balance("shop")).low_told_days == 1


def test_the_zone_is_the_customers_where_no_rule_names_one(world: World) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(timezone="Asia/Tokyo")
    rule(world.shop, **LOW)
    fund(world.balance("shop"), 1)
    midnight = datetime(2026, 3, 9, 15, tzinfo=UTC)  # 00:00 in Tokyo
    assert tell_at(world.shop, midnight, midnight + 9 * HOUR - DAY / 1440) == []
    assert tell_at(world.shop, midnight + 9 * HOUR) == ["low_balance"]


def test_days_until_trunks_are_disabled_are_days_of_the_wall_clock(world: World) -> None:
    """Two days over a night of 23 hours are 47."""
    rule(
        world.shop,
        **LOW,
        low_balance_timezone=ZoneInfo("Europe/Berlin"),
        disable_trunks_after_days=2,
    )
    fund(world.balance("shop"), 1)
    begun = datetime(2026, 3, 28, 12, tzinfo=UTC)
    run_alerts(moment=begun)
    run_alerts(moment=begun + 47 * HOUR - DAY / 1440)
    assert state(world.balance("shop")).trunks_disabled_at is None
    run_alerts(moment=begun + 47 * HOUR)
    assert state(world.balance("shop")).trunks_disabled_at == begun + 47 * HOUR


def test_another_zone_tells_no_day_twice(world: World) -> None:
    rule(world.shop, **LOW, low_balance_timezone=ZoneInfo("Pacific/Kiritimati"))
    fund(world.balance("shop"), 1)
    told_at = datetime(2026, 3, 9, 19, tzinfo=UTC)  # 09:00 of the 10th there
    assert tell_at(world.shop, told_at - HOUR, told_at) == ["low_balance"]
    rule(world.shop, low_balance_timezone=ZoneInfo("UTC"))
    assert tell_at(world.shop, told_at + HOUR) == []
    assert tell_at(world.shop, told_at + 14 * HOUR) == ["low_balance"]


def test_another_hour_tells_no_day_twice(world: World) -> None:
    rule(world.shop, **LOW, low_balance_timezone=ZoneInfo("UTC"), low_balance_days=2)
    fund(world.balance("shop"), 1)
    nine = datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert tell_at(world.shop, nine - HOUR, nine) == ["low_balance"]
    rule(world.shop, low_balance_at=time(15))
    assert tell_at(world.shop, nine + 3 * HOUR, nine + 6 * HOUR, nine + 10 * HOUR) == []
    assert state(world.balance("shop")).low_told_days == 1
    assert tell_at(world.shop, nine + DAY + 5 * HOUR) == []
    assert tell_at(world.shop, nine + DAY + 6 * HOUR) == ["low_balance"]


def test_a_late_letter_of_the_night_before_is_not_that_of_the_day(world: World) -> None:
    rule(world.shop, **LOW, low_balance_timezone=ZoneInfo("UTC"), low_balance_at=time(23, 30))
    fund(world.balance("shop"), 1)
    midnight = datetime(2026, 3, 10, tzinfo=UTC)
    assert tell_at(world.shop, midnight - HOUR, midnight + HOUR) == ["low_balance"]
    assert tell_at(world.shop, midnight + 23 * HOUR) == []
    assert tell_at(world.shop, midnight + 23.5 * HOUR) == ["low_balance"]


@pytest.mark.parametrize("frequency", ["daily", "hourly"])
def test_a_run_that_lags_tells_nothing_again(world: World, frequency: str) -> None:
    """A worker is between two batches when the next one, of a later minute, has told the rest."""
    rule(world.shop, **LOW, low_balance_frequency=frequency, low_balance_days=2)
    fund(world.balance("shop"), 1)
    nine, minute = datetime(2026, 3, 10, 9, tzinfo=UTC), timedelta(minutes=1)
    run_alerts(moment=nine - HOUR / 2)
    assert tell_at(world.shop, nine + minute) == ["low_balance"]
    assert tell_at(world.shop, nine) == []
    row = state(world.balance("shop"))
    assert (row.low_told_at, row.low_told_days) == (nine + minute, 1)
    later = nine + DAY + minute
    assert tell_at(world.shop, later, later - minute) == ["low_balance"]
