"""How PostgreSQL reads the big tables: of four months those asked for, lists by their indexes."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from billing.services.first_run import set_up
from calls.models import Call, PendingCall
from calls.services import picking
from calls.services.test_data import build, prefixes
from calls.services.test_data.build import Size, load_test_data
from calls.services.test_data.world import RESELLER
from customers.models import User

PARTITION = re.compile(r"\b(?:calls_call|billing_charge|calls_traffic)_(\d{4})_(\d{2})\b")
WHOLE = re.compile(r"Seq Scan on (?:calls_call|billing_charge)_\d{4}_\d{2}\b")
# The count stops after 10,001 rows, and whether there is any at all after the first.
BOUNDED = re.compile(r"^SELECT COUNT\(\*\) FROM \(.* LIMIT 10001\)|^SELECT 1 AS .* LIMIT 1$")
CALLS = 12_000
SPAN = "since={start}T00:00&until={end}T00:00"
LISTS = (
    "/calls/",
    f"/calls/?{SPAN}",
    f"/calls/?{SPAN}&customer=Test+customer+7",
    f"/calls/?{SPAN}&sort=setup_at",
    f"/calls/?{SPAN}&page=3",
)
# These add up, or look through, all that the time holds.
SUMS = (
    f"/calls/?{SPAN}&called=49*",
    f"/calls/?{SPAN}&result=failed",
    f"/calls/totals/?{SPAN}",
    "/calls/reports/?since={start}&until={end}&group=customer",
    "/calls/reports/?since={start}&until={end}&group=destination",
    "/calls/reports/?since={start}&until={end}&group=hour",
    "/",
)


@pytest.fixture
def stored(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of three times 30 days, charged at three levels."""
    monkeypatch.setattr(prefixes, "PREFIXES", 1_000)
    monkeypatch.setattr(build, "_vacuum", lambda: None)
    set_up(name="Root", login="operator", password="correct horse battery")
    size = Size(calls=CALLS, customers=20, months=3, levels=3)
    load_test_data(size=size, say=lambda _: None)


def plans(client: Client, path: str) -> list[str]:
    """The plans of the statements of a page that read a big table."""
    with CaptureQueriesContext(connection) as sent:
        assert client.get(path).status_code == 200
    found = []
    with connection.cursor() as cursor:
        for statement in (query["sql"].lstrip() for query in sent.captured_queries):
            if statement.startswith(("SELECT", "WITH")) and not BOUNDED.search(statement):
                cursor.execute("EXPLAIN " + statement)
                plan = "\n".join(row[0] for row in cursor.fetchall())
                if PARTITION.search(plan):
                    found.append(plan)
    return found


def months_in(plan: str) -> set[date]:
    return {date(int(year), int(month), 1) for year, month in PARTITION.findall(plan)}


def asked(path: str) -> tuple[str, set[date]]:
    """The address with ten days of the month before last, and the months that may be read."""
    today = now().astimezone(UTC).date()
    start = (today.replace(day=1) - timedelta(days=40)).replace(day=10)
    if "{start}" in path:
        whole = path.format(start=start, end=start + timedelta(days=10))
        return whole, {start.replace(day=1)}
    days = [today + timedelta(days=days) for days in range(-8, 2)]  # a week, and a clock ahead
    return path, {day.replace(day=1) for day in days}


def test_pages_read_the_months_asked_for_and_lists_their_index(stored: None) -> None:
    wrong: dict[str, Any] = {}
    for user in (User.objects.get(login="operator"), _reseller()):
        client = Client()
        client.force_login(user)
        for path in LISTS + SUMS:
            address, months = asked(path)
            read = plans(client, address)
            assert read, address
            for plan in read:
                if not months_in(plan) <= months or (path in LISTS and WHOLE.search(plan)):
                    wrong[f"{user.login} {address}"] = plan
    assert not wrong, "\n\n".join(f"{name}\n{plan}" for name, plan in wrong.items())


def _reseller() -> User:
    found: User = User.objects.get(customer__name=f"{RESELLER} 1")
    return found


def test_charging_reads_only_the_months_of_its_calls(stored: None) -> None:
    """The bounds are not known before the rows are picked: what they leave out is not executed."""
    calls = Call.objects.filter(setup_at__gte=datetime.now(UTC) - timedelta(days=100))
    oldest = list(calls.order_by("setup_at")[:20])
    PendingCall.objects.bulk_create(
        [PendingCall(call_id=call.id, setup_at=call.setup_at) for call in oldest]
    )
    picked = picking._CALLS.format(is_reached=picking.IS_REACHED, which=picking._PICKED)
    statement = f"{picking._PICK} {picked}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {statement}", [100, 15, 15])
        lines = [row[0] for row in cursor.fetchall()]
    scans = {month: "never executed" not in line for line in lines for month in months_in(line)}
    assert len(scans) >= 4
    assert [month for month, is_read in sorted(scans.items()) if is_read] == [
        oldest[0].setup_at.date().replace(day=1)
    ]
    assert [line for line in lines if WHOLE.search(line)] == []
