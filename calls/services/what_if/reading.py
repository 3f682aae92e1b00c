"""Reads charged calls, a bounded number at a time, with their charges at the levels asked for."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import Any

import numpy as np
from django.db import connection, transaction

from calls.services.levels import Levels
from calls.services.picking import Calls
from softswitch.core.columns import (
    BIGINT,
    INTEGER,
    MOMENT,
    Array,
    Int64s,
    read_columns,
    text,
    texts_of,
)
from softswitch.core.moments import from_microseconds, to_microseconds
from tariffs.rating.keys import KEY_DIGITS, keys_of_texts
from tariffs.selectors import tariffs_of_versions

CALLS_AT_ONCE = 100_000
READERS = 2
"""How many portions are read ahead, each on a connection of its own."""
_DENSE = 8  # of so many ids in a row one is asked for: then all of them are read

# The planner would rather read a month once more for each portion of it.
_BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0"
# Where the next portion ends: so many calls further on.
_EDGE = "SELECT setup_at FROM {rows} setup_at >= %s AND setup_at < %s ORDER BY 1 OFFSET %s LIMIT 1"
_CALLS = """
SELECT id, setup_at, ended_at, duration_ms,
    substr(convert_to(rpad(called_number, %s), 'UTF8'), 1, %s)
FROM calls_call c
WHERE setup_at >= %s AND setup_at < %s AND answered_at IS NOT NULL AND duration_ms > 0
    AND customer_id IS NOT NULL
"""
_CALL_COLUMNS = {
    "ids": BIGINT,
    "setup_at": MOMENT,
    "ended_at": MOMENT,
    "duration_ms": INTEGER,
    "number": text(KEY_DIGITS),
}
# What passes a customer is what it is charged for: one row per call of all that stand below it.
_PASSING = """
SELECT call_id FROM billing_charge
WHERE customer_id = %s AND account_id IS NULL AND revision = 0 AND duration_ms > 0
    AND setup_at >= %s AND setup_at < %s
"""
_CHARGES = """
SELECT call_id, (balance_id << 32) | (level::bigint << 16) | revision,
    coalesce(tariff_version_id, 0), coalesce(rate_id, 0), (amount * 1000000)::bigint
FROM billing_charge
WHERE {which} AND setup_at >= %s AND setup_at <= %s AND duration_ms > 0
    AND (issuer_id = ANY(%s) OR customer_id = %s)
"""
_CHARGE_COLUMNS = {
    "calls": BIGINT,
    "places": BIGINT,
    "versions": BIGINT,
    "rates": BIGINT,
    "amounts": BIGINT,
}
_SMALLINT: int = (1 << 16) - 1
_PLACE: int = (1 << 32) - 1
_BALANCES = """
SELECT id, customer_id, issuer_id, coalesce(account_id, 0),
    convert_to(rpad(currency_id, 3), 'UTF8')
FROM billing_balance WHERE issuer_id = ANY(%s) OR customer_id = %s ORDER BY id
"""
_BALANCE_COLUMNS = {
    "ids": BIGINT,
    "customers": BIGINT,
    "issuers": BIGINT,
    "accounts": BIGINT,
    "currency": text(3),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls, and which of their levels: those paid to ``sellers``, and what ``top`` pays.

    Calls set up from ``since`` to before ``until`` (microseconds) that pass ``payer``; None is all.
    """

    since: int
    until: int
    payer: int | None
    top: int
    sellers: tuple[int, ...]


@dataclass(frozen=True)
class Charged:
    """Calls with the levels that were charged, as ``Levels``, and what each came to.

    ``balances`` are rows of ``table``; ``amounts`` are the sums over all revisions, in millionths
    of the balance's currency, ``rates`` those of the last one. They were set up before ``till``.
    """

    calls: Calls
    levels: Levels
    balances: Int64s
    rates: Int64s
    amounts: Int64s
    table: dict[str, Array]
    till: int

    @cached_property
    def currencies(self) -> Array:
        """ISO codes of the balances."""
        return texts_of(self.table["currency"])


@contextmanager
def charged_calls(scope: Scope, since: int) -> Iterator[Iterator[Charged]]:
    """All calls of ``scope`` from ``since`` on, in portions, in the order of their set-up.

    While one is computed with, others read the next ones on connections of their own; within a
    transaction, whose rows another connection might not see, one comes after the other.
    """
    if connection.in_atomic_block:
        yield _portions(scope, since, lambda *edges: partial(read_charged, scope, *edges))
        return
    with ThreadPoolExecutor(READERS) as readers:
        yield _portions(
            scope, since, lambda *edges: readers.submit(_read_alone, scope, *edges).result
        )


def _read_alone(scope: Scope, since: int, till: int) -> Charged:
    """``read_charged`` in a thread, whose connection is not kept."""
    try:
        return read_charged(scope, since, till)
    finally:
        connection.close()


def _portions(
    scope: Scope, since: int, begin: Callable[[int, int], Callable[[], Charged]]
) -> Iterator[Charged]:
    """What ``begin`` begins to read between two moments, and then hands out; the first at once."""
    edges = _edges(scope, since)
    ahead = deque(begin(*pair) for pair in islice(edges, READERS))

    def portions() -> Iterator[Charged]:
        while ahead:
            charged = ahead.popleft()()
            ahead.extend(begin(*pair) for pair in islice(edges, 1))
            yield charged

    return portions()


