"""Moves the calls and charges of old months out of the way, and back; nothing is ever dropped.

What a month's charges add up to stays (ArchivedSums), and so do usage entries, balances and the
sums of the reports: ``verify_ledger`` proves these against those. Calls that come for such a month
are rejected (calls.services.ingest), so that none is stored and charged a second time.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
from psycopg.errors import LockNotAvailable

from billing.models import ArchivedMonth
from billing.services.verify import archive_differences
from calls.services.verify import TRAFFIC_SUMS, raw_traffic
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.partitions import (
    ARCHIVE,
    attach_months,
    detach_months,
    month_after,
    months_of,
    partition_name,
)

logger = logging.getLogger(__name__)

TABLES = ("calls_call", "billing_charge")
TRIES = 10
PAUSE = 0.2  # seconds between them, in which others go on
# Shorter than deadlock_timeout: where a writer and an archive wait for each other, the archive
# gives way, and is tried again another time.
_WAIT = "SET LOCAL lock_timeout = '500ms'"
_COUNT = "SELECT count(*) FROM {table}"
_SUMS = """
INSERT INTO billing_archivedsums (month_id, level, balance_id, customer_id, calls, traffic)
SELECT %s, level, balance_id, customer_id, sum(attempts)::bigint, ARRAY[{sums}] FROM ({raw}) raw
GROUP BY level, balance_id, customer_id
"""
_CHANGED = """
SELECT count(*) FROM (
    SELECT level, balance_id, sum(attempts)::bigint AS calls, ARRAY[{sums}] AS traffic
    FROM ({raw}) raw GROUP BY 1, 2
) now FULL JOIN (
    SELECT level, balance_id, calls, traffic FROM billing_archivedsums WHERE month_id = %s
) kept USING (level, balance_id)
WHERE (now.calls, now.traffic) IS DISTINCT FROM (kept.calls, kept.traffic)
"""
_WAITING = "SELECT count(*) FROM {table} WHERE setup_at >= %(start)s AND setup_at < %(end)s"
# What stands against archiving: a number of things, and what they are.
_REASONS = (
    (
        ngettext_lazy(
            "%(count)s call waits to be charged", "%(count)s calls wait to be charged", "count"
        ),
        _WAITING.format(table="calls_pendingcall"),
    ),
    (
        ngettext_lazy("%(count)s call is unrated", "%(count)s calls are unrated", "count"),
        _WAITING.format(table="calls_unratedcall"),
    ),
    (
        ngettext_lazy(
            "%(count)s billing period with calls of it is open",
            "%(count)s billing periods with calls of it are open",
            "count",
        ),
        """
        SELECT count(*) FROM billing_billingperiod p WHERE p.closed_at IS NULL AND EXISTS (
            SELECT FROM billing_usageentry u
            WHERE u.period_id = p.id AND u.setup_month = %(month)s)
        """,
    ),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A month that is old enough, and what stands against archiving it now."""

    month: date
    reasons: list[str]


def candidates(*, today: date | None = None, keep: int | None = None) -> list[Candidate]:
    """The stored months (UTC) before the last ``keep`` full ones, oldest first.

    ``keep`` is CALL_RETENTION_MONTHS unless given; 0 keeps all for ever.
    """
    kept = settings.CALL_RETENTION_MONTHS if keep is None else keep
    if not kept:
        return []
    first = _months_before(today or now().astimezone(UTC).date(), kept)
    stored = {month for table in TABLES for month in months_of(table) if month < first}
    return [Candidate(month, reasons_against(month)) for month in sorted(stored)]


def reasons_against(month: date) -> list[str]:
    """What stands against archiving a month, as lines of text; empty if nothing does."""
    end = month_after(month)
    bounds: dict[str, Any] = {"month": month}
    bounds |= {"start": f"{month} 00:00+00", "end": f"{end} 00:00+00"}
    found = []
    with connection.cursor() as cursor:
        if end > now().astimezone(UTC).date():
            found.append(_("the month is not over"))
        for what, statement in _REASONS:
            cursor.execute(statement, bounds)
            (number,) = cursor.fetchone()
            if number:
                found.append(what % {"count": number})
    return found


