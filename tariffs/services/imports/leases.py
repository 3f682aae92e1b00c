"""Who works on a rate import: the holder of its ``updated_at``, as long as it renews it.

A worker that takes the import sets ``updated_at`` and renews it with every step; only the one that
knows the last value may go on. A worker that died stops renewing, and after LEASE another takes
over. So no lock is held while a large file is read, and progress is visible to everybody.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.timezone import now

from softswitch.core.jobs import enqueue
from tariffs.choices import ImportState
from tariffs.models import RateImport

LEASE = timedelta(minutes=2)
QUIET = timedelta(seconds=30)

_JOBS: dict[str, str] = {
    ImportState.APPLYING: "tariffs.apply_import",
    ImportState.APPLIED: "tariffs.notify_customers",
    ImportState.UNDOING: "calls.roll_back_import",
}


class LeaseLost(Exception):  # noqa: N818 - says what happened, nothing failed
    """Another worker has taken over, or the import was cancelled."""


def resume_stale() -> int:
    """Send again the jobs of imports that nobody works on; how many. Sent twice does no harm."""
    moment = now()
    waiting = Q(state=ImportState.UPLOADED, updated_at__lt=moment - QUIET)
    abandoned = Q(state=ImportState.CHECKING, updated_at__lt=moment - LEASE)
    unfinished = Q(
        state__in=(ImportState.APPLYING, ImportState.UNDOING), updated_at__lt=moment - QUIET
    )
    unsent = Q(
        state=ImportState.APPLIED,
        notifies=True,
        notified_at=None,
        updated_at__lt=moment - QUIET,
    )
    due = RateImport.objects.filter(waiting | abandoned | unfinished | unsent)
    found = due.values_list("pk", "state")
    for import_id, state in found:
        enqueue(_JOBS.get(state, "tariffs.check_import"), import_id=import_id)
    return len(found)


def take(import_id: int) -> datetime | None:
    """Take a waiting or abandoned import for checking; None if there is nothing to take."""
    moment = now()
    free = Q(state=ImportState.UPLOADED) | Q(
        state=ImportState.CHECKING, updated_at__lt=moment - LEASE
    )
    taken = RateImport.objects.filter(free, pk=import_id).update(
        state=ImportState.CHECKING, updated_at=moment, rows_done=0, counts={}, failure=""
    )
    return moment if taken else None


def renew(import_id: int, held: datetime, **values: Any) -> datetime:
    """Write ``values`` and hold on, in the caller's transaction; raises LeaseLost."""
    moment = max(now(), held + timedelta(microseconds=1))
    mine = RateImport.objects.filter(pk=import_id, state=ImportState.CHECKING, updated_at=held)
    if not mine.update(updated_at=moment, **values):
        raise LeaseLost
    return moment
