"""What the ledger holds of one billing period of a balance, by what an invoice says of it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from billing.choices import ADJUSTMENTS, PAYMENTS
from billing.models import BillingPeriod

# A reversal counts as what it reverses.
_SUMS = """
WITH RECURSIVE entries AS (
    SELECT e.id, e.amount, e.kind, e.reverses_id, p.id <> %(period)s AS is_later
    FROM billing_billingperiod p JOIN billing_ledgerentry e ON e.period_id = p.id
    WHERE p.balance_id = %(balance)s AND p.starts_at >= %(start)s
  UNION ALL
    SELECT e.id, e.amount, r.kind, r.reverses_id, e.is_later
    FROM entries e JOIN billing_ledgerentry r ON r.id = e.reverses_id
), rooted AS (SELECT * FROM entries WHERE reverses_id IS NULL), usage AS (
    SELECT coalesce(sum(u.amount) FILTER (WHERE p.id = %(period)s), 0) AS of_period,
        coalesce(sum(u.amount) FILTER (WHERE p.id <> %(period)s), 0) AS later
    FROM billing_billingperiod p JOIN billing_usageentry u ON u.period_id = p.id
    WHERE p.balance_id = %(balance)s AND p.starts_at >= %(start)s
)
SELECT min(u.of_period), min(u.later),
    coalesce(sum(amount) FILTER (WHERE NOT is_later AND kind = ANY(%(adjusted)s)), 0),
    coalesce(sum(amount) FILTER (WHERE NOT is_later AND kind = ANY(%(paid)s)), 0),
    coalesce(sum(amount) FILTER (WHERE NOT is_later), 0),
    coalesce(sum(amount) FILTER (WHERE is_later), 0)
FROM usage u LEFT JOIN rooted ON true
"""


@dataclass(frozen=True, slots=True)
class PeriodSums:
    """Signed like the ledger. ``entries`` are all but usage; ``later`` is all of later periods."""

    usage: Decimal
    adjusted: Decimal
    paid: Decimal
    entries: Decimal
    later: Decimal

    @property
    def whole(self) -> Decimal:
        """All that was posted to the period."""
        return self.usage + self.entries


def period_sums(period: BillingPeriod) -> PeriodSums:
    """The sums of ``period``, in one statement that reads it and the periods after it."""
    values: dict[str, Any] = {
        "period": period.pk,
        "balance": period.balance_id,
        "start": period.starts_at,
        "adjusted": [str(kind) for kind in ADJUSTMENTS],
        "paid": [str(kind) for kind in PAYMENTS],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        usage, later_usage, adjusted, paid, entries, later = cursor.fetchone()
    return PeriodSums(usage, adjusted, paid, entries, later_usage + later)
