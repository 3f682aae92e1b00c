"""Who stood above each customer, when: the chains that calls are charged along."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class ChainSegment:
    """The chain of a customer in a stretch of time: itself first, its top owner below Root last."""

    valid_from: datetime
    valid_till: datetime | None
    customers: tuple[int, ...]


_OWNERSHIPS = """
WITH RECURSIVE up (customer_id, owner_id, valid_from, valid_till) AS (
    SELECT customer_id, owner_id, valid_from, valid_till
    FROM customers_customerownership WHERE customer_id = ANY(%s)
  UNION
    SELECT o.customer_id, o.owner_id, o.valid_from, o.valid_till
    FROM customers_customerownership o JOIN up ON o.customer_id = up.owner_id
)
SELECT customer_id, owner_id, valid_from, valid_till FROM up ORDER BY customer_id, valid_from
"""

_Span = tuple[int, datetime, datetime | None]


def chains(customer_ids: Iterable[int]) -> dict[int, list[ChainSegment]]:
    """Who stood above each customer, when: from itself up to, not including, Root.

    One query; every change of an owner at any level starts a new segment. Times outside all
    segments of a customer are times at which it was not in service.
    """
    owners: dict[int, list[_Span]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_OWNERSHIPS, [sorted(set(customer_ids))])
        for customer_id, owner_id, start, end in cursor.fetchall():
            owners[customer_id].append((owner_id, start, end))
    known: dict[int, list[ChainSegment]] = {}
    return {pk: _segments(pk, owners, known) for pk in customer_ids if pk in owners}


def _segments(
    customer_id: int, owners: dict[int, list[_Span]], known: dict[int, list[ChainSegment]]
) -> list[ChainSegment]:
    if customer_id in known:
        return known[customer_id]
    found: list[ChainSegment] = []
    for owner_id, start, end in owners[customer_id]:
        if owner_id not in owners:  # Root: the chain ends below it
            found.append(ChainSegment(start, end, (customer_id,)))
            continue
        for above in _segments(owner_id, owners, known):
            first = max(start, above.valid_from)
            last = min((t for t in (end, above.valid_till) if t), default=None)
            if last is None or first < last:
                found.append(ChainSegment(first, last, (customer_id, *above.customers)))
    known[customer_id] = found
    return found
