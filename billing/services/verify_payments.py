"""The checks of reservations, reversals, transfers and online payments, one SELECT each.

Run by ``billing.services.verify``, which fills in ``{of_x}``.
"""

_RESERVED = """
SELECT format('balance %%s: %%s is reserved, its reservations add up to %%s', b.id, b.reserved,
    coalesce(r.amount, 0))
FROM billing_balance b
LEFT JOIN (SELECT balance_id, sum(amount) AS amount FROM billing_reservation GROUP BY 1) r
    ON r.balance_id = b.id
WHERE {of_b} AND b.reserved <> coalesce(r.amount, 0)
ORDER BY b.id
"""
_REVERSALS = """
SELECT format('ledger entry %%s: does not take back entry %%s', e.id, e.reverses_id)
FROM billing_ledgerentry e LEFT JOIN billing_ledgerentry t ON t.id = e.reverses_id
WHERE {of_e} AND (e.kind = 'reversal' OR e.reverses_id IS NOT NULL) AND (
    e.kind <> 'reversal' OR t.id IS NULL OR t.kind = 'reversal'
    OR t.balance_id <> e.balance_id OR t.amount <> -e.amount)
ORDER BY e.id
"""
# The two legs of a transfer are told by their keys.
_TRANSFERS = """
SELECT format('transfer %%s: %%s legs of %%s', stem, legs, total)
FROM (
    SELECT substr(e.idempotency_key, 1, length(e.idempotency_key) - strpos(
            reverse(e.idempotency_key), ':')) AS stem,
        count(*) AS legs, sum(e.amount) AS total, count(e.account_id) AS accounts,
        count(DISTINCT e.customer_id) AS customers
    FROM billing_ledgerentry e WHERE e.kind = 'transfer' AND {of_e} GROUP BY 1
) t
WHERE (legs, total, accounts, customers) IS DISTINCT FROM (2, 0, 1, 1)
ORDER BY stem
"""
_ONLINE = """
SELECT format('online payment %%s: %%s %%s, %%s given back, does not stand so in the ledger', p.id,
    p.amount, p.currency_id, p.refunded + p.disputed)
FROM billing_onlinepayment p
JOIN billing_balance b ON b.id = p.balance_id
LEFT JOIN billing_ledgerentry e ON e.id = p.entry_id
LEFT JOIN LATERAL (
    SELECT -sum(r.amount) FILTER (WHERE split_part(r.idempotency_key, ':', 3) = 'refund') AS back,
        -sum(r.amount) FILTER (WHERE split_part(r.idempotency_key, ':', 3) = 'dispute') AS disputed
    FROM billing_ledgerentry r
    WHERE r.balance_id = p.balance_id AND r.source = 'online'
      AND r.idempotency_key LIKE 'online:' || p.id || ':%%'
) given ON true
WHERE {of_b} AND (p.currency_id <> b.currency_id OR coalesce(given.back, 0) <> p.refunded
    OR coalesce(given.disputed, 0) <> p.disputed
    OR (e.id IS NOT NULL AND (e.amount <> p.amount OR e.balance_id <> p.balance_id
        OR e.kind <> 'add_funds' OR e.idempotency_key <> 'online:' || p.id)))
ORDER BY p.id
"""
_ONLINE_ENTRIES = """
SELECT format('ledger entry %%s: no online payment has posted it', e.id)
FROM billing_ledgerentry e LEFT JOIN billing_onlinepayment p
    ON p.id::text = split_part(e.idempotency_key, ':', 2)
    AND (p.entry_id = e.id OR split_part(e.idempotency_key, ':', 3) = 'dispute')
WHERE {of_e} AND e.source = 'online' AND e.kind = 'add_funds' AND p.id IS NULL
ORDER BY e.id
"""
STATEMENTS = (_RESERVED, _REVERSALS, _TRANSFERS, _ONLINE, _ONLINE_ENTRIES)
