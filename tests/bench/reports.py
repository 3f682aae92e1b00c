"""How fast a month's report answers over the sums that about ten million calls leave.

The sums are loaded folded: 50 direct customers of Root, 400 destinations of which few have most of
the calls, as in real traffic; the rows of the other grains come from those of the finest.
"""

from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse

from customers.models import Customer, User
from softswitch.core.partitions import ensure_months
from tests.bench.customers import median_ms
from tests.bench.databases import fresh_database
from tests.bench.forest import load_forest

CALLS = 10_000_000
MONTH = date(2026, 3, 1)
STARTS_AT = datetime(2026, 3, 1, tzinfo=UTC)
CUSTOMERS = 50
DESTINATIONS = 400
GROUPS = ("customer", "destination", "country", "day", "hour", "trunk", "account")
MONTH_ASKED = {"since": "2026-03-01", "until": "2026-03-31"}
LIMIT_MS = 1_000
TURNS = 5

_DESTINATIONS = """
INSERT INTO calls_destination (name, country)
SELECT 'Destination ' || n, chr(65 + n %% 26) || chr(65 + n / 26) FROM generate_series(1, %s) n
"""
# One call each, drawn so that of customers and destinations the first have most; then added up.
_DETAIL = """
INSERT INTO calls_traffic
SELECT 0, %(start)s + slot * interval '15 min', 1, true, b.issuer_id, b.customer_id, b.id, 0, 0, 0,
    destination, calls, calls * 2 / 3, calls * 5 / 6, calls, calls * 1200, calls * 95000,
    calls * 100, calls * 0.0125, 0
FROM (
    SELECT (random() * 2975)::int AS slot,
        1 + (%(customers)s * power(random(), 2))::int %% %(customers)s AS place,
        (SELECT min(id) FROM calls_destination)
            + (%(destinations)s * power(random(), 4))::int %% %(destinations)s AS destination,
        count(*) AS calls
    FROM generate_series(1, %(calls)s) GROUP BY 1, 2, 3
) drawn
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place FROM billing_balance
      WHERE issuer_id = %(root)s) b USING (place)
"""
_COARSER = """
INSERT INTO calls_traffic
SELECT {grain}, date_bin('{bin}', slot, '1970-01-01 00:00+00'), level, is_origin, issuer_id,
    customer_id, balance_id, issuer_balance_id, account_id, trunk_id, {destination}, sum(attempts),
    sum(answered), sum(reached), sum(pdd_calls), sum(pdd_ms), sum(duration_ms),
    sum(billed_seconds), sum(amount), sum(issuer_amount)
FROM calls_traffic WHERE grain = 0
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""


def load_traffic(root: Customer) -> int:
    """The sums of CALLS calls in all grains; how many rows."""
    ensure_months(("calls_traffic",), [MONTH])
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_DESTINATIONS, [DESTINATIONS])
        cursor.execute(
            _DETAIL,
            {
                "start": STARTS_AT,
                "customers": CUSTOMERS,
                "destinations": DESTINATIONS,
                "calls": CALLS,
                "root": root.pk,
            },
        )
        for grain, size, destination in ((1, "1 day", "destination_id"), (2, "15 min", "0")):
            cursor.execute(_COARSER.format(grain=grain, bin=size, destination=destination))
        cursor.execute("VACUUM ANALYZE calls_traffic")
        cursor.execute("SELECT count(*) FROM calls_traffic")
        return int(cursor.fetchone()[0])


def run() -> tuple[list[str], bool]:
    """Each report of the month, and an empty page; whether all are quick enough."""
    with fresh_database():
        rows = load_traffic(load_forest(CUSTOMERS, size=1))
        client = Client()
        client.force_login(
            User.objects.get(login="operator"),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        empty = _spent(client, {"since": "2026-01-01", "until": "2026-01-31"})
        taken = {group: _spent(client, MONTH_ASKED | {"group": group}) for group in GROUPS}
        taken |= {
            f"day of a {name}": _spent(client, MONTH_ASKED | {"group": "day", name: value})
            for name, value in (("destination", "Destination 7"), ("country", "CA"))
        }
    lines = [
        (
            f"reports of {CALLS:,} calls in a month: {max(taken.values()):,.0f} ms at most"
            f" (limit {LIMIT_MS:,}), an empty page {empty:.0f} ms, {rows:,} rows of sums"
        ),
        "  by " + ", ".join(f"{group} {spent:,.0f}" for group, spent in taken.items()) + " ms",
    ]
    return lines, max(taken.values()) <= LIMIT_MS


def _spent(client: Client, query: dict[str, Any]) -> float:
    """Milliseconds of a page."""

    def opened() -> None:
        response = client.get(reverse("calls:report"), query)
        if response.status_code != 200:
            raise RuntimeError(f"{query}: {response.status_code}")

    return median_ms(opened, TURNS)
