"""Alerts of 10,000 customers: the one look that finds what is due, and a run that tells it."""

import time
from datetime import UTC, datetime

from django.db import connection

from billing.models import AlertState
from billing.selectors.alerts import due_alerts
from billing.services.alerts import run_alerts
from notifications.models import Notice
from tests.bench.customers import median_ms
from tests.bench.databases import fresh_database
from tests.bench.forest import load_forest
from tests.sql import count_queries

FEW, MANY = 1_000, 10_000
MOST = 15.0  # times the look at FEW
NIGHT = datetime(2026, 3, 10, 3, tzinfo=UTC)
NINE = datetime(2026, 3, 10, 9, tzinfo=UTC)
# Below any amount; nobody has an address, so that the bell alone is told.
_RULES = """
INSERT INTO customers_customerparameters (customer_id, nothing, report_recipients, usage_grouping,
    cdr_format, short_call_basis, invoice_format, rate_value, rounding, low_balance_frequency,
    notifications, low_balance_amount)
SELECT customer_id, '{}', '', '', '', '', '', '', '', '', true, 1000000 FROM billing_balance
"""


def run() -> tuple[list[str], bool]:
    """The look at few and at many, and the run; whether the limits are kept."""
    few, many = _measured(FEW), _measured(MANY)
    ratio = many[0] / few[0]
    lines = [
        (
            f"alerts: {FEW:,} and {MANY:,} found due in {few[0]:.0f} and {many[0]:.0f} ms,"
            f" ratio {ratio:.1f} (limit {MOST:.0f}), in {few[1]} and {many[1]} statements (limit 1)"
        ),
        f"  {MANY:,} with nothing due: {many[2]:.0f} ms; told: {MANY / many[3]:,.0f}/s",
    ]
    return lines, ratio <= MOST and few[1] == many[1] == 1


def _measured(count: int) -> tuple[float, int, float, float]:
    """Milliseconds of a look that finds all, its statements, of one that finds none; seconds."""
    with fresh_database():
        load_forest(count, size=4)
        with connection.cursor() as cursor:
            cursor.execute(_RULES)
            cursor.execute("ANALYZE")
        run_alerts(moment=NIGHT)
        if AlertState.objects.filter(low_since=NIGHT).count() != count:
            raise RuntimeError("not all of them are low")
        look = median_ms(lambda: due_alerts(NINE, limit=count), times=5)
        statements = count_queries(lambda: due_alerts(NINE, limit=count))
        start = time.perf_counter()
        run_alerts(moment=NINE)
        spent = time.perf_counter() - start
        if Notice.objects.count() != count:
            raise RuntimeError("not all of them were told")
        idle = median_ms(lambda: due_alerts(NINE, limit=count), times=5)
        return look, statements, idle, spent
