"""How fast the closed periods of a month become drafts of invoices, on one core.

10,000 customers of one owner with 2,000,000 charges in the order of time, so that those of a
customer lie scattered; tax, a fee, short calls, a payment and a debit each. Drafts are made as
closing makes them, a hundred in a transaction. BENCH_INVOICES sets another number of customers.
"""

import os
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.models import Balance, BillingPeriod, Invoice, InvoiceLine
from billing.services.drafts import draft_periods
from softswitch.core.partitions import ensure_months
from tariffs.models import TariffVersion
from tests.bench.charging import Spent
from tests.bench.charging import _measured as measured
from tests.bench.databases import fresh_database
from tests.bench.forest import load_forest
from tests.bench.stored import _one_core as one_core

CUSTOMERS = int(os.environ.get("BENCH_INVOICES", "10_000"))
CHARGES = 200  # of a customer
DESTINATIONS = 1_000
BATCH = 100
LEAST_PER_SECOND = 100
STARTS_AT = datetime(2026, 3, 1, tzinfo=UTC)
ENDS_AT = datetime(2026, 4, 1, tzinfo=UTC)

_RATES = """
INSERT INTO tariffs_rate (tariff_id, prefix, destination, country, price_1, price_n, interval_1,
    interval_n, is_forbidden, grace_enabled, valid_from)
SELECT %(tariff)s, (100 + n)::text, 'Destination ' || n,
    chr(65 + n %% 26) || chr(65 + n / 26 %% 26),
    n / 10000.0, n / 10000.0, 60, 6, false, false, '2026-01-01'
FROM generate_series(1, %(destinations)s) n
"""
_PERIODS = """
INSERT INTO billing_billingperiod (balance_id, starts_at, ends_at, period_type, timezone, closed_at)
SELECT id, %(start)s, %(end)s, 'monthly', 'UTC', %(end)s FROM billing_balance ORDER BY id
"""
# An entry a day of each, as charging in batches leaves them, or more.
_USAGE = """
INSERT INTO billing_usageentry (id, setup_month, usage_on, balance_id, customer_id, issuer_id,
    period_id, sequence, amount, balance_after, posted_at, calls, billed_seconds)
SELECT 31 * p.place + day, %(month)s, %(month)s + day, b.id, b.customer_id, b.issuer_id, p.id,
    day + 3, -0.1, 0, now(), 7, 420
FROM generate_series(0, 30) day
CROSS JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM billing_billingperiod) p
JOIN billing_balance b ON b.id = p.balance_id
ORDER BY day, p.place
"""
# One call after the other, of customers in turn; a quarter is not answered, few destinations have
# most of the calls.
_CHARGES = """
INSERT INTO billing_charge (call_id, level, revision, setup_at, ended_at, customer_id, issuer_id,
    balance_id, tariff_version_id, rate_id, usage_entry_id, duration_ms, billed_seconds, cost,
    exchange_rate, amount)
SELECT n, 1, 0, at, at + seconds * interval '1 s', b.customer_id, b.issuer_id, b.id, %(version)s,
    %(rate)s + (%(destinations)s * power(random(), 3))::int %% %(destinations)s,
    31 * place + extract(day FROM at)::int - 1, 1000 * seconds, seconds, seconds * 0.001234, 1,
    seconds * 0.001234
FROM (
    SELECT n, (n::bigint * 7919) %% %(customers)s AS place,
        %(start)s + n * (interval '30 days' / %(charges)s) AS at,
        CASE WHEN random() < 0.25 THEN 0 ELSE 1 + (-180 * ln(1 - random()))::int END AS seconds
    FROM generate_series(1, %(charges)s) n
) drawn
JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM billing_balance) b USING (place)
ORDER BY n
"""
_ENTRIES = """
INSERT INTO billing_ledgerentry (balance_id, customer_id, issuer_id, period_id, sequence, amount,
    balance_after, posted_at, kind, original_amount, original_currency_id, exchange_rate, notes,
    acting_as_id, source, idempotency_key)
SELECT b.id, b.customer_id, b.issuer_id, p.id, n, 25 - 10 * n, 0, %(start)s,
    (ARRAY['add_funds', 'debit'])[n], 25 - 10 * n, 'USD', 1, '', b.issuer_id, 'bench',
    'bench' || b.id || '/' || n
FROM billing_balance b JOIN billing_billingperiod p ON p.balance_id = b.id
CROSS JOIN generate_series(1, 2) n
"""
_FEES = """
INSERT INTO billing_fee (balance_id, kind, name, price, quantity, starts_on, is_prorated, is_taxed,
    created_at)
SELECT id, 'recurring', 'Number', 4.5, 1, '2026-03-10', true, true, now() FROM billing_balance
"""
_PARAMETERS = """
INSERT INTO customers_customerparameters (customer_id, nothing, report_recipients, usage_grouping,
    cdr_format, short_call_basis, invoice_format, rate_value, rounding, low_balance_frequency,
    tax_percent, short_calls, short_call_seconds, short_call_percent, short_call_price,
    auto_invoice)
SELECT customer_id, '{}', '', '', '', '', '', '', 'line', '', 20, true, 30, 5, 0.01, true
FROM billing_balance
"""


