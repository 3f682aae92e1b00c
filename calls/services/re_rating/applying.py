"""Applies a previewed re-rating, a batch in a transaction: exactly what was shown, or it stops."""

from django.db import connection
from django.utils.timezone import now
from django.utils.translation import gettext as _

from calls.choices import ReRatingState
from calls.models import ReRating, ReRatingBatch
from calls.selectors.storage import archived_between
from calls.services.picking import Calls
from calls.services.re_rating.choosing import MOST_CALLS, Place, next_calls
from calls.services.re_rating.comparing import compare
from calls.services.re_rating.posting import post_corrections
from softswitch.core.locks import Space, lock


class StoppedError(Exception):
    """Why a re-rating cannot go on, in words for people."""


def hold_others_off(job: ReRating) -> None:
    """Let re-ratings take turns, and wait while a rate sheet is rolled back or a month archived.

    Whoever rolls back locks the queue of waiting calls, so that nothing is charged meanwhile; who
    archives locks the charges. Raises StoppedError as check_stored does.
    """
    lock(Space.RE_RATING)
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE calls_pendingcall IN ROW EXCLUSIVE MODE")
        cursor.execute("LOCK TABLE ONLY billing_charge IN ROW EXCLUSIVE MODE")
    check_stored(job)


def check_stored(job: ReRating) -> None:
    """Raise StoppedError where calls of the period are archived: they would be passed over."""
    months = archived_between(job.since, job.till)
    if months:
        raise StoppedError(
            _("Calls of %(month)s are archived: restore them first.")
            % {"month": f"{months[0]:%Y-%m}"}
        )


def batch_calls(
    job: ReRating, number: int, *, is_made: bool = False
) -> tuple[ReRatingBatch, Calls]:
    """Batch ``number`` of the preview, and its calls as they are now. Raises StoppedError.

    With ``is_made`` only those that ``job`` has changed: never more than it had.
    """
    batch = ReRatingBatch.objects.get(re_rating=job, number=number)
    before = ReRatingBatch.objects.filter(re_rating=job, number=number - 1).first()
    after: Place = (before.end_at, before.end_id) if before else (job.since, 0)
    end = batch.end_at, batch.end_id
    calls, _end = next_calls(job, after, end, MOST_CALLS + 1, is_made=is_made)
    if len(calls) > MOST_CALLS:
        raise StoppedError(_("Too many calls have come in since the preview."))
    return batch, calls


def apply_batch(job: ReRating) -> bool:
    """Post the differences of the next batch; whether it was the last. Of a transaction.

    The caller holds the row of ``job``, whose cursor moves on with what is posted. Raises
    StoppedError if it is not what the preview showed.
    """
    hold_others_off(job)
    if job.batches.count() > job.batches_applied:
        batch, calls = batch_calls(job, job.batches_applied + 1)
        found = compare(job, calls)
        if found.fingerprint != batch.fingerprint:
            raise StoppedError(_("Calls, charges or terms have changed since the preview."))
        if not job.posts_to_open and (found.is_changed & found.is_closed).any():
            raise StoppedError(_("Some of these calls belong to closed periods."))
        job.batches_applied += 1
        _save(job)
        post_corrections(job, calls, found.standing, found.changes)
    else:
        _save(job)
    return job.state == ReRatingState.APPLIED


def _save(job: ReRating) -> None:
    """Keep the cursor before balances are locked, which comes last."""
    if job.batches_applied >= job.batches.count():
        job.state, job.applied_at = ReRatingState.APPLIED, now()
    job.save()
