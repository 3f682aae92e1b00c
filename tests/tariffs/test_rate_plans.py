"""How PostgreSQL reads the rate table of a tariff of 200,000 rates: never the table as a whole.

Prices have no index of their own, and some tens of pages on PostgreSQL may rather sort than walk:
both read the tariff, which ``make bench`` measures for prices and for page 40.
"""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tariffs.models import Tariff
from tests.bench.rates import load_rates
from tests.tariffs.test_pages import login
from tests.world import World, tariff_with_rates

WHOLE = re.compile(r"Seq Scan on tariffs_rate\b")
BOUNDED = re.compile(r"^SELECT COUNT\(\*\) FROM \(.* LIMIT 10001\)")  # stops after 10,001 rows
SOME = re.compile(r"\) LIMIT (\d+)$")  # no order after the condition: stops once it has so many
QUERIES = (
    "",
    "page=20",
    "sort=-prefix",
    "sort=destination",
    "sort=-destination",
    "sort=country",
    "sort=valid_from",
    "sort=-valid_from",
    "prefix=4477",
    "prefix=4477*",
    "number=447700900123",
    "destination=place+1234",
    "destination=12345",
    "destination=place",
    "destination=nowhere",
    "country=GB",
    "country=FR&destination=mobile",
    "state=future",
    "state=closed",
    "state=forbidden",
    "state=all",
    "state=all&prefix=447*",
    "on=2026-02-01T00:00",
)


def read_whole(client: Client, url: str) -> list[str]:
    """The statements of the page that read all rates."""
    with CaptureQueriesContext(connection) as sent:
        assert client.get(url).status_code == 200
    found = []
    with connection.cursor() as cursor:
        for statement in (query["sql"] for query in sent.captured_queries):
            if not statement.startswith("SELECT") or BOUNDED.search(statement):
                continue
            cursor.execute("EXPLAIN " + statement)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            if WHOLE.search(plan) and not stops_early(cursor, statement):
                found.append(statement)
    return found


def stops_early(cursor: Any, statement: str) -> bool:
    """Whether a statement for some rows, whichever, meets as many as it wants."""
    limit = SOME.search(statement)
    if limit is None:
        return False
    cursor.execute(statement)
    return len(cursor.fetchall()) == int(limit[1])


@pytest.mark.django_db
def test_no_search_and_no_sort_reads_all_rates(world: World) -> None:
    large = tariff_with_rates(world.reseller, "Large", "EUR")
    load_rates(large, 200_000)
    client = login(world, "reseller")
    page = reverse("tariffs:tariff_detail", args=[large.pk])
    pages = [f"{page}?{query}" for query in QUERIES]
    row = large.rates.get(prefix="447")
    pages += [
        reverse("tariffs:tariff_list"),
        reverse("tariffs:rate_history", args=[row.pk]),
        reverse("tariffs:rate_edit", args=[row.pk]),
    ]
    small = Tariff.objects.get(name="Retail")
    pages.append(reverse("tariffs:tariff_detail", args=[small.pk]))
    wrong = {url: found for url in pages if (found := read_whole(client, url))}
    assert wrong == {}
