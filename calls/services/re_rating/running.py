"""Works on re-ratings: batch after batch, each its own transaction with the cursor in the row."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.services.ledger import MovedMeanwhileError
from calls.choices import ReRatingState
from calls.models import ReRating
from calls.services.charging import DATA_ERRORS, MOST_MOVES
from calls.services.re_rating.applying import StoppedError, apply_batch
from calls.services.re_rating.previewing import preview_batch
from calls.services.re_rating.undoing import undo_batch
from softswitch.core.jobs import enqueue

logger = logging.getLogger(__name__)

STALE = timedelta(minutes=2)
_WORK: dict[str, Callable[[ReRating], bool]] = {
    ReRatingState.WAITING: preview_batch,
    ReRatingState.PREVIEWING: preview_batch,
    ReRatingState.APPLYING: apply_batch,
    ReRatingState.UNDOING: undo_batch,
}
RUNNING = tuple(_WORK)


def run_re_rating(*, re_rating_id: int, seconds: float | None = None) -> bool:
    """Go on with a re-rating from where it stands; False if time was up and more is to be done.

    Each batch locks the row and is committed with its cursor, so a worker killed at any moment
    loses nothing and repeats nothing, and two at once take turns. What cannot go on stops with
    its reason in the row. Locks the balances last, in ascending order.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    moved = 0
    while True:
        try:
            if _step(re_rating_id):
                return True
        except MovedMeanwhileError:  # read anew, the chains are those after the move
            moved += 1
            if moved > MOST_MOVES:
                raise
        if deadline is not None and time.monotonic() >= deadline:
            return False


def _step(re_rating_id: int) -> bool:
    """One batch; whether nothing is left to do."""
    with transaction.atomic():
        rows = ReRating.objects.select_for_update(of=("self",)).select_related("owner", "tariff")
        job = rows.get(pk=re_rating_id)
        work = _WORK.get(job.state)
        if work is None:
            return True
        try:
            with transaction.atomic():
                return work(job)
        except StoppedError as error:
            _stop(job, str(error))
        except DATA_ERRORS:
            logger.exception("re-rating %s could not go on", re_rating_id)
            _stop(job, _("A call cannot be computed by these terms."))
        return True


def _stop(job: ReRating, failure: str) -> None:
    """Keep why; what the failed batch set on ``job`` was rolled back and is not kept."""
    ReRating.objects.filter(pk=job.pk).update(
        state=ReRatingState.FAILED, failure=failure, updated_at=now()
    )


def resume_re_ratings() -> list[int]:
    """Queue again what stands still: its message was lost, or its worker was killed.

    Takes rows untouched for STALE that nobody holds; returns their ids. Twice does no harm.
    """
    with transaction.atomic():
        stale = ReRating.objects.select_for_update(skip_locked=True).filter(
            state__in=RUNNING, updated_at__lt=now() - STALE
        )
        ids = list(stale.order_by("pk").values_list("pk", flat=True)[:100])
        for re_rating_id in ids:
            enqueue("calls.run_re_rating", re_rating_id=re_rating_id)
    return ids
