"""Loads rates through one statement: prefixes of up to nine digits, some ended, some to come."""

from typing import Any

from django.db import connection

from tariffs.models import Tariff

COUNTRIES = ["GB", "FR", "DE", "US", "IE", "ES", "IT", "NL"]
# Every 20th has ended, every 25th begins later, every 70th is forbidden.
_RATES = """
INSERT INTO tariffs_rate (tariff_id, prefix, destination, country, price_1, price_n, interval_1,
    interval_n, is_forbidden, grace_enabled, valid_from, valid_till)
SELECT %(tariff)s, (100000000 + n * 4357)::text,
    'Place ' || n || CASE WHEN n %% 3 = 0 THEN ' mobile' ELSE '' END,
    (%(countries)s::text[])[1 + n %% %(size)s], (n %% 997) * 0.0001, (n %% 991) * 0.0001, 60, 6,
    n %% 70 = 7, n %% 7 = 0,
    CASE WHEN n %% 25 = 1 THEN now() + interval '30 days' ELSE '2026-01-01' END,
    CASE WHEN n %% 20 = 0 THEN now() - interval '1 day' END
FROM generate_series(1, %(count)s) n
"""


def load_rates(tariff: Tariff, count: int) -> None:
    """Give ``tariff`` so many rates, and the planner its figures."""
    values: dict[str, Any] = {
        "tariff": tariff.pk,
        "count": count,
        "countries": COUNTRIES,
        "size": len(COUNTRIES),
    }
    with connection.cursor() as cursor:
        cursor.execute(_RATES, values)
        cursor.execute("ANALYZE tariffs_rate")
