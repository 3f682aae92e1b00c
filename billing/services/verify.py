"""Proves the ledger: recomputes balances from entries and usage entries from charges.

Charges and usage entries have no foreign keys in the database, so their ids are checked here too.
Everything is one statement per check, which a server answers in parallel for tens of millions of
charges. Each difference comes as one line of text.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from billing.services import verify_pairs, verify_payments
from billing.services.verify_invoices import INVOICE_STATEMENTS

# The placeholder %(customer)s is NULL for all customers.
_OF_CUSTOMER = "(%(customer)s::bigint IS NULL OR {table}.customer_id = %(customer)s)"

_ENTRIES = """
WITH entries AS (
    SELECT balance_id, sequence, amount, balance_after FROM billing_ledgerentry e WHERE {of_e}
    UNION ALL
    SELECT balance_id, sequence, amount, balance_after FROM billing_usageentry e WHERE {of_e}
)
"""
_BALANCES = """
SELECT format('balance %%s: stands at %%s, its %%s entries add up to %%s, last sequence %%s',
    b.id, b.amount, coalesce(s.entries, 0), coalesce(s.amount, 0), b.last_sequence)
FROM billing_balance b LEFT JOIN (
    SELECT balance_id, sum(amount) AS amount, count(*) AS entries FROM entries GROUP BY balance_id
) s ON s.balance_id = b.id
WHERE {of_b} AND (b.amount <> coalesce(s.amount, 0) OR b.last_sequence <> coalesce(s.entries, 0))
ORDER BY b.id
"""
_CHAIN = """
SELECT format('balance %%s entry %%s: is number %%s, says %%s after it, recomputed %%s',
    balance_id, sequence, number, balance_after, recomputed)
FROM (
    SELECT *, row_number() OVER w AS number, sum(amount) OVER w AS recomputed
    FROM entries WINDOW w AS (PARTITION BY balance_id ORDER BY sequence, balance_after
                              ROWS UNBOUNDED PRECEDING)
) e WHERE sequence <> number OR balance_after <> recomputed
ORDER BY balance_id, sequence
"""
# A charge is its cost at the rate of exchange that stands beside it, which has 10 decimals.
# Of a period that a move or an archive ended, calls that ended after it are part too. What
# re-rating adds to a call is no further call.
_USAGE = """
WITH charged AS (
    SELECT c.usage_entry_id AS id, -sum(c.amount) AS amount,
        count(*) FILTER (WHERE c.revision = 0) AS calls,
        sum(c.billed_seconds) AS billed_seconds,
        min(c.ended_at) AS first_end, max(c.ended_at) AS last_end,
        count(*) FILTER (WHERE c.balance_id <> u.balance_id OR c.customer_id <> u.customer_id
            OR c.issuer_id <> u.issuer_id OR c.account_id IS DISTINCT FROM u.account_id
            OR date_trunc('month', c.setup_at AT TIME ZONE 'UTC') <> u.setup_month
            OR abs(c.amount - c.cost * c.exchange_rate)
                > 0.0000005 + abs(c.cost) * 0.00000000005) AS strangers
    FROM billing_charge c LEFT JOIN billing_usageentry u ON u.id = c.usage_entry_id
    WHERE {of_c} GROUP BY c.usage_entry_id
), entry AS (SELECT * FROM billing_usageentry u WHERE {of_u} AND NOT EXISTS (
    SELECT FROM billing_archivedmonth m WHERE m.month = u.setup_month))
SELECT format(
    'usage entry %%s: %%s for %%s calls, %%s s; its charges: %%s for %%s, %%s s, %%s astray, '
    'ended from %%s to %%s in the period from %%s to %%s',
    coalesce(u.id, c.id), u.amount, u.calls, u.billed_seconds,
    coalesce(c.amount, 0), coalesce(c.calls, 0), coalesce(c.billed_seconds, 0),
    coalesce(c.strangers, 0), c.first_end, c.last_end, p.starts_at, p.ends_at)
FROM entry u FULL JOIN charged c ON c.id = u.id
LEFT JOIN billing_balance b ON b.id = u.balance_id
LEFT JOIN billing_billingperiod p ON p.id = u.period_id
LEFT JOIN customers_customer k ON k.id = b.customer_id
LEFT JOIN accounts_account a ON a.id = b.account_id
WHERE u.id IS NULL OR c.id IS NULL OR u.amount <> c.amount OR u.calls <> c.calls
   OR u.billed_seconds <> c.billed_seconds OR c.strangers > 0
   OR (c.last_end >= p.ends_at AND p.ends_at IS DISTINCT FROM b.closed_at
       AND p.ends_at IS DISTINCT FROM k.archived_at AND p.ends_at IS DISTINCT FROM a.archived_at)
   OR (greatest(c.first_end, b.opened_at) < p.starts_at AND NOT EXISTS (
       SELECT FROM billing_billingperiod q
       WHERE q.balance_id = b.id AND q.closed_at IS NOT NULL
         AND q.starts_at <= greatest(c.first_end, b.opened_at)
         AND q.ends_at > greatest(c.first_end, b.opened_at)))
ORDER BY 1
"""
# Of a month that is archived the sums of its charges were kept, by balance.
_ARCHIVED = """
SELECT format('archived month %%s balance %%s: its entries are %%s for %%s calls, %%s s; '
    'its charges were %%s for %%s calls, %%s s',
    to_char(month, 'YYYY-MM'), balance_id, e.amount, e.calls, e.seconds, c.amount,
    c.calls, c.seconds)
