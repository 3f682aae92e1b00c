"""Adds up the charges of a batch for the reports, and folds what batches added.

A batch only appends rows to ``calls_trafficdelta``, in the transaction that stores its charges:
what rolls one back rolls back the other, and workers never wait for each other. One folder at a
time moves them into ``calls_traffic``, each into every grain. Readers add up both tables, so that
changes no sum.
"""

from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction

from billing.services.usage import Payers
from calls.choices import Grain
from calls.services.destinations import DESTINATIONS
from calls.services.levels import Levels
from calls.services.picking import Calls
from calls.services.pricing import Prices
from softswitch.core.columns import (
    BIGINT,
    BOOLEAN,
    MOMENT,
    SMALLINT,
    Array,
    Int64s,
    grouped,
    numeric,
    write_columns,
)
from softswitch.core.locks import Space, lock
from softswitch.core.partitions import ensure_months

FOLDED_AT_ONCE = 200_000
KEYS = {
    "slot": MOMENT,
    "level": SMALLINT,
    "is_origin": BOOLEAN,
    "issuer_id": BIGINT,
    "customer_id": BIGINT,
    "balance_id": BIGINT,
    "issuer_balance_id": BIGINT,
    "account_id": BIGINT,
    "trunk_id": BIGINT,
    "destination_id": BIGINT,
}
SUMS = {
    "attempts": BIGINT,
    "answered": BIGINT,
    "reached": BIGINT,
    "pdd_calls": BIGINT,
    "pdd_ms": BIGINT,
    "duration_ms": BIGINT,
    "billed_seconds": BIGINT,
    "amount": numeric(6),
    "issuer_amount": numeric(6),
}
_QUARTER: int = 900 * 10**6

