"""Money under fire, the whole chain: 200 customers are charged, closed, invoiced, paid at once.

Four processes close and issue, one after another is killed and replaced, while calls arrive, late
ones too, payments come in and invoices are voided and issued again. At the end everything is there
once, and every sum is found anew from the raw rows.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from billing.choices import BILLED, PeriodOutcome
from billing.models import (
    Balance,
    BillingPeriod,
    Invoice,
    InvoiceSettings,
    LedgerEntry,
    NumberSeries,
    UsageEntry,
)
from billing.services import verify
from billing.services.closing import close_due
from billing.services.customers import Terms, open_customer
from billing.services.fees import add_fee
from billing.services.issuing import issue_due, issue_invoice
from billing.services.maintenance import maintain
from billing.services.voiding import reissue_invoice, void_invoice
from calls.models import PendingCall
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from customers.models import Customer
from customers.services.parameters import set_parameters
from softswitch.core.embedded.process import last_lines, spawn
from tests.calls.stored import store_call
from tests.world import OPENED, World, build_world

NIGHT = datetime(2026, 2, 18, 7, tzinfo=UTC)
ISSUED = NIGHT + timedelta(days=2)  # every draft of that night is due by then
HALVES = [datetime(2026, 1, 16, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC),
          datetime(2026, 2, 16, tzinfo=UTC)]  # fmt: skip
CUSTOMERS = 200
WORKERS = 4
KILLS = 6
PRICE = Decimal("0.045")  # a minute to London on the tariff Street
TAX = Decimal(20)
WORK = """
import sys
import time
from datetime import datetime
from pathlib import Path
import django
django.setup()
from billing.services import closing
from billing.services.issuing import issue_due
closing.BATCH = 7
night, issued = map(datetime.fromisoformat, sys.argv[1:3])
is_last = False
while not is_last:
    is_last = Path(sys.argv[3]).exists()
    closing.close_due(moment=night, seconds=1)
    while issue_due(moment=issued, limit=9):
        continue
    time.sleep(0.05)
