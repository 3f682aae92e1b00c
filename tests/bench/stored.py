"""What stays quick on ten million stored calls: reports, CDRs, the dashboard, and charging.

The calls of the last 30 days, loaded as ``manage.py load_test_data`` does, against the same pages
of a system with few. BENCH_CALLS sets another number for a quick run.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from functools import partial

from django.db import connection
from django.test import Client
from django.utils.timezone import now

from accounts.models import Trunk
from billing.services.first_run import set_up
from calls.models import Call, Switch
from calls.services.charging import BATCH, charge_pending
from calls.services.test_data import traffic as test_traffic
from calls.services.test_data.build import SWITCH, Size, load_test_data
from calls.services.test_data.prefixes import countries, make_prefixes
from calls.services.test_data.world import RESELLER, Callers
from customers.models import User
from tests.bench.charging import LEAST_PER_SECOND, Spent
from tests.bench.charging import _measured as measured
from tests.bench.customers import median_ms
from tests.bench.databases import fresh_database

CALLS = int(os.environ.get("BENCH_CALLS", "10_000_000"))
FEW = 100_000  # as many as fill the pages and the counts of lists
FURTHER = 200_000
CUSTOMERS = 500
TURNS = 7
REPORT_LIMIT_MS = 1_000
GROUPS = ("customer", "destination", "country", "day", "hour", "trunk")
# Who looks (the top reseller, or else Root), at what; the largest ratio to the system with few.
PAGES: dict[str, tuple[bool, str, float]] = {
    "CDRs": (False, "/calls/", 2.0),
    "CDRs of a day": (False, "/calls/?since={day}T00:00&until={day}T23:59", 2.0),
    "CDRs of a customer": (False, "/calls/?customer=Test+customer+7", 2.0),
    "CDRs to a prefix": (False, "/calls/?called=49*", 2.0),
    "CDRs that failed": (False, "/calls/?result=failed", 2.0),
    "a call": (False, "/calls/{call}/", 2.0),
    "a reseller's CDRs": (True, "/calls/", 2.0),
    "a reseller's CDRs of a customer": (True, "/calls/?customer=Test+customer+7", 2.0),
    "dashboard": (False, "/", 2.0),
    "a reseller's dashboard": (True, "/", 2.0),
}


def run() -> tuple[list[str], bool]:
    """Load few calls and many; the lines to print, and whether the limits are kept."""
    few, many = _few(), _Many()
    with _loaded(CALLS) as seconds:
        many.load_seconds, many.gigabytes = seconds, _gigabytes()
        many.pages = _pages()
        many.reports = _reports()
        many.charging = _charge_further()
    return many.lines(few), many.is_met(few)


class _Many:
    """What was measured on many calls."""

    load_seconds = 0.0
    gigabytes = 0.0
    pages: dict[str, float]
    reports: dict[str, float]
    charging: Spent

    def ratio(self, name: str, few: dict[str, float]) -> float:
        return self.pages[name] / few[name]

    def is_met(self, few: dict[str, float]) -> bool:
        """Whether all is within its limit."""
        return (
            max(self.reports.values()) <= REPORT_LIMIT_MS
            and FURTHER / self.charging.wall >= LEAST_PER_SECOND
            and all(self.ratio(name, few) <= limit for name, (_, _, limit) in PAGES.items())
        )

    def lines(self, few: dict[str, float]) -> list[str]:
        """What to print."""
        processor = self.charging.here + self.charging.server
        slowest = max(self.reports.values())
        pages = [
            f"  {name}: {few[name]:.0f} and {self.pages[name]:.0f} ms,"
            f" ratio {self.ratio(name, few):.2f} (limit {limit})"
            for name, (_who, _path, limit) in PAGES.items()
        ]
        groups = ", ".join(f"{group} {spent:,.0f}" for group, spent in self.reports.items())
        return [
            (
                f"on {CALLS:,} stored calls, charged at 4 levels"
                f" ({CALLS / self.load_seconds:,.0f} a second loaded, {self.gigabytes:.1f} GB):"
            ),
            f"  reports of all of them: {slowest:,.0f} ms at most (limit {REPORT_LIMIT_MS:,})",
            f"    by {groups} ms",
            (
                f"  charging of {FURTHER:,} more: {FURTHER / self.charging.wall:,.0f} calls/s"
                f" (limit {LEAST_PER_SECOND:,}/s),"
                f" {FURTHER / processor:,.0f} per second of processor"
            ),
            *pages,
        ]


def _few() -> dict[str, float]:
    with _loaded(FEW):
        return _pages()


@contextmanager
def _loaded(calls: int) -> Iterator[float]:
    """A database with so many calls of the last 30 days; how many seconds they took."""
    with fresh_database():
        set_up(name="Root", login="operator", password="correct horse battery")
        started = time.perf_counter()
        charged = load_test_data(size=Size(calls=calls, customers=CUSTOMERS), say=lambda _: None)
        if charged != calls:
            raise RuntimeError(f"{charged:,} of {calls:,} calls were charged")
        yield time.perf_counter() - started


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _get(client: Client, path: str) -> Callable[[], None]:
    def opened() -> None:
        response = client.get(path)
        if response.status_code != 200:
            raise RuntimeError(f"{path}: {response.status_code}")

    return opened


def _pages() -> dict[str, float]:
    root = _client(User.objects.get(login="operator"))
    reseller = _client(User.objects.get(customer__name=f"{RESELLER} 1"))
    call = Call.objects.filter(setup_at__lt=now() - timedelta(days=10)).latest("setup_at").id
    day = f"{now() - timedelta(days=10):%Y-%m-%d}"
    return {
        name: median_ms(
            _get(reseller if is_reseller else root, path.format(day=day, call=call)), TURNS
        )
        for name, (is_reseller, path, _limit) in PAGES.items()
    }


def _reports() -> dict[str, float]:
    """The whole month by each group, as Root reads it: milliseconds."""
    root = _client(User.objects.get(login="operator"))
    month = f"since={now() - timedelta(days=31):%Y-%m-%d}&until={now():%Y-%m-%d}"
    path = "/calls/reports/?group={}&" + month
    return {group: median_ms(_get(root, path.format(group)), TURNS) for group in GROUPS}


def _charge_further() -> Spent:
    """What charging takes on one processor, of calls that came since yesterday."""
    trunks = dict(Trunk.objects.order_by("pk").values_list("customer_id", "pk"))
    yesterday = now().astimezone(UTC) - timedelta(days=1)
    midnight = yesterday.replace(hour=0, minute=0, second=0, microsecond=0)
    further = test_traffic.Traffic(
        calls=FURTHER,
        since=midnight,
        until=now() - timedelta(minutes=1),
        prefixes=[row.prefix for row in make_prefixes()],
        ring=len(countries()),
        skew=3.0,
    )
    store = partial(
        test_traffic.store_batch,
        further,
        Callers(list(trunks), list(trunks.values())),
        switch=Switch.objects.get(name=SWITCH),
        run="further",
    )
    for first in range(0, FURTHER, test_traffic.BATCH):
        store(first=first)
    with _one_core(), measured() as spent:
        report = charge_pending(batches=FURTHER // BATCH)
    if report.charged != FURTHER:
        raise RuntimeError(f"{report.charged:,} of {FURTHER:,} calls were charged")
    return spent


def _gigabytes() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return float(cursor.fetchone()[0]) / 1e9


@contextmanager
def _one_core() -> Iterator[None]:
    """This process and its backend share one processor; others write what was changed."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    before, core = os.sched_getaffinity(0), {max(os.sched_getaffinity(0))}
    for process in (0, backend):
        os.sched_setaffinity(process, core)
    try:
        yield
    finally:
        for process in (0, backend):
            os.sched_setaffinity(process, before)
