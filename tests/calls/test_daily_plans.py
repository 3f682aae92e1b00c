"""Which reports a tick has to plan: one look, exact but for a day after a change of the clocks."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calls.models import DailyReport, ReportSchedule
from calls.selectors.daily_plans import plans_of, to_plan
from calls.services.daily_reports.planning import plan_reports
from customers.models import Customer
from tariffs.models import Tariff
from tests.calls.daily import AT, give_reports
from tests.calls.test_daily_report_year import ZONES
from tests.sql import count_queries
from tests.world import World, customer_of

HOUR = timedelta(hours=1)
# Around the changes of 2026 in the zones, and a time without any.
STARTS = (
    datetime(2026, 3, 7, tzinfo=UTC),
    datetime(2026, 3, 28, tzinfo=UTC),
    datetime(2026, 4, 3, tzinfo=UTC),
    datetime(2026, 4, 23, tzinfo=UTC),
    datetime(2026, 6, 20, tzinfo=UTC),
    datetime(2026, 9, 25, tzinfo=UTC),
    datetime(2026, 10, 2, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
    datetime(2026, 10, 29, tzinfo=UTC),
    datetime(2026, 10, 31, tzinfo=UTC),
)


def customers_in(world: World, zones: dict[str, time]) -> list[Customer]:
    """A customer with balance and usage reports in each zone, billed in the next one."""
    tariff = Tariff.objects.get(name="Street")
    found, billed = [], [*zones, *zones]
    for number, (name, at) in enumerate(zones.items()):
        customer = customer_of(
            world.sub_reseller,
            f"Zone {number}",
            "business",
            tariff,
            period_timezone=billed[number + 1],
        )
        reports: dict[str, Any] = {"balance_summary": True, "usage_summary": number % 2 == 0}
        give_reports(customer, report_timezone=ZoneInfo(name), report_at=at, **reports)
        found.append(customer)
    return found


def is_settled(zone: str, moment: datetime) -> bool:
    """Whether no clock was changed for a day."""
    local = ZoneInfo(zone)
    offsets = {(moment - n * HOUR / 2).astimezone(local).utcoffset() for n in range(52)}
    return len(offsets) == 1


@pytest.mark.parametrize("start", STARTS)
def test_the_look_names_whom_the_calendar_does(world: World, start: datetime) -> None:
    customers = {customer.pk: customer for customer in customers_in(world, ZONES)}
    names = dict(zip(customers, ZONES, strict=True))
    billed = {plan.customer_id: str(plan.days.zone) for plan in plans_of(customers)}
    plan_reports(moment=start)
    for number in range(2 * 24 * 2):
        moment = start + number * HOUR / 2
        known = {(row.customer_id, row.kind): row for row in ReportSchedule.objects.all()}
        due = {
            plan.customer_id
            for plan in plans_of(customers)
            if known[plan.customer_id, plan.kind].next_day <= plan.days.last_due(moment)
        }
        found = set(to_plan(moment))
        assert due <= found
        for early in found - due:
            zones = names[early], billed[early]
            assert not all(is_settled(zone, moment) for zone in zones), zones
        if number % 2:
            plan_reports(moment=moment)


def test_a_tick_with_nothing_to_do_is_one_statement_however_many_there_are(world: World) -> None:
    customers_in(world, dict(list(ZONES.items())[:2]))
    plan_reports(moment=AT)
    assert count_queries(lambda: plan_reports(moment=AT)) == 1
    before = ReportSchedule.objects.count()
    give_reports(world.shop, balance_summary=True, usage_summary=True, daily_cdrs=True)
    give_reports(world.sub_customer, balance_summary=True)
    plan_reports(moment=AT)
    assert ReportSchedule.objects.count() == before + 4
    assert count_queries(lambda: plan_reports(moment=AT)) == 1


def test_a_tick_plans_many_with_as_many_statements_as_few(world: World) -> None:
    give_reports(world.shop, balance_summary=True)
    plan_reports(moment=AT)
    few = count_queries(lambda: plan_reports(moment=AT + 24 * HOUR))
    give_reports(world.sub_customer, balance_summary=True, usage_summary=True)
    give_reports(world.sub_reseller, balance_summary=True, daily_cdrs=True)
    plan_reports(moment=AT + 24 * HOUR)
    many = count_queries(lambda: plan_reports(moment=AT + 48 * HOUR))
    assert many == few
    assert DailyReport.objects.count() == 1 + 5


def test_a_report_that_is_switched_off_is_forgotten(world: World) -> None:
    give_reports(world.shop, balance_summary=True, usage_summary=True)
    plan_reports(moment=AT)
    give_reports(world.shop, usage_summary=False)
    plan_reports(moment=AT)
    assert ReportSchedule.objects.get().kind == "balance_summary"
    Customer.objects.filter(pk=world.shop.pk).update(archived_at=AT)
    plan_reports(moment=AT)
    assert not ReportSchedule.objects.exists()
