"""Proves that charges and calls belong together, beside billing's proof of the ledger."""

from collections.abc import Iterator

from billing.services.verify import run, scoped

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
    AND up.setup_at = t.setup_at AND up.level = t.level + 1 AND up.revision = t.revision
WHERE {of_t} AND t.issuer_id IS DISTINCT FROM
    coalesce(up.customer_id, (SELECT id FROM customers_customer WHERE is_root))
ORDER BY t.call_id, t.level
"""


def differences(*, customer_id: int | None = None) -> Iterator[str]:
    """Yield a line for each charge without its call, and each charged call that is not done.

    Also for each answered call that got lost, and each gap in a call's chain of charges.
    """
    for statement in (_NO_CALL, _NOT_ONE_STATE, _LOST, _BROKEN_CHAIN):
        yield from run(scoped(statement), customer_id)
