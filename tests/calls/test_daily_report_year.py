"""A simulated year of automatic reports in ten time zones: each once per local day, in order.

It is about when they are told, and how often: what they say is in test_daily_reports, and is not
computed here 3,650 times.
"""

import random
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from calls.models import DailyReport
from calls.services.daily_reports import sending
from calls.services.daily_reports.contents import Content
from calls.services.daily_reports.running import send_due
from customers.models import Customer
from notifications.models import Message
from tariffs.models import Tariff
from tests.calls.daily import give_reports
from tests.world import World, customer_of

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAYS = 365
ZONES = {
    "Pacific/Kiritimati": time(0),
    "Pacific/Auckland": time(2, 30),
    "Australia/Lord_Howe": time(1, 45),
    "Asia/Kathmandu": time(6),
    "Africa/Cairo": time(0, 30),
    "Europe/London": time(1, 30),
    "Atlantic/Azores": time(0, 15),
    "America/St_Johns": time(6, 30),
    "America/Los_Angeles": time(2, 15),
    "Pacific/Pago_Pago": time(23, 59),
}


def moments(seed: int) -> list[datetime]:
    """When beat runs: at odd times, some of them twice, with stops of days and one of weeks."""
    chance, found, moment = random.Random(seed), [], START
    while moment < START + timedelta(days=DAYS):
        found += [moment] * chance.choice((1, 1, 1, 2))
        moment += timedelta(hours=chance.choice((1, 5, 9, 14, 20, 31, 75)), minutes=chance.random())
        if not any(one > datetime(2026, 7, 1, tzinfo=UTC) for one in found):
            continue
        moment = max(moment, datetime(2026, 7, 20, tzinfo=UTC))
    return [*found, START + timedelta(days=DAYS)]


def told_of(report: DailyReport) -> Content:
    """A report in few words."""
    return Content({"report.day": report.day}, calls=0, file=None, is_attached=False)


def test_a_year(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "content_of", told_of)
    tariff = Tariff.objects.get(name="Street")
    ids: dict[int, tuple[ZoneInfo, time]] = {}
    for number, (name, at) in enumerate(ZONES.items()):
        customer = customer_of(
            world.sub_reseller, f"Zone {number}", "business", tariff, period_timezone=name
        )
        zone = ZoneInfo(name)
        give_reports(customer, report_timezone=zone, report_at=at, balance_summary=True)
        ids[customer.pk] = zone, at
    mailed = next(iter(ids))  # the letters of one will do
    Customer.objects.filter(pk=mailed).update(main_email="pay@x.example")
    steps = moments(seed=6)
    for moment in steps:
        send_due(moment=moment)
    for pk, (zone, at) in ids.items():
        reports = list(DailyReport.objects.filter(customer=pk).order_by("sent_at", "pk"))
        days = [report.day for report in reports]
        first = START.astimezone(zone).date() - timedelta(days=1)
        assert days[0] in {first, first + timedelta(days=1)}
        assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
        assert len(days) in {DAYS - 1, DAYS}
        for report in reports:
            due = datetime.combine(report.day + timedelta(days=1), at, zone).astimezone(UTC)
            assert report.due_at == due
            assert report.sent_at == min(step for step in steps if step >= due)
            assert report.times_sent == 1
    letters = Message.objects.order_by("pk").values_list("key", flat=True)
    told = DailyReport.objects.filter(customer=mailed).order_by("day")
    assert list(letters) == [f"balance_summary:{mailed}:{report.day}:1" for report in told]
