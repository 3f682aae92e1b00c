"""Takes a re-rating back, the last batch first: what it replaced stands again."""

import numpy as np
from django.db import connection
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.services.usage import in_closed_periods, payers_at
from calls.choices import ReRatingState
from calls.models import ReRating, ReRatingEntry
from calls.services.picking import Calls
from calls.services.re_rating.applying import StoppedError, batch_calls, hold_others_off
from calls.services.re_rating.comparing import NewCharges
from calls.services.re_rating.posting import post_corrections
from calls.services.re_rating.standing import Standing, all_charges, newest_of
from softswitch.core.columns import Int64s

# Re-ratings that were taken back themselves are in nobody's way.
_LATER = """
SELECT DISTINCT e2.re_rating_id
FROM calls_reratingentry e
JOIN billing_charge t ON t.usage_entry_id = e.usage_entry_id
JOIN billing_charge l ON l.call_id = t.call_id AND l.setup_at = t.setup_at AND l.level = t.level
    AND l.revision > t.revision
JOIN calls_reratingentry e2 ON e2.usage_entry_id = l.usage_entry_id
JOIN calls_rerating r ON r.id = e2.re_rating_id
WHERE e.re_rating_id = %(job)s AND NOT e.is_undo AND e2.re_rating_id <> %(job)s
    AND r.state <> 'undone'
    AND t.setup_at >= %(since)s AND t.setup_at < %(till)s
ORDER BY 1
"""


def later_re_ratings(job: ReRating) -> list[int]:
    """Those that changed a charge of ``job`` once more, and stand."""
    own = ReRatingEntry.objects.filter(re_rating=job).order_by("usage_entry_id").first()
    others = ReRatingEntry.objects.exclude(re_rating=job)
    if own is None or not others.filter(pk__gt=own.pk).exists():
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LATER, {"job": job.pk, "since": job.since, "till": job.till})
        return [row[0] for row in cursor.fetchall()]


def undo_batch(job: ReRating) -> bool:
    """Reverse the charges of the next batch; whether it was the last. Of a transaction.

    The caller holds the row of ``job``, whose cursor moves on with what is posted. Raises
    StoppedError if another re-rating has changed one of them since.
    """
    hold_others_off(job)
    left = job.batches_applied - job.batches_undone
    if not left:
        _save(job)
        return True
    _batch, calls = batch_calls(job, left, is_made=True)
    job.batches_undone += 1
    _save(job)
    if len(calls):
        _take_back(job, calls)
    return left == 1


def _take_back(job: ReRating, calls: Calls) -> None:
    charges = all_charges(calls)
    standing = newest_of(charges)
    made = np.flatnonzero(np.isin(charges.entries, _own_entries(job, charges.entries)))
    rows = np.searchsorted(standing.keys, charges.keys[made])
    _check_latest(job, charges, made)
    old = charges.where(made - 1)  # the charge of the same level before it
    again = NewCharges(
        rows,
        old.versions,
        old.rates,
        old.billed_seconds,
        old.costs,
        old.exchange_rates,
        old.amounts,
    )
    if not job.posts_to_open and _is_any_closed(calls, standing.where(rows)):
        raise StoppedError(_("Some of these calls belong to closed periods."))
    post_corrections(job, calls, standing, again, is_undo=True)


def _own_entries(job: ReRating, entries: Int64s) -> list[int]:
    """Those of the usage entries that applying ``job`` has posted."""
    rows = ReRatingEntry.objects.filter(re_rating=job, is_undo=False)
    found = rows.filter(pk__in=np.unique(entries).tolist())
    return list(found.values_list("usage_entry_id", flat=True))


def _check_latest(job: ReRating, charges: Standing, made: Int64s) -> None:
    """Raise StoppedError where another one that stands has changed charges of ``job``."""
    revisions = np.full(len(charges), np.iinfo(np.int16).max)
    firsts = np.searchsorted(charges.keys, charges.keys)  # where each one's level begins
    revisions[firsts[made]] = charges.revisions[made]
    later = charges.entries[charges.revisions > revisions[firsts]]
    others = ReRatingEntry.objects.exclude(re_rating=job).filter(pk__in=np.unique(later).tolist())
    if others.exclude(re_rating__state=ReRatingState.UNDONE).exists():
        raise StoppedError(_("Another re-rating has changed some of these charges since."))


def _is_any_closed(calls: Calls, charged: Standing) -> bool:
    payers = payers_at(charged.balances)
    return bool(in_closed_periods(payers, calls.ended_at[charged.calls]).any())


def _save(job: ReRating) -> None:
    """Keep the cursor before balances are locked, which comes last."""
    if job.batches_undone >= job.batches_applied:
        job.state, job.undone_at = ReRatingState.UNDONE, now()
    job.save()