def archive_month(*, actor: Actor, month: date) -> ArchivedMonth:
    """Detach the calls and charges of ``month`` (a first day) and keep what they add up to.

    One transaction: writers to that month wait while its rows are counted, all others only while
    it is detached. Safe to repeat. Raises DomainError ``archived``, ``no_month``, ``blocked`` with
    what stands against it, ``unproven`` where entries are not what its charges add up to, or
    ``busy`` where somebody reads or writes and does not end soon.
    """
    with _giving_way(), transaction.atomic():
        _check_stored(month)
        _lock_rows(month)
        reasons = reasons_against(month)
        if reasons:
            raise DomainError(
                "blocked",
                f"{month:%Y-%m}: {'; '.join(reasons)}.",
            )
        calls, charges = (_count(partition_name(table, month)) for table in TABLES)
        archived = ArchivedMonth.objects.create(
            month=month, calls=calls, charges=charges, archived_by=actor.user
        )
        with connection.cursor() as cursor:
            cursor.execute(_SUMS.format(sums=TRAFFIC_SUMS, raw=_raw(month)), [month])
        if differences := archive_differences():
            raise DomainError(
                "unproven",
                f"{month:%Y-%m}: {differences[0]}",
            )
        _lock_tables()
        detach_months(TABLES, month)
        _record(actor, "calls_archived", archived)
    return archived


def restore_month(*, actor: Actor, month: date) -> ArchivedMonth:
    """Attach an archived month again, as it was; raises DomainError ``not_archived``.

    One transaction. Its rows are counted and added up anew: ``changed`` where they are not those
    that were archived. Writers to other months go on. ``busy`` as in archive_month.
    """
    with _giving_way(), transaction.atomic():
        archived = ArchivedMonth.objects.select_for_update().filter(month=month).first()
        if archived is None:
            raise DomainError(
                "not_archived", _("%(month)s is not archived.") % {"month": f"{month:%Y-%m}"}
            )
        names = [f"{ARCHIVE}.{partition_name(table, month)}" for table in TABLES]
        with connection.cursor() as cursor:
            cursor.execute(_CHANGED.format(sums=TRAFFIC_SUMS, raw=_raw(month, ARCHIVE)), [month])
            (changed,) = cursor.fetchone()
        if changed or [_count(name) for name in names] != [archived.calls, archived.charges]:
            raise DomainError(
                "changed",
                _("%(month)s: these are not the rows as archived.") % {"month": f"{month:%Y-%m}"},
            )
        attach_months(TABLES, month)
        _record(actor, "calls_restored", archived)
        ArchivedMonth.objects.filter(month=month).delete()  # the instance keeps its figures
    return archived


def archive_next(*, actor: Actor) -> ArchivedMonth | None:
    """Archive the oldest month that retention lets go and nothing stands against; None if none.

    What cannot be archived is logged with its reasons.
    """
    for candidate in candidates():
        if candidate.reasons:
            logger.warning(
                "%s is not archived: %s", f"{candidate.month:%Y-%m}", "; ".join(candidate.reasons)
            )
            continue
        try:
            return archive_month(actor=actor, month=candidate.month)
        except DomainError as error:
            logger.warning("not archived: %s", error.message)
    return None


@contextmanager
def _giving_way() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if not _is_timeout(error):
            raise
        message = _("Calls are being read or written: try again in a moment.")
        raise DomainError("busy", message) from error


def _is_timeout(error: OperationalError) -> bool:
    return isinstance(error.__cause__, LockNotAvailable)


def _check_stored(month: date) -> None:
    if ArchivedMonth.objects.filter(month=month).exists():
        raise DomainError(
            "archived", _("%(month)s is archived already.") % {"month": f"{month:%Y-%m}"}
        )
    if not all(month in months_of(table) for table in TABLES):
        raise DomainError(
            "no_month", _("There are no charged calls of %(month)s.") % {"month": f"{month:%Y-%m}"}
        )


def _lock_rows(month: date) -> None:
    """Let nobody write to the month; reading goes on."""
    names = ", ".join(partition_name(table, month) for table in TABLES)
    with connection.cursor() as cursor:
        cursor.execute(_WAIT)
        cursor.execute(f"LOCK TABLE {names} IN SHARE MODE")


def _lock_tables() -> None:
    """Keep all others out of the tables; tried anew between those who read and write them."""
    statement = f"LOCK TABLE ONLY {', ONLY '.join(TABLES)} IN ACCESS EXCLUSIVE MODE"
    for is_last in (*[False] * (TRIES - 1), True):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
                return
        except OperationalError as error:
            if is_last or not _is_timeout(error):
                raise
        time.sleep(PAUSE)


def _raw(month: date, schema: str = "public") -> str:
    calls, charges = (f"{schema}.{partition_name(table, month)}" for table in TABLES)
    return raw_traffic(charges=charges, calls=calls)


def _count(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(table=name))
        return int(cursor.fetchone()[0])


def _months_before(day: date, count: int) -> date:
    """The first day of the month so many months before that of ``day``."""
    number = 12 * day.year + day.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)


def _record(actor: Actor, action: str, archived: ArchivedMonth) -> None:
    counts = {"calls": ["", str(archived.calls)], "charges": ["", str(archived.charges)]}
    record(actor=actor, customer=actor.customer, action=action, subject=archived, changes=counts)
