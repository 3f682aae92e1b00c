"""The months of the big tables are made ready before calls come."""

from datetime import UTC, date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from calls.services.charging import charge_pending
from calls.services.months import TABLES, prepare_months
from calls.tasks import prepare_months as job
from softswitch.core.partitions import coming_months, ensure_months
from tests.calls.stored import START, store_call
from tests.concurrency.threads import at_once
from tests.world import World

_BOUNDS = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = ANY(%s::text[]::regclass[])
"""


def bounds() -> dict[str, str]:
    """The partitions of the big tables, with what they hold."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDS, [list(TABLES)])
        return dict(cursor.fetchall())


def test_coming_months_pass_the_end_of_the_year() -> None:
    assert coming_months(date(2026, 11, 30), 3) == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 2, 1),
    ]


@pytest.mark.django_db
def test_this_month_and_the_coming_ones_are_made_ready_once() -> None:
    before = bounds()
    assert prepare_months(today=date(2029, 11, 30))[-1] == date(2030, 2, 1)
    after = bounds()
    new = {name: bound for name, bound in after.items() if name not in before}
    assert len(new) == 4 * len(TABLES)
    assert new["calls_call_2029_12"] == (
        "FOR VALUES FROM ('2029-12-01 00:00:00+00') TO ('2030-01-01 00:00:00+00')"
    )
    assert new["billing_usageentry_2030_02"] == "FOR VALUES FROM ('2030-02-01') TO ('2030-03-01')"
    with CaptureQueriesContext(connection) as sent:
        prepare_months(today=date(2029, 11, 30))
    assert [query for query in sent.captured_queries if "CREATE" in query["sql"]] == []
    assert bounds() == after


@pytest.mark.django_db
def test_charging_creates_nothing_where_the_job_has_run(world: World) -> None:
    job()
    month = now().astimezone(UTC).date().replace(day=1)
    assert {f"{table}_{month:%Y_%m}" for table in TABLES} <= set(bounds())
    with CaptureQueriesContext(connection) as sent:
        store_call(world.shop, "442071234567", at=now())
        assert charge_pending().charged == 1
    statements = [query["sql"] for query in sent.captured_queries]
    assert [sql for sql in statements if "ATTACH" in sql or "CREATE TABLE" in sql] == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_each_month_once() -> None:
    day = date(2031, 3, 5)
    at_once(*[lambda: prepare_months(today=day)] * 4)
    assert len([name for name in bounds() if name.endswith("_2031_04")]) == len(TABLES)


@pytest.mark.django_db(transaction=True)
def test_a_month_is_made_while_others_write_to_the_table(world: World) -> None:
    """No lock that waits for those who charge: a batch goes on in its transaction meanwhile."""
    ensure_months(TABLES, [START.date().replace(day=1)])
    with transaction.atomic():
        store_call(world.shop, "442071234567")
        charge_pending()
        at_once(lambda: ensure_months(TABLES, [date(2032, 5, 1)]))
        store_call(world.shop, "442071234567")
        charge_pending()
    assert "billing_charge_2032_05" in bounds()
