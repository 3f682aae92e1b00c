"""The checks of what entries say of pairs, periods, vouchers and cards, one SELECT each.

Run by ``billing.services.verify``, which fills in ``{of_x}``.
"""

# An entry of a closed period stands in a later one, unless it is of its invoice; a settlement, a
# credit note, or a payment that came in later, in the last one, or after that.
_LEDGER_PERIODS = """
SELECT format('ledger entry %%s: of %%s, in the period from %%s to %%s', e.id, e.posted_at,
    p.starts_at, p.ends_at)
FROM billing_ledgerentry e
JOIN billing_balance b ON b.id = e.balance_id
JOIN billing_billingperiod p ON p.id = e.period_id
JOIN customers_customer k ON k.id = b.customer_id
LEFT JOIN accounts_account a ON a.id = b.account_id
WHERE {of_e} AND ((e.posted_at > p.ends_at AND (e.source IN ('settlement', 'credit_note', 'online')
        AND p.ends_at >= coalesce(b.closed_at, a.archived_at, k.archived_at)) IS NOT TRUE
        AND NOT (e.invoice_id IS NOT NULL AND p.closed_at IS NOT NULL)) OR (
    greatest(e.posted_at, b.opened_at) < p.starts_at AND NOT EXISTS (
        SELECT FROM billing_billingperiod q
        WHERE q.balance_id = e.balance_id AND q.closed_at IS NOT NULL
          AND q.starts_at <= greatest(e.posted_at, b.opened_at)
          AND q.ends_at > greatest(e.posted_at, b.opened_at))))
ORDER BY e.id
"""
_AMOUNTS = """
SELECT format('ledger entry %%s: %%s of %%s, entered as %%s %%s at %%s, %%s after it', e.id, e.kind,
    e.amount, e.original_amount, e.original_currency_id, e.exchange_rate, e.balance_after)
FROM billing_ledgerentry e JOIN billing_balance b ON b.id = e.balance_id
WHERE {of_e} AND (
    (e.original_currency_id = b.currency_id
        AND (e.amount <> e.original_amount OR e.exchange_rate <> 1))
    OR abs(e.amount - e.original_amount * e.exchange_rate)
        > 0.0000005 + abs(e.original_amount) * 0.00000000005
    OR (e.kind IN ('debit', 'pay_out', 'forfeit') AND e.amount >= 0)
    OR (e.kind IN ('credit', 'add_funds', 'voucher', 'write_off') AND e.amount <= 0)
    OR (e.kind IN ('reset', 'pay_out', 'forfeit') AND e.source <> 'online' AND e.balance_after <> 0)
    OR (e.kind = 'write_off' AND e.balance_after > 0)
    OR (e.source = 'settlement' AND e.balance_after <> 0))
ORDER BY e.id
"""
_SETTLEMENTS = """
SELECT format('ledger entry %%s: settles balance %%s, which was in use at %%s', e.id, b.id,
    e.posted_at)
FROM billing_ledgerentry e
JOIN billing_balance b ON b.id = e.balance_id
JOIN customers_customer k ON k.id = b.customer_id
LEFT JOIN accounts_account a ON a.id = b.account_id
WHERE {of_e} AND e.source = 'settlement'
  AND (e.posted_at >= coalesce(b.closed_at, a.archived_at, k.archived_at)) IS NOT TRUE
ORDER BY e.id
"""
# Behind the last entry that was posted to it stand late calls only, what invoices of it post, and
# what settles them.
_CLOSED = """
SELECT format('balance %%s: closed at %%s without being brought to 0', b.id, b.closed_at)
FROM billing_balance b
LEFT JOIN LATERAL (
    SELECT e.sequence, e.balance_after, e.posted_at FROM billing_ledgerentry e
    WHERE e.balance_id = b.id AND e.source NOT IN ('settlement', 'invoice', 'credit_note')
      AND (e.source <> 'online' OR e.posted_at <= b.closed_at)
    ORDER BY e.sequence DESC LIMIT 1
) last ON true
WHERE {of_b} AND b.closed_at IS NOT NULL AND (
    b.reserved <> 0 OR last.posted_at > b.closed_at OR (last.balance_after <> 0 AND NOT EXISTS (
        SELECT FROM billing_usageentry u
        WHERE u.balance_id = b.id AND u.sequence > last.sequence AND u.balance_after = 0
      UNION ALL
        SELECT FROM billing_ledgerentry i WHERE i.balance_id = b.id AND i.source = 'invoice'
          AND i.sequence > last.sequence AND i.balance_after = 0)))
ORDER BY b.id
"""
_OWNERS = """
SELECT format('balance %%s: customer %%s did not belong to %%s till its end', b.id, b.customer_id,
    b.issuer_id)
FROM billing_balance b JOIN customers_customer k ON k.id = b.customer_id
LEFT JOIN accounts_account a ON a.id = b.account_id
WHERE {of_b} AND CASE WHEN b.account_id IS NOT NULL
    THEN a.customer_id <> b.customer_id OR b.issuer_id <> b.customer_id
    ELSE NOT EXISTS (
        SELECT FROM customers_customerownership o
        WHERE o.customer_id = b.customer_id AND o.owner_id = b.issuer_id
          AND o.valid_till IS NOT DISTINCT FROM coalesce(b.closed_at, k.archived_at)) END
ORDER BY b.id
"""
_VOUCHERS = """
SELECT format('ledger entry %%s: is not what the voucher %%s paid in', e.id, v.serial)
FROM billing_ledgerentry e
LEFT JOIN accounts_voucher v ON v.entry_id = e.id
LEFT JOIN accounts_voucherbatch n ON n.id = v.batch_id
WHERE {of_e} AND (e.kind = 'voucher' OR v.id IS NOT NULL) AND (
    v.id IS NULL OR e.kind <> 'voucher' OR e.idempotency_key <> 'voucher:' || v.id
    OR e.original_amount <> n.value OR e.original_currency_id <> n.currency_id
    OR e.issuer_id <> n.customer_id)
ORDER BY e.id
"""
_CARDS = """
SELECT format('card %%s: does not start with the %%s %%s of its batch', a.id, n.value,
    n.currency_id)
FROM accounts_account a JOIN accounts_cardbatch n ON n.id = a.batch_id
LEFT JOIN billing_balance b ON b.account_id = a.id
LEFT JOIN billing_ledgerentry e ON e.balance_id = b.id AND e.sequence = 1
WHERE {of_a} AND (e.id IS NULL OR e.kind <> 'opening' OR e.amount <> n.value
    OR b.currency_id <> n.currency_id)
ORDER BY a.id
"""
_CARD_COUNTS = """
SELECT format('card batch %%s: has %%s cards of %%s', t.id, found.cards, t.count)
FROM accounts_cardbatch t
CROSS JOIN LATERAL (
    SELECT count(*) AS cards FROM accounts_account a WHERE a.batch_id = t.id) found
WHERE {of_t} AND found.cards <> t.count ORDER BY t.id
"""
STATEMENTS = (
    _LEDGER_PERIODS,
    _AMOUNTS,
    _SETTLEMENTS,
    _CLOSED,
    _OWNERS,
    _VOUCHERS,
    _CARDS,
    _CARD_COUNTS,
)