def _edges(scope: Scope, since: int) -> Iterator[tuple[int, int]]:
    """From when to when to read: CALLS_AT_ONCE at most, but for more of one moment."""
    rows = (
        "calls_call WHERE" if scope.payer is None else "billing_charge WHERE customer_id = %s AND"
    )
    payer = [] if scope.payer is None else [scope.payer]
    while since < scope.until:
        span = [from_microseconds(since), from_microseconds(scope.until)]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_BY_INDEX)
            cursor.execute(_EDGE.format(rows=rows), [*payer, *span, CALLS_AT_ONCE])
            found = cursor.fetchone()
        till = max(to_microseconds(found[0]), since + 1) if found else scope.until
        yield since, till
        since = till


def read_charged(scope: Scope, since: int, till: int) -> Charged:
    """The calls that were set up from ``since`` to before ``till``."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BY_INDEX)
        calls = _read_calls(scope, since, till)
        table = read_columns(_BALANCES, [list(scope.sellers), scope.top], _BALANCE_COLUMNS)
        found = _charges(scope, calls)
    found = _aligned(found, calls)
    balances = np.searchsorted(table["ids"], found["places"] >> 32)
    levels = Levels(
        calls=found["calls"],
        numbers=(found["places"] >> 16) & _SMALLINT,
        tariffs=tariffs_of_versions(found["versions"]),
        **{name: table[name][balances] for name in ("customers", "issuers", "accounts")},
    )
    return Charged(calls, levels, balances, found["rates"], found["amounts"], table, till)


def _read_calls(scope: Scope, since: int, till: int) -> Calls:
    span = [from_microseconds(since), from_microseconds(till)]
    asked: list[Any] = [KEY_DIGITS, KEY_DIGITS, *span]
    if scope.payer is None:
        return _as_calls(read_columns(_CALLS, asked, _CALL_COLUMNS))
    passing = read_columns(_PASSING, [scope.payer, *span], {"ids": BIGINT})
    ids = np.sort(passing["ids"])
    if not ids.size:
        return _as_calls(dict.fromkeys(_CALL_COLUMNS, ids))
    which, parameters = _of_calls(ids)
    calls = _as_calls(
        read_columns(f"{_CALLS} AND {which.format(id='id')}", [*asked, *parameters], _CALL_COLUMNS)
    )
    return calls.where(np.isin(calls.ids, ids, assume_unique=True))


def _as_calls(found: dict[str, Array]) -> Calls:
    """Answered calls by id; what pricing does not ask for is left out."""
    none = np.zeros(len(found["ids"]), dtype=np.int64)
    numbers = found.pop("number")
    calls = Calls(
        keys=keys_of_texts(texts_of(numbers).tolist()) if none.size else none,
        is_answered=none == 0,
        is_reached=none == 0,
        customers=none,
        accounts=none,
        trunks=none,
        pdd_ms=none,
        **found,
    )
    return calls.where(calls.ids.argsort())


def _of_calls(ids: Int64s) -> tuple[str, list[Any]]:
    """A condition on ``{id}`` that sorted ids meet; where they stand close, also those between."""
    first, last = int(ids[0]), int(ids[-1])
    if last - first < _DENSE * len(ids):
        return "{id} BETWEEN %s AND %s", [first, last]
    return "{id} = ANY(%s)", [ids.tolist()]


def _charges(scope: Scope, calls: Calls) -> dict[str, Array]:
    """The charges of calls, and perhaps of others."""
    if not len(calls):
        return {name: np.zeros(0, dtype=np.int64) for name in _CHARGE_COLUMNS}
    which, parameters = _of_calls(calls.ids)
    ends = [from_microseconds(calls.setup_at.min()), from_microseconds(calls.setup_at.max())]
    query = _CHARGES.format(which=which.format(id="call_id"))
    return read_columns(
        query, [*parameters, *ends, list(scope.sellers), scope.top], _CHARGE_COLUMNS
    )


def _aligned(found: dict[str, Array], calls: Calls) -> dict[str, Array]:
    """One row per call and level, by these: amounts of all revisions, all else of the last.

    ``calls`` are places in ``calls``; charges of other calls are left out.
    """
    if not len(calls):
        return found
    which = np.minimum(np.searchsorted(calls.ids, found["calls"]), len(calls) - 1)
    is_asked = calls.ids[which] == found["calls"]
    rows = found | {"calls": which}
    if not is_asked.all():
        rows = {name: column[is_asked] for name, column in rows.items()}
    key = rows["calls"] << 32 | rows["places"] & _PLACE
    if (key[1:] < key[:-1]).any():
        order = key.argsort()
        key, rows = key[order], {name: column[order] for name, column in rows.items()}
    if not (key & _SMALLINT).any():  # no call was rated again
        return rows
    ends = np.flatnonzero(np.append(key[1:] >> 16 != key[:-1] >> 16, np.ones(1, dtype=np.bool_)))
    sums = np.add.reduceat(rows["amounts"], np.append(0, ends[:-1] + 1))
    return {name: column[ends] for name, column in rows.items()} | {"amounts": sums}
