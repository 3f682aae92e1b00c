"""Closing under fire: workers at once, some killed, while calls are charged and people post."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from billing.choices import PeriodOutcome
from billing.models import Balance, BillingPeriod, UsageEntry
from billing.periods import PeriodType, iter_periods
from billing.services import closing, ledger, periods, usage, verify
from billing.services.calendars import change_calendar
from billing.services.closing import close_due
from billing.services.customers import Terms, open_customer
from billing.services.ledger import MovedMeanwhileError, Posting, post_entry
from billing.services.maintenance import maintain
from calls.services import charging
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from customers.models import Customer
from softswitch.core.embedded.process import spawn
from tests.calls.stored import store_call
from tests.concurrency.test_charging import wait_until
from tests.concurrency.threads import at_once
from tests.world import OPENED, World, build_world

HOUR = timedelta(hours=1)
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
NIGHT = datetime(2026, 2, 18, 7, tzinfo=UTC)
CUSTOMERS = 200
WORK = """
import sys
from datetime import datetime
import django
django.setup()
from billing.services import closing
closing.BATCH = 7
closing.close_due(moment=datetime.fromisoformat(sys.argv[1]))
"""


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """The test world, committed, so that other connections and processes see it."""
    return build_world()


def worker(tmp_path: Path) -> "subprocess.Popen[bytes]":
    """A process that closes what is due, in batches of 7."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    with (tmp_path / "closing.log").open("ab") as log:
        return spawn(
            [sys.executable, "-c", WORK, NIGHT.isoformat()],
            death_signal=signal.SIGTERM,
            env=os.environ
            | {
                "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
                "DJANGO_SETTINGS_MODULE": "softswitch.settings.test",
            },
            output=log,
        )


def closed_periods() -> int:
    return BillingPeriod.objects.filter(closed_at__isnull=False).count()


def ends_of(kind: str) -> list[datetime]:
    """The ends of the periods that are due at NIGHT, by the pure calendar."""
    found: list[datetime] = []
    for period in iter_periods(PeriodType(kind), OPENED, ZoneInfo("UTC")):
        if period.end > NIGHT - 6 * HOUR:
            break
        found.append(period.end)
    return found


def street_of(world: World) -> list[Customer]:
    """The 200 customers of the sub-reseller, weekly."""
    terms = Terms(tariff=world.sub_reseller.tariffs.get(), period_type="weekly")
    open_one = partial(open_customer, actor=world.actor("sub_reseller"), kind="business")
    with transaction.atomic():
        return [
            open_one(name=f"House {n:03}", terms=terms, opened_at=OPENED) for n in range(CUSTOMERS)
        ]


def assert_closed_once(houses: list[Customer]) -> None:
    """Each period of each balance is one row, closed, without a gap; nothing beyond is."""
    weekly = {house.pk for house in houses}
    for balance in Balance.objects.all():
        rows = BillingPeriod.objects.filter(balance=balance, closed_at__isnull=False)
        spans = list(rows.order_by("starts_at").values_list("starts_at", "ends_at"))
        ends = ends_of("weekly" if balance.customer_id in weekly else "monthly")
        assert [end for _start, end in spans] == ends
        assert [start for start, _end in spans] == [OPENED, *ends[:-1]]
        assert set(rows.values_list("outcome", flat=True)) == {PeriodOutcome.ZERO}


def call_and_charge(houses: list[Customer]) -> None:
    """Calls of some of them at any time until NIGHT, charged as they come."""
    chance = random.Random(20260218)
    for turn in range(12):
        for house in chance.sample(houses, 10):
            start = OPENED + timedelta(minutes=chance.randrange(47 * 24 * 60))
            store_call(house, f"4420{turn:08}", 10 * turn + 0.5, at=start)
        charge_pending(limit=25)


def credit(world: World, houses: list[Customer]) -> None:
    owner = world.actor("sub_reseller")
    for turn, house in enumerate(houses):
        maintain(
            actor=owner,
            balance=Balance.objects.get(customer=house),
            action="credit",
            amount=Decimal("0.01"),
            currency="GBP",
            key=f"credit-{turn}",
        )


def test_200_customers_close_once_while_workers_die_and_calls_arrive(
    stored_world: World, tmp_path: Path
) -> None:
    houses = street_of(stored_world)
    workers = [worker(tmp_path) for _n in range(4)]

    def kill() -> None:
        for victim, so_many in enumerate((100, 250)):
            wait_until(partial(lambda least: closed_periods() > least, so_many))
            os.killpg(workers[victim].pid, signal.SIGKILL)
            workers[victim].wait()

    post = partial(credit, stored_world, houses[::4])
    at_once(partial(call_and_charge, houses), post, kill)
    again = [worker(tmp_path), worker(tmp_path)]
    codes = [process.wait(timeout=120) for process in (*workers, *again)]
    assert codes == [-signal.SIGKILL] * 2 + [0] * 4
    charge_pending()
    close_due(moment=NIGHT)
    assert close_due(moment=NIGHT) == 0
    assert_closed_once(houses)
    assert UsageEntry.objects.exists()
    assert [*verify.differences(), *verify_calls.differences()] == []


