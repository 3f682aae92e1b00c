"""Proves that charges, calls and traffic belong together, beside billing's proof of the ledger."""

from collections.abc import Iterator

from billing.services.verify import run, scoped
from calls.services.picking import IS_REACHED

_NO_CALL = """
SELECT format('billing_charge: call %%s of %%s does not exist', t.call_id, t.setup_at)
FROM billing_charge t
WHERE {of_t} AND NOT EXISTS (
    SELECT FROM calls_call c WHERE c.id = t.call_id AND c.setup_at = t.setup_at)
GROUP BY t.call_id, t.setup_at ORDER BY t.call_id
"""
_NOT_ONE_STATE = """
SELECT format('call %%s is charged, and %%s too', t.call_id, other.state)
FROM (SELECT call_id, setup_at, 'unrated' AS state FROM calls_unratedcall
      UNION ALL SELECT call_id, setup_at, 'waiting' FROM calls_pendingcall) other
JOIN billing_charge t ON t.call_id = other.call_id AND t.setup_at = other.setup_at
WHERE {of_t} GROUP BY t.call_id, other.state ORDER BY t.call_id
"""
# An answered call is charged from its customer upwards, or stands where it is not forgotten.
_LOST = """
SELECT format('call %%s of %%s is not charged, not unrated and not waiting', t.id, t.setup_at)
FROM calls_call t
WHERE {of_t} AND t.answered_at IS NOT NULL AND t.duration_ms > 0
  AND t.customer_id IS DISTINCT FROM (SELECT id FROM customers_customer WHERE is_root)
  AND NOT EXISTS (SELECT FROM billing_charge c WHERE c.call_id = t.id AND c.setup_at = t.setup_at
      AND c.level = 1 AND c.customer_id = t.customer_id)
  AND NOT EXISTS (SELECT FROM calls_unratedcall u WHERE u.call_id = t.id)
  AND NOT EXISTS (SELECT FROM calls_pendingcall p WHERE p.call_id = t.id)
ORDER BY t.id
"""
_BROKEN_CHAIN = """
SELECT format('call %%s level %%s: its issuer %%s is not charged in turn', t.call_id, t.level,
    t.issuer_id)
FROM billing_charge t LEFT JOIN billing_charge up ON up.call_id = t.call_id
    AND up.setup_at = t.setup_at AND up.level = t.level + 1 AND up.revision = 0
WHERE {of_t} AND t.revision = 0 AND t.issuer_id IS DISTINCT FROM
    coalesce(up.customer_id, (SELECT id FROM customers_customer WHERE is_root))
ORDER BY t.call_id, t.level
"""
# A re-rating reverses the newest charge of a level (odd revision) and adds another (even).
_REVISIONS = """
SELECT format('call %%s level %%s revision %%s: does not follow from the one before', t.call_id,
    t.level, t.revision)
FROM billing_charge t
LEFT JOIN billing_charge b ON b.call_id = t.call_id AND b.setup_at = t.setup_at
    AND b.level = t.level AND b.revision = t.revision - 1
LEFT JOIN billing_charge n ON n.call_id = t.call_id AND n.setup_at = t.setup_at
    AND n.level = t.level AND n.revision = t.revision + 1
LEFT JOIN calls_reratingentry e ON e.usage_entry_id = t.usage_entry_id
WHERE {of_t} AND t.revision > 0 AND (b.call_id IS NULL OR e.re_rating_id IS NULL
    OR (b.customer_id, b.issuer_id, b.balance_id, coalesce(b.account_id, 0))
        <> (t.customer_id, t.issuer_id, t.balance_id, coalesce(t.account_id, 0))
    OR b.ended_at <> t.ended_at OR b.duration_ms <> -t.duration_ms
    OR t.revision %% 2 = 1 AND (n.call_id IS NULL
        OR (b.cost, b.amount, b.billed_seconds) <> (-t.cost, -t.amount, -t.billed_seconds)
        OR (b.exchange_rate, coalesce(b.rate_id, 0), coalesce(b.tariff_version_id, 0))
            <> (t.exchange_rate, coalesce(t.rate_id, 0), coalesce(t.tariff_version_id, 0))))
ORDER BY t.call_id, t.level, t.revision
"""

