"""Automatic reports from several workers at once: each told once, each day after the one before."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from calls.models import DailyReport
from calls.services.daily_reports.planning import plan_reports
from calls.services.daily_reports.running import send_due
from notifications.models import Message
from tariffs.models import Tariff
from tests.calls.daily import AT, give_reports
from tests.concurrency.threads import at_once
from tests.world import build_world, customer_of

ONE_DAY = timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_tell_each_report_once_and_in_order() -> None:
    world = build_world()
    tariff = Tariff.objects.get(name="Street")
    for number in range(6):
        customer = customer_of(world.sub_reseller, f"C{number}", "business", tariff)
        give_reports(customer, email=f"{number}@x.example", usage_summary=True, daily_cdrs=True)
    send_due(moment=AT)
    told = at_once(*[partial(send_due, moment=AT + 8 * ONE_DAY)] * 4)
    send_due(moment=AT + 8 * ONE_DAY)
    assert sum(told) <= DailyReport.objects.count() == Message.objects.count() == 6 * 2 * 8
    assert not DailyReport.objects.exclude(state="sent").exists()
    days: dict[str, list[date]] = defaultdict(list)
    for key in Message.objects.order_by("created_at", "pk").values_list("key", flat=True):
        kind, customer_id, day, _times = str(key).split(":")
        days[f"{kind}:{customer_id}"].append(date.fromisoformat(day))
    first = AT.date()
    assert set(map(tuple, days.values())) == {tuple(first + n * ONE_DAY for n in range(8))}


@pytest.mark.django_db(transaction=True)
def test_what_another_worker_holds_is_passed_over() -> None:
    world = build_world()
    give_reports(world.shop, email="shop@x.example", usage_summary=True)
    give_reports(world.sub_customer, email="sub@x.example", usage_summary=True)
    send_due(moment=AT)
    moment = datetime(2026, 10, 14, 6, tzinfo=UTC)
    plan_reports(moment=moment)
    held = DailyReport.objects.filter(customer=world.shop, day=AT.date())
    with transaction.atomic():
        assert held.select_for_update().get().state == "waiting"
        (found,) = at_once(partial(send_due, moment=moment))
        assert found == 1
    assert set(Message.objects.values_list("recipient", flat=True)) == {"sub@x.example"}
    assert send_due(moment=moment) == 1