def once(action: Callable[[], Any]) -> Callable[[], None]:
    """Does ``action`` on a connection of its own, the first time only."""
    todo = [action]

    def run() -> None:
        if todo:
            at_once(todo.pop())

    return run


def close_shop(world: World) -> int:
    return close_due(moment=FEBRUARY + 6 * HOUR, issuer_id=world.sub_reseller.pk)


def test_an_entry_goes_to_the_next_period_where_its_own_closed_meanwhile(
    stored_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, close = periods.periods_for, once(partial(close_shop, stored_world))

    def late(*args: Any) -> Any:
        found = find(*args)
        close()
        return found

    monkeypatch.setattr(ledger, "periods_for", late)
    balance = stored_world.balance("shop")
    entry = post_entry(
        actor=stored_world.actor("sub_reseller"),
        balance_id=balance.pk,
        posting=Posting("credit", Decimal(1), "GBP", "late"),
        at=FEBRUARY - HOUR,
    )
    assert entry.period.starts_at == FEBRUARY
    assert [*verify.differences()] == []


@pytest.mark.parametrize("kind", ["", "daily"])
def test_calls_are_charged_anew_where_their_period_changed_meanwhile(
    stored_world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It closed, or became the one that bridges to another calendar and ends early."""
    stage, close = usage.stage_usage, once(partial(close_shop, stored_world))
    ended = FEBRUARY - HOUR
    if kind:
        shop = stored_world.balance("shop")
        change_calendar(
            actor=stored_world.actor("sub_reseller"),
            balance=shop,
            period_type=kind,
            period_timezone="UTC",
        )
        ended = FEBRUARY + 3 * 24 * HOUR
        periods.periods_for({shop.pk: shop}, [(shop.pk, ended)])
    store_call(stored_world.shop, "442071234567", 60, at=ended)
    refused: list[MovedMeanwhileError] = []

    def late(charges: Any) -> Any:
        entries = stage(charges)
        close()
        return entries

    def post(**known: Any) -> None:
        try:
            ledger.post_usage(**known)
        except MovedMeanwhileError as error:
            refused.append(error)
            raise

    monkeypatch.setattr(charging, "stage_usage", late)
    monkeypatch.setattr(charging, "post_usage", post)
    assert charge_pending().charged == 1
    assert len(refused) == 1
    entry = stored_world.balance("shop").usage_entries.get()
    assert entry.period.starts_at == (ended if kind else FEBRUARY)
    assert [*verify.differences()] == []


def test_a_period_is_not_skipped_where_another_worker_was_quicker(
    stored_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both saw January due; a later period has an entry already, February has no row."""
    shop, moment = stored_world.balance("shop"), datetime(2026, 6, 1, 12, tzinfo=UTC)
    post_entry(
        actor=stored_world.actor("sub_reseller"),
        balance_id=shop.pk,
        posting=Posting("credit", Decimal(1), "GBP", "later"),
        at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    )
    quicker, opened = once(partial(close_shop, stored_world)), periods.open_at

    def late(*args: Any) -> Any:
        found = opened(*args)
        quicker()
        return found

    monkeypatch.setattr(closing, "open_at", late)
    for _run in range(2):
        close_due(moment=moment, issuer_id=stored_world.sub_reseller.pk)
    rows = BillingPeriod.objects.filter(balance=shop, closed_at__isnull=False)
    assert [row.starts_at.month for row in rows.order_by("starts_at")] == [1, 2, 3, 4, 5]


def test_a_change_of_calendar_waits_for_nobody_who_may_wait_for_it(stored_world: World) -> None:
    """Somebody opens the period that would bridge, and is about to lock the balance."""
    shop = stored_world.balance("shop")
    change_calendar(
        actor=stored_world.actor("sub_reseller"),
        balance=shop,
        period_type="daily",
        period_timezone="UTC",
    )
    moment = FEBRUARY + HOUR
    with transaction.atomic():
        periods.periods_for({shop.pk: shop}, [(shop.pk, moment)])
        assert at_once(partial(close_shop, stored_world)) == [0]
        Balance.objects.select_for_update(no_key=True).get(pk=shop.pk)
    assert close_shop(stored_world) == 1
    rows = BillingPeriod.objects.filter(balance=shop).order_by("starts_at")
    assert [row.ends_at for row in rows] == [FEBRUARY, FEBRUARY + 24 * HOUR]
