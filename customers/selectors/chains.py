"""Who stood above each customer, when: the chains that calls are charged along."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class ChainSegment:
    """The chain of a customer in a stretch of time: itself first, its top owner below Root last."""

    valid_from: datetime
    valid_till: datetime | None
    customers: tuple[int, ...]


# OFFSET 0: the planner expects a hundred times the owners and would read the whole table.
_OWNERSHIPS = """
WITH RECURSIVE up (customer_id, owner_id, valid_from, valid_till) AS (
    SELECT customer_id, owner_id, valid_from, valid_till
    FROM customers_customerownership WHERE customer_id = ANY(%s)
  UNION
    SELECT o.customer_id, o.owner_id, o.valid_from, o.valid_till
    FROM up CROSS JOIN LATERAL (
        SELECT customer_id, owner_id, valid_from, valid_till FROM customers_customerownership
        WHERE customer_id = up.owner_id OFFSET 0
    ) o
)
SELECT customer_id, owner_id, valid_from, valid_till FROM up ORDER BY customer_id, valid_from
"""

Till = datetime | None
Span = tuple[datetime | None, Till]
_Ownership = tuple[int, datetime, Till]


def chains(customer_ids: Iterable[int]) -> dict[int, list[ChainSegment]]:
    """Who stood above each customer, when: from itself up to, not including, Root.

    One query; every change of an owner at any level starts a new segment. Times outside all
    segments of a customer are times at which it was not in service.
    """
    owners: dict[int, list[_Ownership]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_OWNERSHIPS, [sorted(set(customer_ids))])
        for customer_id, owner_id, start, end in cursor.fetchall():
            owners[customer_id].append((owner_id, start, end))
    return {pk: [*_climb(pk, owners, None, None)] for pk in customer_ids if pk in owners}


def spans_below(customer_id: int, owner_id: int) -> list[Span]:
    """When ``customer_id`` was ``owner_id`` or stood below it; half-open, None is unbounded.

    One span without bounds for all but those that have moved. What it was before its service, and
    after its end, is what it was first and last.
    """
    segments = chains([customer_id]).get(customer_id, [])
    last = len(segments) - 1
    spans: list[Span] = []
    for place, segment in enumerate(segments):
        if owner_id not in segment.customers:
            continue
        start = segment.valid_from if place else None
        end = segment.valid_till if place < last else None
        if spans and spans[-1][1] == start:
            start = spans.pop()[0]
        spans.append((start, end))
    return spans


def _climb(
    customer_id: int, owners: dict[int, list[_Ownership]], first: datetime | None, till: Till
) -> Iterator[ChainSegment]:
    """The segments within a stretch of time, in which nobody stands above itself."""
    for owner_id, start, end in owners[customer_id]:
        since = start if first is None else max(start, first)
        last = min((moment for moment in (end, till) if moment), default=None)
        if last is not None and last <= since:
            continue
        if owner_id not in owners:  # Root: the chain ends below it
            yield ChainSegment(since, last, (customer_id,))
            continue
        for above in _climb(owner_id, owners, since, last):
            line = (customer_id, *above.customers)
            yield ChainSegment(above.valid_from, above.valid_till, line)