"""


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """The test world, committed, so that other connections and processes see it."""
    return build_world()


class Street:
    """The customers of the sub-reseller, and what becomes of each by a ledger kept by hand."""

    def __init__(self, world: World) -> None:
        self.owner = world.actor("sub_reseller")
        self.chance = random.Random(20260218)
        self.settings = InvoiceSettings.objects.create(
            owner=world.sub_reseller, name="House", series="H{year}-"
        )
        terms = Terms(tariff=world.sub_reseller.tariffs.get(), period_type="semimonthly")
        open_one = partial(open_customer, actor=self.owner, kind="business", terms=terms)
        with transaction.atomic():
            self.houses = [
                open_one(name=f"House {n:03}", opened_at=OPENED) for n in range(CUSTOMERS)
            ]
            self.balances = {
                balance.customer_id: balance
                for balance in Balance.objects.filter(customer__in=self.houses)
            }
            for number, house in enumerate(self.houses):
                self.agree(number, house)
        self.taxed = {house.pk for house in self.houses[::3]}
        self.minutes: dict[int, int] = defaultdict(int)
        self.paid: dict[int, Decimal] = defaultdict(Decimal)
        self.is_over = Event()

    def agree(self, number: int, house: Customer) -> None:
        """Every third pays tax, every third has a series of its own, every fifth a fee."""
        values: dict[str, object] = {"auto_invoice": True}
        if number % 3 == 0:
            values["tax_percent"] = TAX
        if number % 3 == 1:
            values["invoice_settings"] = self.settings
        set_parameters(actor=self.owner, customer=house, values=values)
        if number % 5 == 0:
            add_fee(
                actor=self.owner,
                balance=self.balances[house.pk],
                kind="once" if number % 2 else "recurring",
                name="Line",
                price=Decimal("3.333"),
                quantity=Decimal(1),
                starts_on=date(2026, 1, 20),
                ends_on=None,
                is_prorated=True,
                is_taxed=True,
                key=uuid4(),
            )

    def call(self, house: Customer, at: datetime) -> None:
        minutes = self.chance.randrange(1, 240)
        store_call(house, "442071234567", 60 * minutes, at=at)
        self.minutes[house.pk] += minutes

    def call_all(self) -> None:
        """Before the first is closed: a call of each in each half of a month, which is billed."""
        with transaction.atomic():
            for house in self.houses:
                for end in HALVES:
                    self.call(house, end - timedelta(hours=self.chance.randrange(5, 300)))
        charge_pending()

    def call_on(self) -> None:
        """Calls of the open and of the ended periods, charged as they come, to the last worker."""
        chance = random.Random(47)
        while not self.is_over.wait(0.1):
            for house in chance.sample(self.houses, 5):
                self.call(house, OPENED + timedelta(minutes=chance.randrange(47 * 24 * 60)))
            charge_pending(limit=3)

    def pay(self) -> None:
        """Payments and small credits, of now and of days in periods that may be closed by then."""
        chance = random.Random(7)
        for turn, house in enumerate(chance.sample(self.houses, 120)):
            self.is_over.wait(0.1)
            action = "credit" if turn % 4 == 3 else "add_funds"
            amount = Decimal(chance.randrange(1, 4 * 10**4 if turn % 4 == 3 else 3 * 10**7)) / 10**6
            maintain(
                actor=self.owner,
                balance=self.balances[house.pk],
                action=action,
                amount=amount,
                currency="GBP",
                key=f"pay-{turn}",
                at=HALVES[turn % 3] - timedelta(hours=1) if turn % 2 else None,
            )
            if action == "add_funds":
                self.paid[house.pk] += amount

    def void_some(self) -> None:
        """Three issued invoices are voided; the period of two of them is billed anew."""
        rows = Invoice.objects.filter(customer__in=self.houses, state="issued")
        found = list(rows.select_related("balance"))
        for number, invoice in enumerate(self.chance.sample(found, min(3, len(found)))):
            void_invoice(actor=self.owner, invoice=invoice, reason="Wrong")
            draft = reissue_invoice(actor=self.owner, invoice=invoice)
            if number:
                issue_invoice(actor=self.owner, invoice=draft)


def worker(tmp_path: Path) -> "subprocess.Popen[bytes]":
    """A process that closes, in batches of 7, and issues what is due, until it may stop."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    moments = [NIGHT.isoformat(), ISSUED.isoformat()]
    with (tmp_path / "workers.log").open("ab") as log:
        return spawn(
            [sys.executable, "-c", WORK, *moments, tmp_path / "stop"],
            death_signal=signal.SIGTERM,
            env=os.environ
            | {
                "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
                "DJANGO_SETTINGS_MODULE": "softswitch.settings.test",
            },
            output=log,
        )


def progress() -> int:
    closed = BillingPeriod.objects.filter(closed_at__isnull=False).count()
    return closed + Invoice.objects.exclude(state="draft").count()


def apart(action: Callable[[], None]) -> None:
    """Do it in this thread, on a connection that ends with it."""
    try:
        action()
    finally:
        connection.close()


def wait_for(workers: "list[subprocess.Popen[bytes]]", so_many: int, log: Path) -> None:
    """Until so much is closed and issued; a worker that ends by itself is a fault."""
    while progress() < so_many:
        assert {one.poll() for one in workers} == {None}, last_lines(log, 40)
        time.sleep(0.02)


def work_under_fire(street: Street, tmp_path: Path) -> None:
    """Workers, of which one is killed at each of KILLS random points, beside people and calls."""
    chance = random.Random(4)
    log = tmp_path / "workers.log"
    workers = [worker(tmp_path) for _n in range(WORKERS)]
    with ThreadPoolExecutor(2) as pool:
        wait_for(workers, 1, log)
        others = [pool.submit(apart, street.call_on), pool.submit(apart, street.pay)]
        try:
            for so_many in sorted(chance.sample(range(20, 5 * CUSTOMERS), KILLS)):
                wait_for(workers, so_many, log)
                victim = chance.randrange(WORKERS)
                os.killpg(workers[victim].pid, signal.SIGKILL)
                assert workers[victim].wait() == -signal.SIGKILL
                workers[victim] = worker(tmp_path)
                street.void_some()
        finally:
            street.is_over.set()
        for other in others:
            other.result()
    (tmp_path / "stop").touch()
    codes = [one.wait(timeout=300) for one in workers]
    assert codes == [0] * WORKERS, last_lines(log, 40)


