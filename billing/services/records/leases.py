"""Who works on an import of records, and what becomes of those that nobody works on any more.

A worker that checks renews ``leased_till`` with every batch, and only the one that knows its last
value goes on. One that applies, or mails, holds the lock of the row instead. The sweep sends again
what is due: too often does no harm.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from customers.choices import ImportState
from customers.models import RecordImport
from softswitch.core.jobs import enqueue

LEASE = timedelta(minutes=2)
QUIET = timedelta(seconds=30)
KEPT = timedelta(days=7)
OLD = gettext_noop("The file is older than a week: upload it again.")
TASKS = {
    ImportState.CHECKING.value: "billing.check_record_import",
    ImportState.APPLYING.value: "billing.apply_record_import",
    ImportState.APPLIED.value: "billing.mail_record_import",
}


class LeaseLost(Exception):  # noqa: N818 - says what happened, nothing failed
    """Another worker has taken over."""


def take(import_id: int) -> datetime | None:
    """Take an import that waits to be checked; None if there is nothing to take."""
    moment = now()
    free = Q(leased_till=None) | Q(leased_till__lt=moment)
    waiting = RecordImport.objects.filter(free, pk=import_id, state=ImportState.CHECKING)
    held = moment + LEASE
    return held if waiting.update(leased_till=held, done=0) else None


def renew(import_id: int, held: datetime, **values: Any) -> datetime:
    """Write ``values`` and hold on, in the caller's transaction; raises LeaseLost."""
    till = max(now() + LEASE, held + timedelta(microseconds=1))
    mine = RecordImport.objects.filter(pk=import_id, state=ImportState.CHECKING, leased_till=held)
    if not mine.update(leased_till=till, **values):
        raise LeaseLost
    return till


def resume_stale() -> int:
    """Send again the jobs of imports that a lost message or a dead worker left lying; how many."""
    unmailed = Q(state=ImportState.APPLIED, mailed__lt=F("letters"))
    unfinished = Q(state__in=(ImportState.CHECKING, ImportState.APPLYING)) | unmailed
    free = Q(leased_till=None) | Q(leased_till__lt=now())
    found = RecordImport.objects.filter(unfinished, free).values_list("pk", "state")
    for import_id, state in found:
        enqueue(TASKS[state], import_id=import_id)
    return len(found)


def purge_rows() -> int:
    """Empty the rows and errors of files older than a week; how many. Safe to repeat."""
    old = RecordImport.objects.filter(created_at__lt=now() - KEPT).exclude(
        state__in=(ImportState.CHECKING, ImportState.APPLYING)
    )
    old.filter(state=ImportState.CHECKED).update(state=ImportState.FAILED, reason=OLD)
    return int(old.exclude(rows=[], errors=[]).update(rows=[], errors=[]))
