"""The calls of a day that one customer pays its owner for: how many, each, and by code."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.models import DailyReport
from calls.selectors.annex import per_minute
from customers.selectors.names import NamesThen
from softswitch.core.exports import CHUNK

HEADS = (
    gettext_lazy("Set-up time"),
    gettext_lazy("Answered"),
    gettext_lazy("Ended"),
    gettext_lazy("CLI"),
    gettext_lazy("CLD"),
    gettext_lazy("Destination"),
    gettext_lazy("Duration, s"),
    gettext_lazy("Billed, s"),
    gettext_lazy("Rate per minute"),
    gettext_lazy("SIP code"),
    gettext_lazy("Q.850 cause"),
    gettext_lazy("Customer"),
    gettext_lazy("Account"),
    gettext_lazy("Trunk"),
    gettext_lazy("Call ID"),
)
# What the customer pays that owner, and no other level of the same calls: its account's charges
# are issued by itself.
_WHOSE = """
c.customer_id = %(customer)s AND c.issuer_id = %(issuer)s AND c.account_id IS NULL
  AND c.setup_at >= %(since)s AND c.setup_at < %(until)s
"""
_COUNT = f"SELECT count(*) FROM billing_charge c WHERE {_WHOSE} AND c.revision = 0"  # noqa: S608
_LINES = f"""
SELECT c.setup_at, k.answered_at, k.ended_at, k.caller_number, k.called_number,
    coalesce(r.destination, ''), c.duration_ms, c.billed_seconds, r.price_1, r.price_n, k.sip_code,
    k.hangup_cause, k.customer_id, coalesce(a.auth_name, ''), coalesce(t.name, ''), k.native_id,
    c.amount
FROM billing_charge c
JOIN calls_call k ON k.id = c.call_id AND k.setup_at = c.setup_at
  AND k.setup_at >= %(since)s AND k.setup_at < %(until)s
LEFT JOIN tariffs_rate r ON r.id = c.rate_id
LEFT JOIN accounts_account a ON a.id = k.account_id
LEFT JOIN accounts_trunk t ON t.id = k.trunk_id
WHERE {_WHOSE}
ORDER BY c.setup_at, c.call_id, c.revision
"""  # noqa: S608 - fixed texts
# What re-rating took back has a negative duration; of its revisions the first counts the call.
_CODES = f"""
SELECT coalesce(r.prefix, ''), coalesce(max(r.destination), ''), r.id IS NULL,
    count(*) FILTER (WHERE c.revision = 0), coalesce(sum(sign(c.duration_ms)), 0)::bigint,
    sum(c.billed_seconds), sum(c.amount)
FROM billing_charge c LEFT JOIN tariffs_rate r ON r.id = c.rate_id
WHERE {_WHOSE}
GROUP BY 1, 3
"""  # noqa: S608 - fixed texts


@dataclass(frozen=True, slots=True)
class CodeSum:
    """The calls of one code (prefix); ``is_unknown``: no rate says which, as of failed calls."""

    code: str
    name: str
    is_unknown: bool
    calls: int
    connected: int
    billed_seconds: int
    amount: Decimal


def count_calls(report: DailyReport) -> int:
    """How many calls a report is about, failed ones too."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, _asked(report))
        return int(cursor.fetchone()[0])


def code_sums(report: DailyReport) -> list[CodeSum]:
    """The calls of a report added up by code, in no order."""
    with connection.cursor() as cursor:
        cursor.execute(_CODES, _asked(report))
        return [CodeSum(*row) for row in cursor.fetchall()]


def call_heads(currency: str) -> list[str]:
    """The words above ``day_lines`` in the active language."""
    return [*map(str, HEADS), f"{_('Amount')}, {currency}"]


def day_lines(report: DailyReport, *, is_text: bool) -> Iterator[list[Any]]:
    """The calls of a report in the order of their set-up, read through a cursor; see HEADS.

    Times are in the report's zone, as ISO 8601 with its offset where ``is_text``. Customers have
    the names that they had when they called: those both sides knew, whoever reads it whenever. What
    re-rating took back and charged anew stands on lines of its own.
    """
    zone, names = ZoneInfo(str(report.timezone)), NamesThen()
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(_LINES, _asked(report))
        while rows := cursor.fetchmany(CHUNK):
            names.learn({row[12] for row in rows})
            for row in rows:
                yield _line(row, zone, names, is_text=is_text)


def _line(row: tuple[Any, ...], zone: ZoneInfo, names: NamesThen, *, is_text: bool) -> list[Any]:
    *moments, caller, called, destination, ms, billed, first, further = row[:10]
    sip_code, cause, customer_id, account, trunk, native_id, amount = row[10:]
    local = [moment and moment.astimezone(zone) for moment in moments]
    if is_text:
        local = [moment and moment.isoformat(timespec="seconds") for moment in local]
    facts = [sip_code, cause, names.of(customer_id, moments[0]), account, trunk, native_id]
    seconds = Decimal(ms) / 1000
    rate = per_minute(first, further)
    return [*local, caller, called, destination, seconds, billed, rate, *facts, amount]


def _asked(report: DailyReport) -> dict[str, Any]:
    return {
        "customer": report.customer_id,
        "issuer": report.issuer_id,
        "since": report.since,
        "until": report.until,
    }