def finish(street: Street) -> None:
    """The quiet run: all that is left, and what waited for a person."""
    charge_pending()
    close_due(moment=NIGHT)
    rows = Invoice.objects.filter(state="draft", issue_after=None, customer__in=street.houses)
    for draft in rows.select_related("balance"):
        issue_invoice(actor=street.owner, invoice=draft)
    while issue_due(moment=ISSUED):
        continue
    assert close_due(moment=NIGHT) == issue_due(moment=ISSUED) == 0
    assert not PendingCall.objects.exists()


def assert_closed_once(street: Street) -> None:
    """Each period is one row, closed, without a gap; nothing beyond is; one invoice or none."""
    for balance in Balance.objects.all():
        rows = BillingPeriod.objects.filter(balance=balance, closed_at__isnull=False)
        spans = list(rows.order_by("starts_at").values_list("starts_at", "ends_at"))
        ends = HALVES if balance.customer_id in street.balances else [HALVES[1]]
        assert [end for _start, end in spans] == ends
        assert [start for start, _end in spans] == [OPENED, *ends[:-1]]
    live = Invoice.objects.exclude(state="void").order_by("period")
    drafted = BillingPeriod.objects.filter(outcome=PeriodOutcome.DRAFTED).order_by("pk")
    assert list(live.values_list("period", flat=True)) == list(drafted.values_list("pk", flat=True))
    assert live.filter(customer__in=street.houses, state="issued").count() == 3 * CUSTOMERS


def assert_gapless() -> None:
    """The numbers of each series are those from 1 to as many as there are."""
    found: dict[str, list[str]] = defaultdict(list)
    for series, number in Invoice.objects.exclude(state="draft").values_list("series", "number"):
        found[series].append(number)
    assert len(found) == 2
    for series, numbers in found.items():
        assert sorted(numbers) == [f"{series}{n:06}" for n in range(1, len(numbers) + 1)]
        assert NumberSeries.objects.get(series=series).last == len(numbers)


def billed_in_periods() -> dict[int | None, Decimal]:
    """What an invoice of each period must come to, by what the ledger holds."""
    found: dict[int | None, Decimal] = defaultdict(Decimal)
    for entry in LedgerEntry.objects.select_related("reverses"):
        if (entry.reverses or entry).kind in BILLED:
            found[entry.period_id] -= entry.amount
    for period_id, amount in UsageEntry.objects.values_list("period", "amount"):
        found[period_id] -= amount
    return found


def assert_sums(street: Street, house: Customer, billed: dict[int | None, Decimal]) -> None:
    """Totals, what is open, oldest first, and the balance: from the raw rows."""
    balance = Balance.objects.get(customer=house)
    invoices = balance.invoices.filter(state="issued").order_by("issued_at")
    paid = street.paid[house.pk]
    for invoice in invoices:
        assert invoice.total == billed[invoice.period_id]
        percent = TAX if house.pk in street.taxed else Decimal(0)
        tax = (invoice.net * percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert (invoice.tax, invoice.total) == (tax, invoice.net + tax)
        settled = min(max(paid, Decimal(0)), invoice.total)
        assert invoice.open_amount == invoice.total - settled
        paid -= invoice.total
    unbilled = [billed[row.pk] for row in balance.periods.filter(closed_at=None)]
    assert balance.amount == paid - sum(unbilled, Decimal(0))
    used = UsageEntry.objects.filter(balance=balance).aggregate(total=Sum("amount"))["total"]
    assert used == -PRICE * street.minutes[house.pk]


def test_200_customers_are_billed_once_while_workers_die_and_calls_arrive(
    stored_world: World, tmp_path: Path
) -> None:
    street = Street(stored_world)
    street.call_all()
    work_under_fire(street, tmp_path)
    finish(street)
    assert_closed_once(street)
    assert_gapless()
    billed = billed_in_periods()
    for house in street.houses:
        assert_sums(street, house, billed)
    assert Invoice.objects.filter(state="void").count() > KILLS
    assert [*verify.differences(), *verify_calls.differences()] == []
