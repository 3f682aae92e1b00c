"""Lists of money on three months of invoices, against the same with half the customers.

One reseller bills them all, as it and Root see it. BENCH_BILLED sets another number of customers.
"""

import os

from django.test import Client

from customers.models import Customer, User
from customers.selectors import system_actor
from customers.services.permissions import grant_defaults_to_all
from tests.bench.customers import median_ms
from tests.bench.databases import fresh_database
from tests.bench.forest import load_forest
from tests.bench.money_rows import MONTHS, load_money
from tests.bench.stored import _client as client_of
from tests.bench.stored import _get as get

CUSTOMERS = int(os.environ.get("BENCH_BILLED", "40_000"))
TURNS = 7
# Who looks (the reseller, or else Root), at what; the largest ratio to half the data. The report
# names each of its payers, so it may take twice as long for twice as many.
PAGES: dict[str, tuple[bool, str, float]] = {
    "invoices": (True, "/billing/invoices/", 1.5),
    "invoices by number": (True, "/billing/invoices/?sort=number", 1.5),
    "invoices by customer": (True, "/billing/invoices/?sort=customer", 1.5),
    "invoices by total": (True, "/billing/invoices/?sort=-total", 1.5),
    "overdue invoices": (True, "/billing/invoices/?status=overdue", 1.5),
    "an invoice by its number": (True, "/billing/invoices/?text=INV-0000042", 1.5),
    "all invoices, Root": (False, "/billing/invoices/", 1.5),
    "payments": (True, "/billing/payments/", 1.5),
    "closing": (True, "/billing/closing/", 1.5),
    "periods": (True, "/billing/periods/", 1.5),
    "aging": (True, "/billing/aging/", 2.5),
}


def run() -> tuple[list[str], bool]:
    """The pages on half and on all; whether the limits are kept."""
    half, whole = _pages(CUSTOMERS // 2), _pages(CUSTOMERS)
    lines, is_met = [f"lists of {CUSTOMERS * MONTHS:,} invoices, against half of them:"], True
    for name, (_is_reseller, _path, limit) in PAGES.items():
        ratio = whole[name] / half[name]
        lines.append(
            f"  {name}: {half[name]:.0f} and {whole[name]:.0f} ms,"
            f" ratio {ratio:.2f} (limit {limit})"
        )
        is_met = is_met and ratio <= limit
    return lines, is_met


def _pages(customers: int) -> dict[str, float]:
    """Milliseconds of each page."""
    with fresh_database():
        root = load_forest(customers + 1, size=customers + 1)
        reseller = Customer.objects.get(owner=root)
        grant_defaults_to_all(actor=system_actor(), customers=[reseller])
        user = User.objects.create(customer=reseller, login="biller", role="administrator")
        load_money()
        clients: dict[bool, Client] = {
            True: client_of(user),
            False: client_of(User.objects.get(customer=root)),
        }
        return {
            name: median_ms(get(clients[is_reseller], path), TURNS)
            for name, (is_reseller, path, _limit) in PAGES.items()
        }
