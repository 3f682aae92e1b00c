"""Reads charged calls, a bounded number at a time, with their charges at the levels asked for."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
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
from softswitch.core.moments import from_microseconds
from tariffs.rating.keys import KEY_DIGITS, keys_of_texts
from tariffs.selectors import tariffs_of_versions

CALLS_AT_ONCE = 150_000
_DENSE = 8  # of so many ids in a row one is asked for: then all of them are read

# The planner would rather read a month once more for each portion of it.
_BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0"
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
SELECT call_id, setup_at FROM billing_charge
WHERE customer_id = %s AND account_id IS NULL AND revision = 0 AND duration_ms > 0
    AND setup_at >= %s AND setup_at < %s
ORDER BY setup_at LIMIT %s
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
    of the balance's currency, ``rates`` those of the last one. All calls before ``till`` are read.
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

    While one is computed with, the server reads the next on a connection of its own; within a
    transaction, whose rows another connection might not see, one after the other.
    """
    if connection.in_atomic_block:
        yield _portions(scope, since, lambda at: partial(read_charged, scope, at))
        return
    with ThreadPoolExecutor(1) as reader:
        try:
            yield _portions(scope, since, lambda at: reader.submit(read_charged, scope, at).result)
        finally:
            reader.submit(_close).result()


def _close() -> None:
    """Close the connection of this thread."""
    connection.close()


def _portions(
    scope: Scope, since: int, begin: Callable[[int], Callable[[], Charged]]
) -> Iterator[Charged]:
    """What ``begin`` begins to read at a moment, and then hands out; the first at once."""
    ahead = begin(since)

    def portions(since: int, ahead: Callable[[], Charged]) -> Iterator[Charged]:
        while since < scope.until:
            charged = ahead()
            since = charged.till
            if since < scope.until:
                ahead = begin(since)
            yield charged

    return portions(since, ahead)


def read_charged(scope: Scope, since: int) -> Charged:
    """The next calls from ``since`` on, CALLS_AT_ONCE but for more of one moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BY_INDEX)
        calls, till = _calls(scope, since)
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


def _calls(scope: Scope, since: int) -> tuple[Calls, int]:
    """Calls from ``since`` on, and the moment before which there are no more of them."""
    calls = _read_calls(scope, since, scope.until, CALLS_AT_ONCE)
    if len(calls) < CALLS_AT_ONCE:
        return calls, scope.until
    last = int(calls.setup_at.max())
    if last > since:
        return calls.where(calls.setup_at < last), last
    return _read_calls(scope, last, last + 1, None), last + 1


def _read_calls(scope: Scope, since: int, until: int, limit: int | None) -> Calls:
    span = [from_microseconds(since), from_microseconds(until)]
    asked: list[Any] = [KEY_DIGITS, KEY_DIGITS, *span]
    if scope.payer is None:
        found = read_columns(f"{_CALLS} ORDER BY setup_at LIMIT %s", [*asked, limit], _CALL_COLUMNS)
        return _as_calls(found)
    passing = read_columns(
        _PASSING, [scope.payer, *span, limit], {"ids": BIGINT, "setup_at": MOMENT}
    )
    ids = np.sort(passing["ids"])
    if not ids.size:
        return _as_calls(dict.fromkeys(_CALL_COLUMNS, passing["ids"]))
    asked[-1] = from_microseconds(passing["setup_at"].max() + 1)
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
