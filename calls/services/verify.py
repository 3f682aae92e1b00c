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


def differences(*, customer_id: int | None = None) -> Iterator[str]:
    """Yield a line for each charge without its call, and each charged call that is not done."""
    for statement in (_NO_CALL, _NOT_ONE_STATE):
        yield from run(scoped(statement), customer_id)
