"""Charging under fire: a worker killed in the middle, workers at once, people posting meanwhile."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from django.db import connection, transaction

from billing.models import Balance, Charge, UsageEntry
from billing.services import verify
from billing.services.maintenance import maintain
from calls.models import Call, PendingCall
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from softswitch.core.embedded.process import spawn
from tests.calls.stored import START, expected_charges, store_call, stored_charges, total
from tests.concurrency.threads import at_once
from tests.world import World, build_world

WORK = """
import django
django.setup()
from calls.services.charging import charge_pending
charge_pending(limit=20)
"""
_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """The test world, committed, so that other connections and processes see it."""
    return build_world()


def worker(tmp_path: Path) -> "subprocess.Popen[bytes]":
    """A process that charges what waits, in batches of 20."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    with (tmp_path / "worker.log").open("wb") as log:
        return spawn(
            [sys.executable, "-c", WORK],
            death_signal=signal.SIGTERM,
            env=os.environ
            | {
                "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
                "DJANGO_SETTINGS_MODULE": "softswitch.settings.test",
            },
            output=log,
        )


def count_of(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline


def calls_of(world: World) -> list[Call]:
    """40 calls of the shop, then 40 of the sub-customer, on several days."""
    return [
        store_call(
            customer, f"4420{n:08}", 10 * n + 0.5, at=START + timedelta(hours=7 * n, minutes=n)
        )
        for customer in (world.shop, world.sub_customer)
        for n in range(40)
    ]


def assert_exact(calls: list[Call], before: dict[int, Decimal]) -> None:
    """Every call is charged once to the last digit, every balance moved by just that."""
    assert not PendingCall.objects.exists()
    for call in calls:
        assert stored_charges(call) == expected_charges(call)
    for balance in Balance.objects.all():
        amounts = Charge.objects.filter(balance=balance).values_list("amount", flat=True)
        assert balance.amount == before[balance.pk] - total(amounts)
    assert [*verify.differences(), *verify_calls.differences()] == []


def amounts() -> dict[int, Decimal]:
    return dict(Balance.objects.values_list("pk", "amount"))


def test_a_worker_killed_in_the_middle_is_made_good(stored_world: World, tmp_path: Path) -> None:
    calls, before = calls_of(stored_world), amounts()
    with transaction.atomic():
        # The worker comes to this lock last: two batches are committed, all of the third is done.
        Balance.objects.select_for_update(no_key=True).get(
            pk=stored_world.balance("sub_customer").pk
        )
        process = worker(tmp_path)
        wait_until(lambda: count_of(_WAITING) == 1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    wait_until(lambda: count_of(_OTHERS) == 0)
    assert PendingCall.objects.count() == 40
    assert Charge.objects.values("call_id").distinct().count() == 40
    assert [*verify.differences()] == []
    assert charge_pending(limit=20).charged == 40
    assert_exact(calls, before)


def test_workers_at_once_share_the_calls(stored_world: World, tmp_path: Path) -> None:
    calls, before = calls_of(stored_world), amounts()
    processes = [worker(tmp_path), worker(tmp_path)]
    reports = at_once(*[partial(charge_pending, limit=7)] * 3)
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    assert sum(report.charged for report in reports) <= len(calls)
    assert_exact(calls, before)


def test_people_post_while_calls_are_charged(stored_world: World) -> None:
    calls, before = calls_of(stored_world), amounts()
    owner = stored_world.actor("sub_reseller")

    def post(number: int) -> None:
        for turn in range(10):
            maintain(
                actor=owner,
                balance=stored_world.balance("shop"),
                action="credit",
                amount=Decimal("0.01"),
                currency="USD",
                key=f"credit-{number}-{turn}",
            )

    shop = stored_world.balance("shop")
    at_once(partial(post, 1), partial(post, 2), *[partial(charge_pending, limit=5)] * 2)
    credited = total(shop.entries.exclude(kind="opening").values_list("amount", flat=True))
    assert shop.entries.count() == 21
    assert_exact(calls, before | {shop.pk: before[shop.pk] + credited})


def test_a_locked_call_does_not_hold_up_the_others(stored_world: World) -> None:
    calls, before = calls_of(stored_world), amounts()
    with transaction.atomic():
        PendingCall.objects.select_for_update().get(call_id=calls[0].id)
        reports = at_once(charge_pending)
        assert reports[0].charged == len(calls) - 1
        assert reports[0].is_finished
    assert UsageEntry.objects.exists()
    charge_pending()
    assert_exact(calls, before)
