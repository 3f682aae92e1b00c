"""The calls behind an invoice, with their numbers: its annex, and its sums by trunk."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext as _

from billing.models import ArchivedMonth, Invoice
from billing.selectors.document_parts import Share
from billing.selectors.document_sections import usage_window
from softswitch.core.exports import CHUNK

# What the payer of the invoice pays, and no other level of the same calls. Both sides say the
# window, so that neither leaves its partitions. A charge that re-rating took back has a negative
# duration.
_CHARGES = """
FROM billing_charge c
JOIN calls_call k ON k.id = c.call_id AND k.setup_at = c.setup_at
  AND k.setup_at >= %(since)s AND k.setup_at < %(until)s
{join}
WHERE c.customer_id = %(customer)s AND c.balance_id = %(balance)s
  AND (c.duration_ms <> 0 OR c.amount <> 0)
  AND c.setup_at >= %(since)s AND c.setup_at < %(until)s
  AND c.usage_entry_id IN (SELECT u.id FROM billing_usageentry u
      WHERE u.balance_id = %(balance)s AND u.period_id = %(period)s)
"""
_LINES = (
    """
SELECT c.setup_at, k.caller_number, k.called_number, coalesce(r.destination, ''), c.duration_ms,
    c.billed_seconds, r.price_1, r.price_n, c.amount
"""
    + _CHARGES.format(join="LEFT JOIN tariffs_rate r ON r.id = c.rate_id")
    + """
ORDER BY c.setup_at, c.call_id, c.revision
"""
)
_TRUNKS = (
    """
SELECT t.name, sum(sign(c.duration_ms))::bigint, sum(c.billed_seconds), sum(c.amount)
"""
    + _CHARGES.format(join="LEFT JOIN accounts_trunk t ON t.id = k.trunk_id")
    + """
GROUP BY t.id, t.name ORDER BY sum(c.amount) DESC, t.name
"""
)


def annex_lines(invoice: Invoice, zone: ZoneInfo) -> Iterator[list[Any]]:
    """The answered calls of an invoice in the order of their set-up, read through a cursor.

    Each: set-up time in ``zone``, CLI, CLD, destination, duration and billed duration in seconds,
    rate per minute (of the first and of further intervals where they differ), amount. What
    re-rating took back and charged anew stands on lines of its own.
    """
    asked = _asked(invoice)
    if asked is None:
        return
    # Outside of a transaction Django declares it WITH HOLD, so it lasts between the pieces.
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(_LINES, asked)
        while rows := cursor.fetchmany(CHUNK):
            for row in rows:
                yield _line(row, zone)


def _line(row: tuple[Any, ...], zone: ZoneInfo) -> list[Any]:
    at, caller, called, name, duration_ms, billed, first, further, amount = row
    rate, seconds = per_minute(first, further), Decimal(duration_ms) / 1000
    return [at.astimezone(zone), caller, called, name, seconds, billed, rate, amount]


def per_minute(first: Decimal | None, further: Decimal | None) -> Decimal | str | None:
    """The rate of the first and of further intervals, both where they differ."""
    rates = [None if one is None else Decimal(f"{one.normalize():f}") for one in (first, further)]
    return rates[0] if first == further else " / ".join(map(str, rates))


def has_archived_calls(invoice: Invoice) -> bool:
    """Whether calls of an invoice lie in months that are archived: its annex would lack them."""
    window = usage_window(invoice.period) if invoice.period else None
    if window is None:
        return False
    months = ArchivedMonth.objects.filter(month__gte=window[0].date(), month__lt=window[1].date())
    return bool(months.exists())


def trunk_shares(invoice: Invoice) -> list[Share]:
    """What of an invoice's calls came through each trunk, the dearest first, not rounded."""
    asked = _asked(invoice)
    if asked is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_TRUNKS, asked)
        return [
            Share(name or _("Without a trunk"), calls, seconds, amount)
            for name, calls, seconds, amount in cursor.fetchall()
        ]


def _asked(invoice: Invoice) -> dict[str, Any] | None:
    """The parameters of the statements; None for an invoice without calls."""
    window = usage_window(invoice.period) if invoice.period else None
    if window is None:
        return None
    return {
        "customer": invoice.customer_id,
        "balance": invoice.balance_id,
        "period": invoice.period_id,
        "since": window[0],
        "until": window[1],
    }
