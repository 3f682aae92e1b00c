"""How PostgreSQL reads lists, search and tree among 20,000 customers: no large table as a whole.

Columns without an index (money, counts, badges) are sorted by reading all rows that are found, and
what fits a good part of a table is joined by reading it: ``make bench`` measures both.
"""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, User
from tests.bench.forest import load_forest, load_resources

LARGE = (
    "customers_customer",
    "customers_customersearch",
    "customers_customerownership",
    "customers_user",
    "billing_balance",
    "accounts_account",
    "accounts_trunk",
    "accounts_host",
)
WHOLE = re.compile(rf"Seq Scan on ({'|'.join(LARGE)})\b")
BOUNDED = re.compile(r"^SELECT COUNT\(\*\) FROM \(.* LIMIT 10001\)")  # stops after 10,001 rows
PAGES = (
    "/customers/",
    "/customers/?show=all",
    "/customers/?show=all&sort=-name",
    "/customers/?show=all&name=cedar+1a",
    "/customers/?show=all&name=ce",
    "/customers/?show=all&name=zq",
    "/customers/?show=all&company_name=9991",
    "/customers/limits/",
    "/customers/limits/?show=all&name=cedar+1a",
    "/customers/tree/",
    "/accounts/hosts/?network=10.0.0.9",
    "/accounts/hosts/?customer=cedar+1a2b3",
    "/accounts/hosts/?trunk=9f1c5a",
    "/search/?q=cedar+1a2b3",
    "/search/?q=9f1c5a",
    "/search/?q=10.0.0.9",
)


def read_whole(client: Client, path: str) -> set[str]:
    """The large tables that a statement of the page reads from end to end."""
    with CaptureQueriesContext(connection) as sent:
        assert client.get(path).status_code == 200
    found = set()
    with connection.cursor() as cursor:
        for statement in (query["sql"] for query in sent.captured_queries):
            if statement.startswith("SELECT") and not BOUNDED.search(statement):
                cursor.execute("EXPLAIN " + statement)
                found |= set(WHOLE.findall("\n".join(row[0] for row in cursor.fetchall())))
    return found


@pytest.mark.django_db
def test_no_page_reads_a_large_table_as_a_whole() -> None:
    root = load_forest(12_000, size=4)
    owners = {"root": root}
    for who, size in (("big", 8_001), ("small", 6)):
        load_forest(size, size=size)
        owners[who] = Customer.objects.filter(owner=root).latest("pk")
    load_resources(above=root.pk)
    wrong = {}
    for who, owner in owners.items():
        client = Client()
        client.force_login(User.objects.filter(customer=owner).earliest("pk"))
        for path in PAGES:
            tables = read_whole(client, path)
            if tables:
                wrong[who, path] = sorted(tables)
    assert wrong == {}
