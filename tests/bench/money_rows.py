"""Loads what customers were billed and have paid through set-based SQL: three months of each.

Of every ten customers two have not paid the last invoice, one of them is overdue; every hundredth
invoice is void, the last of every fiftieth customer a draft.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.timezone import now

MONTHS = 3

# Periods of 30 days, the last of which ended ten days ago.
_PERIODS = """
INSERT INTO billing_billingperiod (balance_id, starts_at, ends_at, period_type, timezone, closed_at,
    outcome)
SELECT b.id, %(end)s - (%(months)s - m + 1) * interval '30 days',
    %(end)s - (%(months)s - m) * interval '30 days', 'monthly', 'UTC',
    %(end)s - (%(months)s - m) * interval '30 days' + interval '6 hours' + b.id * interval '1 ms',
    'drafted'
FROM billing_balance b CROSS JOIN generate_series(1, %(months)s) m
ORDER BY m, b.id
"""
# A number per issuer and period, in the order of closing; both parties and the terms are copied.
_INVOICES = """
WITH billed AS (
    SELECT p.id AS period, p.ends_at, p.closed_at, b.id, b.issuer_id, b.customer_id,
        p.ends_at = %(end)s AS is_last, 5 + (p.id * 7919 %% 20000) / 100.0 AS net,
        CASE WHEN p.ends_at = %(end)s AND b.id %% 50 = 0 THEN 'draft'
             WHEN p.id %% 100 = 7 THEN 'void' ELSE 'issued' END AS state
    FROM billing_billingperiod p JOIN billing_balance b ON b.id = p.balance_id
)
INSERT INTO billing_invoice (kind, state, issuer_id, customer_id, balance_id, period_id, mode,
    series, number, currency_id, net, tax, total, open_amount, previous_balance, payments, other,
    closing_balance, amount_due, tax_mode, tax_category, tax_reason, terms, issuer_data,
    customer_data, created_at, issued_at, issued_on, due_on, problem, reason, voided_at)
SELECT 'invoice', state, issuer_id, customer_id, id, period, 'postpaid',
    CASE WHEN state = 'draft' THEN '' ELSE 'INV-' END,
    CASE WHEN state = 'draft' THEN '' ELSE 'INV-' || lpad(period::text, 7, '0') END, 'USD', net,
    round(net * 0.2, 2), net + round(net * 0.2, 2),
    CASE WHEN state = 'issued' AND is_last AND id %% 5 = 0 THEN net + round(net * 0.2, 2)
         ELSE 0 END,
    0, 0, 0, 0, 0, 'added', 'S', '', %(copied)s, %(copied)s, %(copied)s, closed_at,
    CASE WHEN state = 'draft' THEN NULL ELSE closed_at END,
    CASE WHEN state = 'draft' THEN NULL ELSE closed_at::date END,
    CASE WHEN state = 'draft' THEN NULL
         ELSE closed_at::date + CASE WHEN id %% 10 = 0 THEN 5 ELSE 30 END END,
    '', '', CASE WHEN state = 'void' THEN closed_at + interval '1 hour' END
FROM billed ORDER BY period
"""
# Tax and rounding of each, and the payment that settled what is not open.
_ENTRIES = """
INSERT INTO billing_ledgerentry (balance_id, customer_id, issuer_id, period_id, sequence, amount,
    balance_after, posted_at, kind, original_amount, original_currency_id, exchange_rate, notes,
    acting_as_id, source, idempotency_key, invoice_id)
SELECT i.balance_id, i.customer_id, i.issuer_id, i.period_id, i.id * 3 + n,
    CASE n WHEN 3 THEN i.total ELSE -i.tax END, 0,
    i.issued_at + CASE n WHEN 3 THEN interval '6 hours' ELSE interval '0' END,
    (ARRAY['tax', 'rounding', 'add_funds'])[n], i.total, 'USD', 1, '', i.issuer_id, 'bench',
    'bench' || i.id || '/' || n, CASE WHEN n < 3 THEN i.id END
FROM billing_invoice i CROSS JOIN generate_series(1, 3) n
WHERE i.state = 'issued' AND (n < 3 OR i.open_amount = 0)
ORDER BY i.id, n
"""
_ALLOCATIONS = """
INSERT INTO billing_allocation (balance_id, source_entry_id, invoice_id, amount, created_at)
SELECT i.balance_id, e.id, i.id, i.total, e.posted_at
FROM billing_invoice i JOIN billing_ledgerentry e ON e.idempotency_key = 'bench' || i.id || '/3'
"""
_FEES = """
INSERT INTO billing_fee (balance_id, kind, name, price, quantity, starts_on, is_prorated, is_taxed,
    created_at)
SELECT id, 'recurring', 'Number', 4.5, 1, '2026-03-10', true, true, now() FROM billing_balance
"""
_SCHEDULE = "UPDATE billing_balance SET closes_at = %(end)s + interval '30 days'"
_COPIED = '{"name": "A customer of the bench", "address": "Long Street 1, Springfield", "x": "%s"}'


def load_money() -> None:
    """Periods, invoices, entries, allocations and fees of all balances that there are."""
    end = datetime.combine((now() - timedelta(days=10)).date(), datetime.min.time(), UTC)
    values: dict[str, Any] = {"end": end, "months": MONTHS, "copied": _COPIED % ("y" * 400)}
    with connection.cursor() as cursor:
        for statement in (_PERIODS, _INVOICES, _ENTRIES, _ALLOCATIONS, _FEES, _SCHEDULE):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
