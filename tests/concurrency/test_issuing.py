"""Issuing under fire: workers at once, some of them killed; every number is there, each once."""

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from billing.models import Balance, Invoice, LedgerEntry, NumberSeries
from billing.services import verify
from billing.services.issuing import issue_due, issue_invoice
from customers.models import AuditEvent
from softswitch.core.embedded.process import spawn
from tariffs.models import Tariff
from tests.billing.invoices import MARCH, draft_of, post
from tests.concurrency.test_charging import _OTHERS, _WAITING, count_of, wait_until
from tests.concurrency.threads import at_once
from tests.world import World, build_world, customer_of

WORK = """
import django
django.setup()
from django.utils.timezone import now
from billing.services.issuing import issue_due
while issue_due(moment=now(), limit=7):
    continue
"""
MONTHS = 4
CUSTOMERS = 25


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """The test world, committed, so that other connections and processes see it."""
    return build_world()


def worker(tmp_path: Path, number: int = 0) -> "subprocess.Popen[bytes]":
    """A process that issues what is due until it finds nothing more."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    with (tmp_path / f"worker-{number}.log").open("wb") as log:
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


def due(balance: Balance, at: datetime = MARCH) -> Invoice:
    """A draft of 10 and 20 % of tax that is to be issued now."""
    post(balance, "debit", "-10", at)
    return draft_of(balance, at, taxes=["20"], issue_after=at)


def assert_gapless(count: int) -> None:
    numbers = Invoice.objects.exclude(number="").order_by("number")
    expected = [f"INV-{number:06d}" for number in range(1, count + 1)]
    assert [*numbers.values_list("number", flat=True)] == expected
    assert NumberSeries.objects.get().last == count
    assert LedgerEntry.objects.filter(kind="tax").count() == count
    assert AuditEvent.objects.filter(action="invoice_issued").count() == count
    assert [*verify.differences()] == []


def issued() -> int:
    return Invoice.objects.filter(state="issued").count()


def test_a_worker_killed_with_a_number_in_its_hand_leaves_no_gap(
    stored_world: World, tmp_path: Path
) -> None:
    draft = due(stored_world.balance("shop"))
    with transaction.atomic():
        # The worker has taken the number and waits for this key, which it is to post under.
        entry = LedgerEntry.objects.filter(balance=draft.balance).latest("sequence")
        entry.pk, entry.sequence = None, 10**6
        entry.idempotency_key = f"invoice:{draft.pk}:tax"
        entry.save(force_insert=True)
        process = worker(tmp_path)
        wait_until(lambda: count_of(_WAITING) == 1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        transaction.set_rollback(True)
    wait_until(lambda: count_of(_OTHERS) == 0)
    assert issued() == 0
    assert issue_due(moment=now()) == 1
    draft.refresh_from_db()
    assert draft.number == "INV-000001"
    assert_gapless(1)


def test_one_draft_pressed_at_once_is_issued_once(stored_world: World) -> None:
    draft = due(stored_world.balance("shop"))
    actor = stored_world.actor("sub_reseller")

    def press() -> str:
        return issue_invoice(actor=actor, invoice=draft).number

    assert at_once(press, press, press) == ["INV-000001"] * 3
    assert_gapless(1)


def test_a_hundred_drafts_of_one_issuer_by_workers_that_are_killed(
    stored_world: World, tmp_path: Path
) -> None:
    tariff = Tariff.objects.get(owner=stored_world.sub_reseller)
    shops = [
        customer_of(stored_world.sub_reseller, f"Kiosk {n}", "business", tariff)
        for n in range(CUSTOMERS)
    ]
    balances = [Balance.objects.get(customer=shop) for shop in shops]
    for balance in balances:
        post(balance, "add_funds", "15")
        for month in range(MONTHS):
            due(balance, MARCH + timedelta(days=31 * month))
    processes = [worker(tmp_path, number) for number in range(2)]
    for share, process in zip((10, 40), processes, strict=True):
        wait_until(lambda share=share: issued() >= share)  # type: ignore[misc]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def work() -> None:
        while issue_due(moment=now(), limit=7):
            continue

    at_once(work, work, work, work)
    while issue_due(moment=now()):  # what each left to another
        continue
    assert issued() == CUSTOMERS * MONTHS
    assert_gapless(CUSTOMERS * MONTHS)
    for balance in balances:
        invoices = balance.invoices.order_by("period__starts_at")
        assert [invoice.open_amount for invoice in invoices] == [0, 9, 12, 12]
        numbers = [invoice.number for invoice in invoices]
        assert numbers == sorted(numbers)
