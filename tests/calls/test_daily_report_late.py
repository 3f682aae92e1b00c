"""What comes after a day was told, files that are not read yet, and days of another zone."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from calls.models import CdrImport, DailyReport, Switch
from calls.services.charging import charge_pending
from calls.services.daily_reports.running import PATIENCE, send_due
from calls.services.daily_reports.sending import send_again
from customers.models import Customer
from tests.billing.browsing import browser
from tests.calls.daily import AT, DAY, give_reports, letter_of, tell_day
from tests.calls.stored import store_call
from tests.calls.test_daily_reports import rows_of
from tests.sql import count_queries
from tests.world import World

D = Decimal
NEXT = datetime(2026, 10, 14, 6, tzinfo=UTC)
HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)
LIST = "calls:daily_report_list"


def call(customer: Customer, at: datetime) -> None:
    """One that costs 0.09."""
    store_call(customer, "33123456789", 60, at=at)
    charge_pending()


@pytest.fixture
def shop(world: World) -> Customer:
    """The shop with a call on DAY."""
    call(world.shop, AT)
    return world.shop


def amounts(report: DailyReport) -> dict[str, Decimal]:
    head, line = rows_of(report)
    return {name: D(value) for name, value in zip(head[2:], line[2:], strict=True)}


def test_late_charges_join_each_day_to_the_one_before(world: World, shop: Customer) -> None:
    give_reports(shop, email="shop@x.example", balance_summary=True)
    tell_day(until=NEXT)
    call(shop, AT + HOUR)
    call(shop, AT + ONE_DAY)
    call(shop, AT + ONE_DAY)
    first, second = tell_day(until=NEXT + ONE_DAY)
    closed, sums = amounts(first)["Closing balance"], amounts(second)
    assert (closed, first.closing) == (D("99.91"), D("99.91"))
    assert sums["Opening balance"] == closed
    assert sums["Late charges of earlier days"] == D("-0.09")
    assert sums["Used"] == D("-0.18")
    parts = ("Opening balance", "Late charges of earlier days", "Used", "Payments", "Other")
    assert sum(sums[part] for part in parts) == sums["Closing balance"] == D("99.64")
    assert "Late charges of earlier days  −0.09 GBP" in letter_of(second).text
    (third,) = [one for one in tell_day(until=NEXT + 2 * ONE_DAY) if one.day == DAY + 2 * ONE_DAY]
    assert amounts(third)["Opening balance"] == D("99.64")
    assert amounts(third)["Late charges of earlier days"] == 0
    assert "Late charges" not in letter_of(third).text


def test_a_day_that_was_sent_again_is_joined_as_it_was_told_last(
    world: World, shop: Customer
) -> None:
    give_reports(shop, email="shop@x.example", balance_summary=True)
    (report,) = tell_day(until=NEXT)
    call(shop, AT + HOUR)
    send_again(actor=world.actor("sub_reseller"), report=report)
    second = tell_day(until=NEXT + ONE_DAY)[-1]
    assert amounts(second)["Opening balance"] == D("99.82")
    assert amounts(second)["Late charges of earlier days"] == 0


def test_what_lies_between_days_that_were_not_told_is_not_late(
    world: World, shop: Customer
) -> None:
    give_reports(shop, balance_summary=True)
    tell_day(until=NEXT)
    give_reports(shop, balance_summary=False)
    call(shop, AT + ONE_DAY)
    send_due(moment=NEXT + 2 * ONE_DAY)
    give_reports(shop, balance_summary=True)
    last = tell_day(since=NEXT + 2 * ONE_DAY, until=NEXT + 3 * ONE_DAY)[-1]
    assert last.day == DAY + 3 * ONE_DAY
    assert amounts(last)["Opening balance"] == D("99.82")
    assert amounts(last)["Late charges of earlier days"] == 0


def listed(world: World) -> str:
    return str(browser(world, "sub_reseller").get(reverse(LIST)).content.decode())


@pytest.mark.parametrize("kind", ["usage_summary", "balance_summary", "daily_cdrs"])
def test_the_history_says_of_which_days_calls_came_later(
    world: World, shop: Customer, kind: str
) -> None:
    reports_on: dict[str, Any] = {kind: True}
    give_reports(shop, email="shop@x.example", **reports_on)
    (report,) = tell_day(until=NEXT)
    call(shop, AT + ONE_DAY)
    call(world.sub_customer, AT)
    assert "came later" not in listed(world)
    call(shop, AT + HOUR)
    assert "1 call came later" in listed(world)
    call(shop, AT + HOUR)
    assert "2 calls came later" in listed(world)
    send_again(actor=world.actor("sub_reseller"), report=report)
    assert "came later" not in listed(world)


def test_however_many_days_the_history_shows(world: World, shop: Customer) -> None:
    give_reports(shop, usage_summary=True, balance_summary=True, daily_cdrs=True)
    client = browser(world, "sub_reseller")
    counts = []
    for number in range(3):
        tell_day(until=NEXT + number * 4 * ONE_DAY)
        client.get(reverse(LIST))
        counts.append(count_queries(lambda: client.get(reverse(LIST))))
    assert DailyReport.objects.count() == 27
    assert counts[0] == counts[1] == counts[2]


def file_of(state: str, at: datetime) -> CdrImport:
    switch, _created = Switch.objects.get_or_create(name="sw-1")
    found = CdrImport.objects.create(switch=switch, format="generic", file_name="x", state=state)
    CdrImport.objects.filter(pk=found.pk).update(created_at=at)
    return found


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_a_report_waits_for_files_that_are_not_read_yet(shop: Customer, state: str) -> None:
    give_reports(shop, usage_summary=True)
    send_due(moment=AT)
    file = file_of(state, NEXT - HOUR)
    assert send_due(moment=NEXT) == 0
    assert send_due(moment=NEXT + PATIENCE) == 0
    CdrImport.objects.filter(pk=file.pk).update(state="done")
    assert send_due(moment=NEXT + PATIENCE) == 1


def test_but_not_for_files_that_came_later_nor_for_ever(shop: Customer) -> None:
    give_reports(shop, usage_summary=True, daily_cdrs=True)
    send_due(moment=AT)
    file_of("failed", NEXT - HOUR)
    file = file_of("waiting", NEXT - HOUR)
    assert send_due(moment=NEXT) == 0
    CdrImport.objects.filter(pk=file.pk).update(state="done")
    file_of("waiting", NEXT + HOUR)
    assert send_due(moment=NEXT + 2 * HOUR) == 2
    assert send_due(moment=NEXT + ONE_DAY) == 0
    assert send_due(moment=NEXT + ONE_DAY + PATIENCE + HOUR) == 2


@pytest.mark.parametrize("kind", ["usage_summary", "daily_cdrs"])
@pytest.mark.parametrize(
    ("old", "new", "hours"),
    [
        ("Asia/Tokyo", "America/Los_Angeles", 40),
        ("America/Los_Angeles", "Asia/Tokyo", 8),
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", 23),
    ],
)
def test_after_a_change_of_the_zone_no_call_is_in_none_or_in_two(
    world: World, old: str, new: str, hours: int, kind: str
) -> None:
    for number in range(5 * 24):
        store_call(world.shop, "33123456789", 6, at=AT + number * HOUR)
    charge_pending()
    reports_on: dict[str, Any] = {kind: True}
    give_reports(world.shop, report_timezone=ZoneInfo(old), report_at=time(3), **reports_on)
    tell_day(until=AT + 2 * ONE_DAY)
    before = DailyReport.objects.latest("day")
    give_reports(world.shop, report_timezone=ZoneInfo(new))
    for number in range(6 * 24):
        send_due(moment=AT + 2 * ONE_DAY + number * HOUR)
    reports = list(DailyReport.objects.order_by("day"))
    after = next(one for one in reports if one.day > before.day)
    assert after.until - after.since == timedelta(hours=hours)
    for one, following in pairwise(reports):
        assert one.until == following.since
    last = reports[-1]
    assert last.until - last.since == ONE_DAY
    first, end = reports[0].since, last.until
    moments = [AT + number * HOUR for number in range(5 * 24)]
    told = sum(one.calls or 0 for one in reports)
    assert told == sum(first <= moment < end for moment in moments)
