"""Previews a re-rating: what each payer pays before and after, batch by batch."""

from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection

from calls.choices import ReRatingState
from calls.models import ReRating, ReRatingBatch, ReRatingProblem
from calls.services.re_rating.applying import check_stored
from calls.services.re_rating.choosing import BATCH, next_calls
from calls.services.re_rating.comparing import Comparison, compare
from calls.services.re_rating.standing import level_keys
from softswitch.core.moments import from_microseconds

MOST_PROBLEMS = 10_000
"""Kept of one re-rating; all are counted."""

_ADD = """
INSERT INTO calls_reratingsum AS s (re_rating_id, level, balance_id, customer_id, account_id, calls,
    changed, closed, before, after)
SELECT %s, level, balance_id, customer_id, nullif(account_id, 0), calls, changed, closed, before,
    after
FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::numeric[], %s::numeric[])
    AS n (level, balance_id, customer_id, account_id, calls, changed, closed, before, after)
ON CONFLICT (re_rating_id, balance_id, level) DO UPDATE SET calls = s.calls + excluded.calls,
    changed = s.changed + excluded.changed, closed = s.closed + excluded.closed,
    before = s.before + excluded.before, after = s.after + excluded.after
"""


def preview_batch(job: ReRating, size: int = BATCH) -> bool:
    """Compare the next ``size`` calls; whether the preview is complete. Of a transaction.

    Raises StoppedError as check_stored does.
    """
    check_stored(job)
    last = job.batches.order_by("number").last()
    after = (last.end_at, last.end_id) if last else (job.since, 0)
    calls, end = next_calls(job, after, None, size)
    if end == after:
        job.state = ReRatingState.PREVIEWED
        job.save()
        return True
    found = compare(job, calls)
    ReRatingBatch.objects.create(
        re_rating=job,
        number=last.number + 1 if last else 1,
        end_at=end[0],
        end_id=end[1],
        fingerprint=found.fingerprint,
    )
    _keep_problems(job, found)
    _add_sums(job, found)
    changed = found.standing.calls[found.changes.rows]
    closed = found.standing.calls[found.new.rows[found.is_changed & found.is_closed]]
    job.state = ReRatingState.PREVIEWING
    job.calls_read += len(calls)
    job.calls_changed += len(np.unique(changed))
    job.calls_closed += len(np.unique(closed))
    job.calls_failed += len(found.held)
    job.save()
    return False


def _keep_problems(job: ReRating, found: Comparison) -> None:
    room = max(0, MOST_PROBLEMS - job.calls_failed)
    ReRatingProblem.objects.bulk_create(
        ReRatingProblem(
            re_rating=job,
            call_id=int(found.calls.ids[one.call]),
            setup_at=from_microseconds(found.calls.setup_at[one.call]),
            customer_id=one.level_customer,
            is_account_level=one.is_account_level,
            reason=one.reason,
        )
        for one in found.held[:room]
    )


def _add_sums(job: ReRating, found: Comparison) -> None:
    new = found.new
    if not len(new):
        return
    old = found.standing.where(new.rows)
    keys = level_keys(old.balances, old.numbers)
    order = keys.argsort(kind="stable")
    _keys, starts = np.unique(keys[order], return_index=True)

    def summed(column: Any) -> list[int]:
        found: list[int] = np.add.reduceat(column[order].astype(np.int64), starts).tolist()
        return found

    first = order[starts]
    columns: list[list[Any]] = [
        *(c[first].tolist() for c in (old.numbers, old.balances, old.customers, old.accounts)),
        summed(np.ones(len(order))),
        summed(found.is_changed),
        summed(found.is_changed & found.is_closed),
        *([Decimal(value).scaleb(-6) for value in summed(c)] for c in (old.amounts, new.amounts)),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [job.pk, *columns])
