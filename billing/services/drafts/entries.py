"""What the ledger says of a period beside its calls: adjustments, payments, the balance before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from billing.choices import ADJUSTMENTS, PAYMENTS, LineKind
from billing.models import LedgerEntry
from billing.services.drafts.lines import DESCRIPTION_SIZE, Billed, Line
from softswitch.core.money import ZERO

# The balance less what this period and those after it brought: they are few, all before are many.
# Its row is locked by the caller.
_PREVIOUS = """
SELECT p.id, b.amount - coalesce(posted.amount, 0) - coalesce(used.amount, 0)
FROM billing_billingperiod p
JOIN billing_balance b ON b.id = p.balance_id
CROSS JOIN LATERAL (
    SELECT sum(e.amount) AS amount
    FROM billing_billingperiod q JOIN billing_ledgerentry e ON e.period_id = q.id
    WHERE q.balance_id = p.balance_id AND q.starts_at >= p.starts_at
) posted
CROSS JOIN LATERAL (
    SELECT sum(u.amount) AS amount
    FROM billing_billingperiod q JOIN billing_usageentry u ON u.period_id = q.id
    WHERE q.balance_id = p.balance_id AND q.starts_at >= p.starts_at
) used
WHERE p.id = ANY(%s)
"""


@dataclass(slots=True)
class Posted:
    """Money of a period, signed as in the ledger; ``lines`` are its adjustments."""

    lines: list[Line] = field(default_factory=list)
    previous: Decimal = ZERO
    payments: Decimal = ZERO
    other: Decimal = ZERO


def posted_in(periods: Sequence[Billed]) -> dict[int, Posted]:
    """What was posted in each period, by its id, in two statements.

    A reversal counts as what it reverses: that of a debit or credit is a line like these. What an
    invoice that was voided had posted is ``other``, with what took it back, and comes to nothing.
    """
    of_id = {one.period.pk: one for one in periods}
    found = {pk: Posted() for pk in of_id}
    rows = LedgerEntry.objects.filter(period__in=of_id).select_related("reverses")
    for entry in rows.order_by("period_id", "sequence"):
        _add(found[entry.period_id], of_id[entry.period_id], entry)
    with connection.cursor() as cursor:
        cursor.execute(_PREVIOUS, [list(of_id)])
        for period_id, previous in cursor.fetchall():
            found[period_id].previous = previous
    return found


def _add(posted: Posted, billed: Billed, entry: LedgerEntry) -> None:
    kind = entry.reverses.kind if entry.reverses is not None else entry.kind
    if kind in ADJUSTMENTS:
        posted.lines.append(_line(billed, entry))
    elif kind in PAYMENTS:
        posted.payments += entry.amount
    else:
        posted.other += entry.amount


def _line(billed: Billed, entry: LedgerEntry) -> Line:
    exact = -entry.amount
    day = entry.posted_at.astimezone(billed.zone).date()
    return Line(
        kind=LineKind.ADJUSTMENT.value,
        description=_description(entry)[:DESCRIPTION_SIZE],
        exact=exact,
        amount=billed.rounded(exact),
        since=day,
        until=day,
    )


def _description(entry: LedgerEntry) -> str:
    """What was noted; of a reversal without notes, what it takes back."""
    if entry.notes:
        return entry.notes
    reversed_entry: Any = entry.reverses
    if reversed_entry is not None:
        label = reversed_entry.notes or reversed_entry.get_kind_display()
        return _("Reversal: %(entry)s") % {"entry": label}
    return entry.get_kind_display()