# The places of the sums of billing_archivedsums.traffic, too.
TRAFFIC_SUMS = """sum(attempts), sum(answered), sum(reached), sum(pdd_calls), sum(pdd_ms),
    sum(duration_ms), sum(billed_seconds), sum(amount), sum(issuer_amount)"""
# What charges add up to. What re-rating adds to a charge changes what it cost, and is no further
# call. What the issuer pays stands where the call counts, once, whichever of both levels was
# re-rated.
_RAW_TRAFFIC = """
SELECT t.setup_at AS slot, t.level, t.balance_id, t.customer_id, n.attempts,
    n.attempts * (t.duration_ms > 0)::int AS answered,
    n.attempts * c.is_reached::int AS reached,
    n.attempts * coalesce(c.pdd_ms >= 0, false)::int AS pdd_calls,
    n.attempts * greatest(c.pdd_ms, 0) AS pdd_ms,
    n.attempts * t.duration_ms AS duration_ms, t.billed_seconds, t.amount,
    0 AS issuer_amount
FROM {charges} t
JOIN LATERAL (SELECT (t.revision = 0)::int AS attempts) n ON true
JOIN (SELECT id, setup_at, pdd_ms, {is_reached} AS is_reached FROM {calls}) c
    ON c.id = t.call_id AND c.setup_at = t.setup_at
WHERE {whose}
UNION ALL
SELECT t.setup_at, t.level, t.balance_id, t.customer_id, 0, 0, 0, 0, 0, 0, 0, 0, up.amount
FROM {charges} t JOIN {charges} up ON up.call_id = t.call_id
    AND up.setup_at = t.setup_at AND up.level = t.level + 1
WHERE {whose} AND t.revision = 0
"""
_TRAFFIC = """
WITH raw AS ({raw}), charged AS (
    SELECT date_trunc('month', slot AT TIME ZONE 'UTC') AS month, level, balance_id,
        ARRAY[{sums}] AS sums
    FROM raw GROUP BY 1, 2, 3
    UNION ALL SELECT month_id, level, balance_id, traffic FROM billing_archivedsums t WHERE {of_t}
), traffic AS (
    SELECT date_trunc('month', slot AT TIME ZONE 'UTC') AS month, level, balance_id, grain,
        ARRAY[{sums}] AS sums
    FROM (SELECT * FROM calls_traffic t WHERE {of_t}
          UNION ALL SELECT grain::smallint, t.*
          FROM calls_trafficdelta t, generate_series(0, 2) grain WHERE {of_t}) t
    GROUP BY 1, 2, 3, 4
)
SELECT format('traffic of %%s level %%s balance %%s grain %%s: stands at %%s, its charges are %%s',
    to_char(month, 'YYYY-MM'), level, balance_id, grain, t.sums, c.sums)
FROM (SELECT * FROM charged CROSS JOIN generate_series(0, 2) grain) c
FULL JOIN traffic t USING (month, level, balance_id, grain)
WHERE t.sums IS DISTINCT FROM c.sums
    AND (t.sums IS NOT NULL AND c.sums IS NOT NULL OR 0 <> ANY(coalesce(t.sums, c.sums)))
ORDER BY month, level, balance_id, grain
"""


def differences(*, customer_id: int | None = None) -> Iterator[str]:
    """Yield a line for each charge without its call, and each charged call that is not done.

    Also for each answered call that got lost, each gap in a call's chain of charges or in the
    revisions of one, and where the sums that reports are made of are not those of the charges: by
    month, level and balance.
    """
    for statement in (_NO_CALL, _NOT_ONE_STATE, _LOST, _BROKEN_CHAIN, _REVISIONS):
        yield from run(scoped(statement), customer_id)
    raw = raw_traffic(charges="billing_charge", calls="calls_call", whose=scoped("{of_t}"))
    yield from run(scoped(_TRAFFIC, sums=TRAFFIC_SUMS, raw=raw), customer_id)


def raw_traffic(*, charges: str, calls: str, whose: str = "true") -> str:
    """What the charges of these tables add to traffic, as SQL; ``whose`` narrows charges ``t``."""
    return _RAW_TRAFFIC.format(charges=charges, calls=calls, whose=whose, is_reached=IS_REACHED)
