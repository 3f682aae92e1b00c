"""The checks of invoices, their numbers, entries, and what settled them, one SELECT each.

Run by ``billing.services.verify``, which fills in ``{of_x}``.
"""

from billing.choices import PAYMENTS, SETTLING

_SETTLING = ", ".join(f"'{kind.value}'" for kind in SETTLING)
_PAYMENTS = ", ".join(f"'{kind.value}'" for kind in PAYMENTS)
# Every entry with the kind that it counts as: a reversal is as what it reverses in the end.
_COUNTED = """
WITH RECURSIVE counted AS (
    SELECT id, kind, balance_id, customer_id, period_id, amount, invoice_id, reverses_id
    FROM billing_ledgerentry e WHERE {of_e} AND reverses_id IS NULL
  UNION ALL
    SELECT e.id, c.kind, e.balance_id, e.customer_id, e.period_id, e.amount, e.invoice_id,
        e.reverses_id
    FROM counted c JOIN billing_ledgerentry e ON e.reverses_id = c.id
)
"""
_PARTIES = """
SELECT format('invoice %%s %%s: not of the pair, currency or period of balance %%s', i.id, i.number,
    b.id)
FROM billing_invoice i JOIN billing_balance b ON b.id = i.balance_id
LEFT JOIN billing_billingperiod p ON p.id = i.period_id
LEFT JOIN billing_invoice k ON k.id = i.corrects_id
WHERE {of_i} AND (i.customer_id <> b.customer_id OR i.issuer_id <> b.issuer_id
    OR i.account_id IS DISTINCT FROM b.account_id OR i.currency_id <> b.currency_id
    OR (i.kind = 'invoice' AND (p.balance_id = b.id AND p.closed_at IS NOT NULL) IS NOT TRUE)
    OR (i.kind = 'credit_note' AND (k.balance_id = b.id AND k.kind = 'invoice'
        AND k.state = 'issued' AND i.state = 'issued') IS NOT TRUE))
ORDER BY i.id
"""
_TWICE = """
SELECT format('period %%s: has %%s invoices', i.period_id, count(*))
FROM billing_invoice i WHERE {of_i} AND i.kind = 'invoice' AND i.state <> 'void'
GROUP BY i.period_id HAVING count(*) > 1 ORDER BY i.period_id
"""
# Prices that hold the tax already are gross lines.
_TOTALS = """
SELECT format('invoice %%s %%s: %%s net and %%s tax of %%s; its lines are %%s, its taxes %%s', i.id,
    i.number, i.net, i.tax, i.total, l.amount, t.amount)
FROM billing_invoice i
CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM billing_invoiceline
                    WHERE invoice_id = i.id) l
CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM billing_invoicetax
                    WHERE invoice_id = i.id) t
WHERE {of_i} AND (i.total <> i.net + i.tax OR i.tax <> t.amount
    OR l.amount <> CASE i.tax_mode WHEN 'included' THEN i.total ELSE i.net END)
ORDER BY i.id
"""
# What a client reads: the balance that the invoice ends with, and what is paid of it in its period.
_SUMS = """
SELECT format('invoice %%s %%s: %%s before, %%s paid, %%s else and %%s billed leave %%s, %%s due; '
    'its period has %%s paid', i.id, i.number, i.previous_balance, i.payments, i.other, i.total,
    i.closing_balance, i.amount_due, p.amount)
FROM billing_invoice i LEFT JOIN (
    SELECT period_id, sum(amount) AS amount FROM counted WHERE kind IN ({payments}) GROUP BY 1
) p ON p.period_id = i.period_id
WHERE {of_i} AND i.kind = 'invoice' AND i.state <> 'draft' AND (
    i.amount_due <> greatest(-i.closing_balance, 0)
    OR i.closing_balance <> i.previous_balance + i.payments + i.other - i.total
    OR i.payments <> coalesce(p.amount, 0))
ORDER BY i.id
""".replace("{payments}", _PAYMENTS)
_ROUNDED = """
SELECT format('invoice %%s %%s line %%s: %%s of %%s, in a currency of %%s decimals', i.id, i.number,
    l.position, l.amount, l.exact, c.decimals)
FROM billing_invoice i JOIN billing_invoiceline l ON l.invoice_id = i.id
JOIN tariffs_currency c ON c.code = i.currency_id
WHERE {of_i} AND i.state <> 'draft' AND l.amount <> round(l.exact, c.decimals)
ORDER BY i.id, l.position
"""
# Lines of calls and adjustments are what the ledger holds, to the last digit; of the others and of
# tax issuing has posted what is billed.
_PARTS = """
, part AS (
    SELECT i.id, CASE WHEN l.kind = 'late' THEN 'usage' ELSE l.kind END AS name,
        CASE WHEN l.kind IN ('usage', 'late', 'adjustment') THEN l.exact
            ELSE l.amount END AS billed, 0 AS posted
    FROM billing_invoice i JOIN billing_invoiceline l ON l.invoice_id = i.id
    WHERE {of_i} AND i.kind = 'invoice' AND i.state = 'issued'
  UNION ALL
    SELECT i.id, 'tax', i.tax, 0 FROM billing_invoice i
    WHERE {of_i} AND i.kind = 'invoice' AND i.state = 'issued' AND i.tax_mode = 'added'
  UNION ALL
    SELECT i.id, CASE WHEN c.kind IN ('debit', 'credit') THEN 'adjustment' ELSE c.kind END, 0,
        -c.amount
    FROM counted c JOIN billing_invoice i ON i.kind = 'invoice' AND i.state = 'issued'
        AND CASE WHEN c.kind IN ('debit', 'credit') THEN i.period_id = c.period_id
            ELSE i.id = c.invoice_id AND c.kind <> 'rounding' END
  UNION ALL
    SELECT i.id, 'usage', 0, -u.amount FROM billing_usageentry u
    JOIN billing_invoice i ON i.period_id = u.period_id AND i.kind = 'invoice'
        AND i.state = 'issued'
    WHERE {of_u}
)
SELECT format('invoice %%s: bills %%s as %%s, the ledger has %%s', id, sum(billed), name,
    sum(posted))
FROM part GROUP BY id, name HAVING sum(billed) <> sum(posted) ORDER BY id, name
"""
# Rounded per line a tax is off by half a unit a line at most; a credit note has a share of that.
_TAXED = """
SELECT format('invoice %%s %%s: %%s is %%s %%%% of %%s; %%s is taxed', i.id, i.number, t.amount,
    t.percent, t.base, l.amount)
FROM billing_invoice i JOIN billing_invoicetax t ON t.invoice_id = i.id
JOIN tariffs_currency c ON c.code = i.currency_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount), 0)
        - CASE i.tax_mode WHEN 'included' THEN i.tax ELSE 0 END AS amount
    FROM billing_invoiceline WHERE invoice_id = i.id AND is_taxed
) l
CROSS JOIN LATERAL (
    SELECT count(*) AS lines FROM billing_invoiceline
    WHERE invoice_id = coalesce(i.corrects_id, i.id)
) n
WHERE {of_i} AND ((NOT t.is_compound AND t.base <> l.amount)
    OR abs(t.amount - t.base * t.percent / 100) > (n.lines + 1) * power(10, -c.decimals))
ORDER BY i.id, t.position
"""
_FEES = """
SELECT format('fee %%s: is of balance %%s, %%s invoices bill it, of balances %%s to %%s', f.id,
    f.balance_id, count(*), min(i.balance_id), max(i.balance_id))
FROM billing_fee f JOIN billing_invoiceline l ON l.fee_id = f.id
JOIN billing_invoice i ON i.id = l.invoice_id
WHERE {of_i} AND i.state <> 'void'
GROUP BY f.id HAVING count(*) FILTER (WHERE i.balance_id <> f.balance_id) > 0
    OR (f.kind = 'once' AND count(*) > 1)
ORDER BY f.id
"""
_NUMBERS = """
SELECT format('series %%s of customer %%s: counts to %%s; %%s numbers from %%s to %%s, %%s astray',
    coalesce(s.series, i.series), coalesce(s.issuer_id, i.issuer_id), s.last, i.numbers, i.first,
    i.last, i.rows - i.numbers)
FROM (
    SELECT issuer_id, series, count(*) AS rows, count(DISTINCT n) AS numbers, min(n) AS first,
        max(n) AS last
    FROM (
        SELECT issuer_id, series, CASE WHEN starts_with(number, series)
            AND substr(number, length(series) + 1) ~ '^([0-9]{{6}}|[1-9][0-9]{{6,}})$'
            THEN substr(number, length(series) + 1)::bigint END AS n
        FROM billing_invoice WHERE state <> 'draft'
    ) numbered GROUP BY issuer_id, series
) i FULL JOIN billing_numberseries s ON s.issuer_id = i.issuer_id AND s.series = i.series
WHERE (%(customer)s::bigint IS NULL OR coalesce(s.issuer_id, i.issuer_id) = %(customer)s)
    AND (i.rows = s.last AND i.numbers = s.last AND i.first = 1 AND i.last = s.last) IS NOT TRUE
ORDER BY 1
"""
# Of a voided invoice all that it posted is taken back. A credit note has the one entry.
_BILLED = """
SELECT format('invoice %%s %%s: bills %%s, the ledger has %%s for it', i.id, i.number, i.total,
    -f.sum)
FROM (
    SELECT i.id, coalesce(sum(found.amount), 0) AS sum
    FROM billing_invoice i LEFT JOIN (
        SELECT c.invoice_id AS id, c.amount FROM counted c WHERE c.invoice_id IS NOT NULL
      UNION ALL
        SELECT i.id, c.amount FROM counted c JOIN billing_invoice i ON i.period_id = c.period_id
        WHERE c.kind IN ('debit', 'credit') AND i.kind = 'invoice' AND i.state = 'issued'
      UNION ALL
        SELECT i.id, u.amount FROM billing_usageentry u
        JOIN billing_invoice i ON i.period_id = u.period_id
        WHERE {of_u} AND i.kind = 'invoice' AND i.state = 'issued'
    ) found ON found.id = i.id
    WHERE {of_i} GROUP BY i.id
) f JOIN billing_invoice i ON i.id = f.id
WHERE f.sum <> CASE
    WHEN i.kind = 'credit_note' THEN i.total WHEN i.state = 'issued' THEN -i.total ELSE 0 END
ORDER BY i.id
"""
_ENTRIES = """
SELECT format('ledger entry %%s: %%s, in a period or of a kind that invoice %%s does not post',
    e.id, e.kind, i.id)
FROM billing_ledgerentry e JOIN billing_invoice i ON i.id = e.invoice_id
LEFT JOIN billing_ledgerentry r ON r.id = e.reverses_id
WHERE {of_e} AND CASE i.kind WHEN 'credit_note'
    THEN e.kind <> 'credit_note' OR e.amount <> i.total
    ELSE e.period_id <> i.period_id OR i.state = 'draft'
        OR (CASE WHEN e.reverses_id IS NULL
            THEN e.kind IN ('fee', 'surcharge', 'minimum', 'tax', 'rounding')
            ELSE e.kind = 'reversal' AND r.invoice_id = i.id AND i.state = 'void' END) IS NOT TRUE
    END
ORDER BY e.id
"""
_CREDITED = """
SELECT format('invoice %%s %%s: %%s credited of %%s', i.id, i.number, sum(n.total), i.total)
FROM billing_invoice i JOIN billing_invoice n ON n.corrects_id = i.id
WHERE {of_i} GROUP BY i.id HAVING sum(n.total) > i.total ORDER BY i.id
"""
_OPEN = """
SELECT format('invoice %%s %%s: %%s is open of %%s, %%s was allocated', i.id, i.number,
    i.open_amount, i.total, a.amount)
FROM billing_invoice i
CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM billing_allocation
                    WHERE invoice_id = i.id) a
WHERE {of_i} AND (i.open_amount < 0 OR a.amount < 0 OR i.open_amount + a.amount <> CASE
    WHEN i.kind = 'invoice' AND i.state = 'issued' THEN greatest(i.total, 0) ELSE 0 END)
ORDER BY i.id
"""
_SPENT = """
SELECT format('balance %%s: %%s was allocated of %%s %%s, which brought %%s', s.balance_id,
    s.amount, s.name, s.id, s.brought)
FROM (
    SELECT b.id AS balance_id, 'ledger entry' AS name, e.id, sum(a.amount) AS amount,
        CASE WHEN e.balance_id = b.id THEN greatest(e.amount, 0) END AS brought
    FROM billing_allocation a JOIN billing_balance b ON b.id = a.balance_id
    JOIN billing_ledgerentry e ON e.id = a.source_entry_id WHERE {of_b} GROUP BY b.id, e.id
  UNION ALL
    SELECT b.id, 'invoice', i.id, sum(a.amount), CASE WHEN i.balance_id = b.id
        THEN CASE WHEN i.state = 'issued' THEN greatest(-i.total, 0) ELSE 0 END END
    FROM billing_allocation a JOIN billing_balance b ON b.id = a.balance_id
    JOIN billing_invoice i ON i.id = a.source_invoice_id WHERE {of_b} GROUP BY b.id, i.id
  UNION ALL
    SELECT b.id, 'what went out as ledger entry', e.id, sum(a.amount),
        CASE WHEN e.balance_id = b.id THEN greatest(-e.amount, 0) END
    FROM billing_allocation a JOIN billing_balance b ON b.id = a.balance_id
    JOIN billing_ledgerentry e ON e.id = a.entry_id WHERE {of_b} GROUP BY b.id, e.id
  UNION ALL
    SELECT b.id, 'the total of invoice', i.id, sum(a.amount),
        CASE WHEN i.balance_id = b.id THEN greatest(i.total, 0) END
    FROM billing_allocation a JOIN billing_balance b ON b.id = a.balance_id
    JOIN billing_invoice i ON i.id = a.invoice_id WHERE {of_b} GROUP BY b.id, i.id
) s WHERE (s.amount BETWEEN 0 AND s.brought) IS NOT TRUE ORDER BY 1
"""
# The balance is what is free, less what is open, and what no invoice has billed yet. Where
# something is open, nothing may be free.
_STANDING = """
, money AS (
    SELECT balance_id, amount AS free, 0 AS opened, 0 AS unbilled FROM counted
    WHERE kind IN ({settling})
  UNION ALL
    SELECT c.balance_id, 0, 0, c.amount FROM counted c
    LEFT JOIN billing_invoice i ON i.period_id = c.period_id AND i.kind = 'invoice'
        AND i.state = 'issued'
    WHERE c.kind NOT IN ({settling}) AND i.id IS NULL
  UNION ALL
    SELECT u.balance_id, 0, 0, u.amount FROM billing_usageentry u
    LEFT JOIN billing_invoice i ON i.period_id = u.period_id AND i.kind = 'invoice'
        AND i.state = 'issued'
    WHERE {of_u} AND i.id IS NULL
  UNION ALL
    SELECT i.balance_id, greatest(-i.total, 0), i.open_amount, 0 FROM billing_invoice i
    WHERE {of_i} AND i.kind = 'invoice' AND i.state = 'issued'
  UNION ALL
    SELECT a.balance_id, -a.amount, 0, 0 FROM billing_allocation a
    JOIN billing_balance b ON b.id = a.balance_id WHERE {of_b} AND a.invoice_id IS NOT NULL
), standing AS (
    SELECT balance_id, sum(free) AS free, sum(opened) AS opened, sum(unbilled) AS unbilled
    FROM money GROUP BY balance_id
)
SELECT format('balance %%s: stands at %%s; %%s is free, %%s open and %%s not billed', b.id,
    b.amount, s.free, s.opened, s.unbilled)
FROM standing s JOIN billing_balance b ON b.id = s.balance_id
WHERE b.amount <> s.free - s.opened + s.unbilled OR (s.opened > 0 AND s.free > 0)
ORDER BY b.id
""".replace("{settling}", _SETTLING)
# More was never taken back from an end than had gone to it.
_TAKEN_BACK = """
SELECT format('balance %%s: %%s from entry %%s or invoice %%s to invoice %%s or entry %%s',
    b.id, sum(a.amount), a.source_entry_id, a.source_invoice_id, a.invoice_id, a.entry_id)
FROM billing_allocation a JOIN billing_balance b ON b.id = a.balance_id WHERE {of_b}
GROUP BY b.id, a.source_entry_id, a.source_invoice_id, a.invoice_id, a.entry_id
HAVING sum(a.amount) < 0 ORDER BY 1
"""
INVOICE_STATEMENTS = (
    _PARTIES,
    _TWICE,
    _TOTALS,
    _COUNTED + _SUMS,
    _ROUNDED,
    _COUNTED + _PARTS,
    _TAXED,
    _FEES,
    _NUMBERS,
    _COUNTED + _BILLED,
    _ENTRIES,
    _CREDITED,
    _OPEN,
    _SPENT,
    _TAKEN_BACK,
    _COUNTED + _STANDING,
)