# All of a month or nothing: rows of a month that has no partition yet wait for the next turn.
_MONTHS = """
SELECT DISTINCT date_trunc('month', slot AT TIME ZONE 'UTC')::date FROM calls_trafficdelta
"""
_FOLD = """
WITH gone AS (
    DELETE FROM calls_trafficdelta WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM calls_trafficdelta
        WHERE date_trunc('month', slot AT TIME ZONE 'UTC')::date = ANY(%s) LIMIT %s
    )) RETURNING *
), kept AS (
    SELECT {detail} AS grain, * FROM gone
    UNION ALL
    SELECT {day}, date_bin('1 day', slot, '1970-01-01 00:00+00'), {as_they_are}, account_id,
        trunk_id, destination_id, {sums} FROM gone
    UNION ALL
    SELECT {plain}, slot, {as_they_are}, 0, 0, 0, {sums} FROM gone
), folded AS (
    INSERT INTO calls_traffic AS t (grain, {columns})
    SELECT grain, {keys}, {summed} FROM kept GROUP BY grain, {keys} ORDER BY grain, {keys}
    ON CONFLICT (issuer_id, grain, slot, balance_id, issuer_balance_id, level, is_origin,
        account_id, trunk_id, destination_id) DO UPDATE SET {added}
)
SELECT count(*) FROM gone
"""


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Rows of traffic as columns: what they are told apart by, and what is added up."""

    keys: dict[str, Array]
    sums: dict[str, Int64s]

    def folded(self) -> "_Table":
        """Rows of equal keys added up; some may come out as two, which adds up just the same."""
        order, starts = grouped([*self.keys.values()])
        first = order[starts]
        return _Table(
            {name: column[first] for name, column in self.keys.items()},
            {name: np.add.reduceat(c[order], starts) for name, c in self.sums.items()},
        )


def store_traffic(
    calls: Calls, levels: Levels, prices: Prices, payers: Payers, amounts: Int64s
) -> None:
    """Append the sums over one row of charges per row of ``levels``, which hold whole calls.

    Amounts are millionths of the payers' currencies. Takes no lock but on names of destinations
    that no tariff had before.
    """
    keys = _keys(calls, levels, prices.matches, payers.balances)
    _append(_Table(keys, _sums(calls, levels, prices, amounts)))


def store_differences(
    calls: Calls, levels: Levels, rates: Int64s, balances: Int64s, changes: tuple[Int64s, Int64s]
) -> None:
    """Append what charges of calls that count already changed by: billed seconds and amounts.

    One row per row of ``levels``, which hold whole calls; ``rates`` are those by whose destinations
    the calls count, ``changes`` are 0 where nothing changed.
    """
    billed_seconds, amounts = changes
    sums = dict.fromkeys(SUMS, np.zeros(len(levels), dtype=np.int64))
    sums["billed_seconds"], sums["amount"] = billed_seconds, amounts
    sums["issuer_amount"] = _of_issuer(levels, amounts)
    keys = _keys(calls, levels, rates, balances)
    rows = np.flatnonzero(np.logical_or.reduce([column != 0 for column in sums.values()]))
    if rows.size:
        parts = [{name: c[rows] for name, c in columns.items()} for columns in (keys, sums)]
        _append(_Table(*parts))


def _append(rows: _Table) -> None:
    folded = rows.folded()
    write_columns("calls_trafficdelta", KEYS | SUMS, folded.keys | folded.sums)


def _keys(calls: Calls, levels: Levels, rates: Int64s, balances: Int64s) -> dict[str, Array]:
    setup_at = calls.setup_at[levels.calls]
    is_near = levels.numbers <= 1
    return {
        "slot": setup_at // _QUARTER * _QUARTER,
        "level": levels.numbers,
        "is_origin": np.append(True, levels.calls[1:] != levels.calls[:-1]),
        "issuer_id": levels.issuers,
        "customer_id": levels.customers,
        "balance_id": balances,
        "issuer_balance_id": _of_issuer(levels, balances),
        "account_id": np.where(is_near, calls.accounts[levels.calls], 0),
        "trunk_id": np.where(is_near, calls.trunks[levels.calls], 0),
        "destination_id": DESTINATIONS.of(rates, levels.tariffs),
    }


def _sums(calls: Calls, levels: Levels, prices: Prices, amounts: Int64s) -> dict[str, Int64s]:
    pdd_ms = calls.pdd_ms[levels.calls]
    return {
        "attempts": np.ones(len(levels), dtype=np.int64),
        "answered": (calls.duration_ms[levels.calls] > 0).astype(np.int64),
        "reached": calls.is_reached[levels.calls].astype(np.int64),
        "pdd_calls": (pdd_ms >= 0).astype(np.int64),
        "pdd_ms": np.maximum(pdd_ms, 0),
        "duration_ms": calls.duration_ms[levels.calls],
        "billed_seconds": prices.billed_seconds,
        "amount": amounts,
        "issuer_amount": _of_issuer(levels, amounts),
    }


def _of_issuer(levels: Levels, values: Int64s) -> Int64s:
    """What the level above has there: the row that follows, 0 at the top of a chain."""
    above = np.zeros_like(values)
    is_next = levels.calls[1:] == levels.calls[:-1]
    above[:-1] = np.where(is_next, values[1:], 0)
    return above


def fold_traffic(*, limit: int = FOLDED_AT_ONCE) -> int:
    """Fold up to ``limit`` rows that batches added; returns how many. Safe to repeat.

    One transaction under a lock of its own, so that two at once take turns; charging goes on.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        lock(Space.TRAFFIC)
        cursor.execute(_MONTHS)
        months = [row[0] for row in cursor.fetchall()]
        ensure_months(("calls_traffic",), months)
        cursor.execute(_fold_sql(), [months, limit])
        return int(cursor.fetchone()[0])


def _fold_sql() -> str:
    keys, sums = ", ".join(KEYS), ", ".join(SUMS)
    return _FOLD.format(
        columns=f"{keys}, {sums}",
        keys=keys,
        sums=sums,
        as_they_are=", ".join([*KEYS][1:-3]),
        summed=", ".join(f"sum({name})" for name in SUMS),
        added=", ".join(f"{name} = t.{name} + excluded.{name}" for name in SUMS),
        detail=Grain.DETAIL.value,
        day=Grain.DAY.value,
        plain=Grain.PLAIN.value,
    )
