"""Finds the calls of a re-rating, in batches by set-up, and the levels that it may touch."""

from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Q

from calls.models import Call, ReRating
from calls.services.picking import Calls, stored_calls
from calls.services.re_rating.standing import Standing
from customers.selectors import spans_below
from softswitch.core.columns import BIGINT, MOMENT, Int64s, read_columns
from softswitch.core.filters import pattern_condition
from softswitch.core.moments import from_microseconds

BATCH = 5_000
MOST_CALLS = 10_000
"""Of a batch that has grown since it was previewed."""

Place = tuple[datetime, int]
"""Set-up and id of a call: where a batch ends."""

# All calls of a subtree are what its top customer paid for, as it was at the time: one range of an
# index. Calls that were not answered cost nothing by whatever terms.
_PAID = """
SELECT call_id, setup_at FROM billing_charge
WHERE customer_id = %(payer)s AND account_id IS NULL AND revision = 0 AND duration_ms > 0
  AND setup_at <@ %(spans)s::tstzmultirange
  AND setup_at >= %(after_at)s AND setup_at < %(till)s AND (setup_at, call_id)
"""
_ALL = """
SELECT id, setup_at FROM calls_call
WHERE answered_at IS NOT NULL AND duration_ms > 0
  AND setup_at >= %(after_at)s AND setup_at < %(till)s AND (setup_at, id)
"""
_WITHIN = """{rows} > (%(after_at)s, %(after_id)s)
  AND ({place}) <= (%(until_at)s, %(until_id)s) {made} ORDER BY {place} LIMIT %(limit)s"""
# Calls that the re-rating has changed, and none that came in among them later.
_MADE = """AND EXISTS (SELECT FROM billing_charge m
    JOIN calls_reratingentry e ON e.usage_entry_id = m.usage_entry_id
    WHERE (m.setup_at, m.call_id) = ({outer}) AND e.re_rating_id = %(job)s AND NOT e.is_undo)"""


def next_calls(
    job: ReRating, after: Place, until: Place | None, limit: int, *, is_made: bool = False
) -> tuple[Calls, Place]:
    """The next calls behind ``after``, and where they end; ``after`` itself if there is none.

    At most ``limit``; fewer where the filter leaves some of them out. With ``is_made`` those alone
    that ``job`` has changed.
    """
    last = until or (job.till, 0)
    payer = job.customer_id or (None if job.owner.is_root else job.owner_id)
    table, rows, key = ("billing_charge", _PAID, "call_id")
    if payer is None:
        table, rows, key = ("calls_call", _ALL, "id")
    made = _MADE.format(outer=f"{table}.setup_at, {table}.{key}") if is_made else ""
    values: dict[str, Any] = {
        "spans": _spans(job),
        "payer": payer,
        "after_at": after[0],
        "after_id": after[1],
        "till": job.till,
        "until_at": last[0],
        "until_id": last[1],
        "limit": limit,
        "job": job.pk,
    }
    query = _WITHIN.format(rows=rows, place=f"setup_at, {key}", made=made)
    found = read_columns(query, values, {"id": BIGINT, "setup_at": MOMENT})
    if not len(found["id"]):
        return stored_calls("false", ()), after
    order = np.lexsort((found["id"], found["setup_at"]))
    end = int(order[-1])
    place_found = from_microseconds(found["setup_at"][end]), int(found["id"][end])
    span = [from_microseconds(found["setup_at"].min()), place_found[0]]
    ids = _narrowed(job, found["id"].tolist(), span)
    return stored_calls(
        "c.id = ANY(%s) AND c.setup_at BETWEEN %s AND %s", [ids, *span]
    ), place_found


def _spans(job: ReRating) -> str:
    """When the customer of the filter stood below the owner: of its other calls nothing is told."""
    if job.customer_id is None or job.owner.is_root:
        return "{(,)}"
    spans = spans_below(job.customer_id, job.owner_id)
    texts = [f"[{start or ''},{end or ''})" for start, end in spans]
    return "{" + ",".join(texts) + "}"


def _narrowed(job: ReRating, ids: list[int], span: list[datetime]) -> list[int]:
    """Those of the calls that fulfil what the filter says of a call itself."""
    condition = pattern_condition("called_number", job.called)
    if job.account_id is not None:
        condition &= Q(account_id=job.account_id)
    if job.trunk_id is not None:
        condition &= Q(trunk_id=job.trunk_id)
    if not condition:
        return ids
    rows = Call.objects.filter(condition, id__in=ids, setup_at__range=span)
    return list(rows.values_list("id", flat=True))


def rows_in_scope(job: ReRating, standing: Standing) -> Int64s:
    """The rows that the owner of ``job`` was paid, also by accounts by themselves.

    What two others owe each other is theirs, above and below.
    """
    rows: Int64s = np.flatnonzero(standing.issuers == job.owner_id)
    return rows