def run() -> tuple[list[str], bool]:
    """Load, make all drafts; the lines to print, and whether the limit is kept."""
    with fresh_database():
        _load()
        periods = list(BillingPeriod.objects.order_by("balance_id"))
        few, many = _statements(periods[:10]), _statements(periods[10:BATCH])
        rest = periods[BATCH:]
        with one_core(), measured() as spent:
            for first in range(0, len(rest), BATCH):
                _draft(rest[first : first + BATCH])
        if Invoice.objects.count() != len(periods):
            raise RuntimeError(f"{Invoice.objects.count()} drafts of {len(periods)} periods")
        lines = InvoiceLine.objects.count() / len(periods)
    return _report(spent, len(rest), lines, few, many)


def _report(spent: Spent, drafts: int, lines: float, few: int, many: int) -> tuple[list[str], bool]:
    per_second = drafts / spent.wall
    texts = [
        (
            f"invoicing: {per_second:,.0f} drafts/s on one core (limit {LEAST_PER_SECOND}),"
            f" of {CHARGES} charges and {lines:.0f} lines each"
        ),
        (
            f"  {drafts:,} drafts: {spent.wall:.2f} s ({spent.here:.2f} s here"
            f" + {spent.server:.2f} s in the server); {few} statements for 10, {many} for 90"
        ),
    ]
    return texts, per_second >= LEAST_PER_SECOND and few == many


def _load() -> None:
    load_forest(CUSTOMERS, size=1)
    month = date(2026, 3, 1)
    ensure_months(("billing_charge", "billing_usageentry"), [month])
    version = TariffVersion.objects.get()
    values: dict[str, Any] = {
        "tariff": version.tariff_id,
        "version": version.pk,
        "destinations": DESTINATIONS,
        "start": STARTS_AT,
        "end": ENDS_AT,
        "month": month,
        "customers": CUSTOMERS,
        "charges": CUSTOMERS * CHARGES,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_RATES, values)
        cursor.execute("SELECT min(id) FROM tariffs_rate")
        values["rate"] = cursor.fetchone()[0]
        for statement in (_PERIODS, _USAGE, _CHARGES, _ENTRIES, _FEES, _PARAMETERS):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")


def _draft(periods: list[BillingPeriod]) -> None:
    """One batch, as closing makes it: balances locked, in one transaction."""
    with transaction.atomic():
        rows = Balance.objects.filter(pk__in=[period.balance_id for period in periods])
        list(rows.order_by("pk").select_for_update(no_key=True))
        draft_periods(periods, moment=ENDS_AT)


def _statements(periods: list[BillingPeriod]) -> int:
    with CaptureQueriesContext(connection) as captured:
        _draft(periods)
    return len(captured)