FROM (
    SELECT setup_month AS month, balance_id, sum(amount) AS amount, sum(calls) AS calls,
        sum(billed_seconds) AS seconds
    FROM billing_usageentry u
    WHERE {of_u} AND setup_month IN (SELECT month FROM billing_archivedmonth) GROUP BY 1, 2
) e FULL JOIN (
    SELECT month_id AS month, balance_id, -sum(traffic[8]) AS amount, sum(calls) AS calls,
        sum(traffic[7]) AS seconds
    FROM billing_archivedsums t WHERE {of_t} GROUP BY 1, 2
) c USING (month, balance_id)
WHERE (e.amount, e.calls, e.seconds) IS DISTINCT FROM (c.amount, c.calls, c.seconds)
ORDER BY month, balance_id
"""
# What was settled at 0 for a time without an owner names Root as its issuer.
_PARTIES = """
SELECT format('{name} %%s: not of the customer, owner, account or period of balance %%s', u.id,
    u.balance_id)
FROM {table} u
JOIN billing_balance b ON b.id = u.balance_id
LEFT JOIN billing_billingperiod p ON p.id = u.period_id
WHERE {of_u} AND (b.customer_id <> u.customer_id OR b.account_id IS DISTINCT FROM u.account_id
    OR p.balance_id IS DISTINCT FROM u.balance_id
    OR (b.issuer_id <> u.issuer_id AND u.amount <> 0))
ORDER BY u.id
"""
_MISSING = """
SELECT format('{table}: %%s rows name {column} %%s, which does not exist', r.count, r.id)
FROM (SELECT {column} AS id, count(*) AS count FROM {table} t
      WHERE {column} IS NOT NULL AND {of_t} GROUP BY {column}) r
WHERE NOT EXISTS (SELECT FROM {target} found WHERE found.id = r.id)
ORDER BY r.id
"""
_TARGETS = {
    "customer_id": "customers_customer",
    "issuer_id": "customers_customer",
    "account_id": "accounts_account",
    "balance_id": "billing_balance",
    "tariff_version_id": "tariffs_tariffversion",
    "rate_id": "tariffs_rate",
    "period_id": "billing_billingperiod",
}
_COLUMNS = {
    "billing_charge": (
        "customer_id",
        "issuer_id",
        "account_id",
        "balance_id",
        "tariff_version_id",
        "rate_id",
    ),
    "billing_usageentry": ("customer_id", "issuer_id", "account_id", "balance_id", "period_id"),
}
_COUNTS = """
SELECT (SELECT count(*) FROM billing_balance t WHERE {of_t}),
    (SELECT count(*) FROM billing_ledgerentry t WHERE {of_t}),
    (SELECT count(*) FROM billing_usageentry t WHERE {of_t}),
    (SELECT count(*) FROM billing_charge t WHERE {of_t})
"""


def differences(*, customer_id: int | None = None) -> Iterator[str]:
    """Yield a line for each thing that does not add up; of one customer or of all.

    Balance against entries, the chain of ``balance_after`` and its sequence, usage entries against
    charges, every id that no foreign key guards, and what entries say of pairs, periods, vouchers,
    cards, invoices, reservations, reversals, transfers and online payments.
    """
    for statement in _statements():
        yield from run(statement, customer_id)


def archive_differences() -> list[str]:
    """A line for each balance whose entries are not what the charges of archived months were."""
    return run(scoped(_ARCHIVED), None)


def counts(*, customer_id: int | None = None) -> tuple[int, int, int, int]:
    """How many balances, ledger entries, usage entries and charges there are."""
    with connection.cursor() as cursor:
        cursor.execute(scoped(_COUNTS), {"customer": customer_id})
        balances, entries, usage, charges = cursor.fetchone()
        return balances, entries, usage, charges


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all checks see the same moment while calls go on being charged."""
    is_own = not connection.in_atomic_block
    with transaction.atomic():
        if is_own:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def run(statement: str, customer_id: int | None) -> list[str]:
    """The lines of one check: a SELECT of texts that ``scoped`` has limited to a customer."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"customer": customer_id})
        return [row[0] for row in cursor.fetchall()]


def scoped(statement: str, **names: str) -> str:
    """Fill in a check: ``{of_x}`` keeps the rows of table alias x that are the customer's."""
    aliases = {f"of_{alias}": _OF_CUSTOMER.format(table=alias) for alias in "abceitu"}
    return statement.format(**aliases, **names)


def _statements() -> Iterator[str]:
    yield scoped(_ENTRIES + _BALANCES)
    yield scoped(_ENTRIES + _CHAIN)
    yield scoped(_USAGE)
    yield scoped(_ARCHIVED)
    yield scoped(_PARTIES, name="usage entry", table="billing_usageentry")
    yield scoped(_PARTIES, name="ledger entry", table="billing_ledgerentry")
    yield from map(scoped, verify_pairs.STATEMENTS)
    yield from map(scoped, verify_payments.STATEMENTS)
    yield from map(scoped, INVOICE_STATEMENTS)
    for table, columns in _COLUMNS.items():
        for column in columns:
            yield scoped(_MISSING, table=table, column=column, target=_TARGETS[column])
