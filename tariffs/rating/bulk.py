"""The charge formula on whole columns of calls: integer arithmetic, equal to `formula.charge`."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from tariffs.rating.book import PRICE_DECIMALS, Bools, RateColumns
from tariffs.rating.formula import charge
from tariffs.rating.keys import Int64s
from tariffs.rating.terms import MAX_DECIMALS, Rounding, TariffTerms

MICRO: int = 10**MAX_DECIMALS
"""How many units of a bulk cost make one unit of currency."""

_STEP = 1 << 16  # calls charged at a time: what they touch stays in the processor's cache
_PARTS: int = 60 * 10**PRICE_DECIMALS
_LARGEST = int(np.iinfo(np.int64).max)
_SAFE = _LARGEST // 2  # leaves room for the error of the estimates


def charge_bulk(
    terms: TariffTerms, columns: RateColumns, rows: Int64s, duration_ms: Int64s
) -> tuple[Int64s, Int64s]:
    """Charge calls of one tariff: billed seconds, and costs in millionths of its currency.

    `rows` are rows of `columns`, one per call, as `RateBook.match` returns them but without
    `NO_RATE`; `duration_ms` are raw durations in milliseconds. More than ten million calls a
    second; a call whose numbers might exceed int64 goes through `formula.charge`, with the same
    result. Raises ValueError for a negative row, OverflowError for a cost above 9 * 10**12, which
    no int64 of millionths can hold.
    """
    if rows.size and rows.min() < 0:
        raise ValueError("a call without a rate cannot be charged")
    if terms.not_billed or not rows.size:
        return np.zeros(rows.shape, dtype=np.int64), np.zeros(rows.shape, dtype=np.int64)
    parts = [
        _charge_part(terms, columns, rows[i : i + _STEP], duration_ms[i : i + _STEP])
        for i in range(0, len(rows), _STEP)
    ]
    return np.concatenate([billed for billed, _ in parts]), np.concatenate([c for _, c in parts])


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A tariff's terms as integers.

    Before the surcharge a cost is counted in parts: 1/60 of 10**-8, so that a price per minute
    times seconds is an integer. Times `factor`, `divisor` of them make one unit of the tariff's
    last decimal, which is worth `micro` millionths.
    """

    fee: int
    factor: int
    divisor: int
    micro: int
    free_seconds: int
    grace_period: int
    rounding: Rounding


@dataclass(frozen=True, slots=True)
class _Calls:
    """Whole seconds of each call and what its rate says, column by column."""

    seconds: Int64s
    interval_1: Int64s
    interval_n: Int64s
    price_1: Int64s
    price_n: Int64s
    grace_enabled: Bools


def _charge_part(
    terms: TariffTerms, columns: RateColumns, rows: Int64s, duration_ms: Int64s
) -> tuple[Int64s, Int64s]:
    scaled = _scale(terms)
    if scaled is None:
        unsafe = np.arange(len(rows))
        billed, costs = np.empty_like(rows), np.empty_like(rows)
    else:
        calls = _gather(terms, columns, rows, duration_ms)
        unsafe = _find_unsafe(scaled, calls)
        billed, costs = _charge_safe(scaled, calls)
    for call in unsafe:
        billed[call], costs[call] = _charge_one(terms, columns, int(rows[call]), duration_ms[call])
    return billed, costs


def _scale(terms: TariffTerms) -> _Scaled | None:
    """Return the terms as integers, None if that is not exact or leaves no room in int64."""
    fee, fee_divisor = terms.connect_fee.as_integer_ratio()
    surcharge, shrink = terms.post_call_surcharge.as_integer_ratio()
    fee_parts, rest = divmod(fee * _PARTS, fee_divisor)
    divisor = _PARTS * shrink // 10**terms.decimals
    scaled = _Scaled(
        fee=fee_parts,
        factor=surcharge + shrink,
        divisor=divisor,
        micro=MICRO // 10**terms.decimals,
        free_seconds=terms.free_seconds,
        grace_period=terms.grace_period,
        rounding=terms.cost_rounding,
    )
    largest = max(fee_parts, scaled.factor, divisor, terms.free_seconds, terms.grace_period)
    return None if rest or largest > _SAFE // 2 else scaled


def _gather(terms: TariffTerms, columns: RateColumns, rows: Int64s, duration_ms: Int64s) -> _Calls:
    seconds, rest = np.divmod(duration_ms, 1000)
    seconds += rest >= (500 if terms.duration_rounding is Rounding.HALF_UP else 1)
    return _Calls(
        seconds=seconds,
        interval_1=columns.interval_1[rows],
        interval_n=columns.interval_n[rows],
        price_1=columns.price_1[rows],
        price_n=columns.price_n[rows],
        grace_enabled=columns.grace_enabled[rows],
    )


def _find_unsafe(scaled: _Scaled, calls: _Calls) -> Int64s:
    """Return the calls for which some step of the formula might exceed int64.

    Each price counts one more than it is, so that the times alone stay in range too.
    """
    most = scaled.fee + int(calls.interval_1.max()) * (int(calls.price_1.max()) + 1)
    longest = max(0, int(calls.seconds.max())) + int(calls.interval_n.max())
    most += longest * (int(calls.price_n.max()) + 1)
    if _doubled(scaled, most) <= _SAFE:
        return np.empty(0, dtype=np.int64)
    first = calls.interval_1.astype(np.float64) * (calls.price_1.astype(np.float64) + 1)
    spans = np.maximum(calls.seconds, 0).astype(np.float64) + calls.interval_n
    parts = scaled.fee + first + spans * (calls.price_n.astype(np.float64) + 1)
    largest = 2.0 * (parts * max(1, scaled.factor) + scaled.divisor)  # range guard
    return np.flatnonzero(largest > _SAFE)


def _doubled(scaled: _Scaled, parts: int) -> int:
    """Return the largest number that rounding a cost of so many parts meets."""
    return 2 * parts * max(1, scaled.factor) + 2 * scaled.divisor


def _charge_safe(scaled: _Scaled, calls: _Calls) -> tuple[Int64s, Int64s]:
    rest = np.maximum(calls.seconds - calls.interval_1 - scaled.free_seconds, 0)
    further = (rest + calls.interval_n - 1) // calls.interval_n * calls.interval_n
    parts = scaled.fee + calls.interval_1 * calls.price_1 + further * calls.price_n
    if scaled.rounding is Rounding.UP:
        units = (parts * scaled.factor + (scaled.divisor - 1)) // scaled.divisor
    else:
        units = (2 * scaled.factor * parts + scaled.divisor) // (2 * scaled.divisor)
    is_charged = (calls.seconds > 0) & ~(
        calls.grace_enabled & (calls.seconds <= scaled.grace_period)
    )
    return (calls.interval_1 + further) * is_charged, units * scaled.micro * is_charged


def _charge_one(
    terms: TariffTerms, columns: RateColumns, row: int, duration_ms: np.int64
) -> tuple[int, int]:
    charged = charge(terms, columns.rate_at(row), Decimal(f"{duration_ms}E-3"))
    numerator, denominator = charged.cost.as_integer_ratio()
    cost = numerator * MICRO // denominator
    if max(cost, charged.billed_seconds) > _LARGEST:
        raise OverflowError(f"the cost {charged.cost} is too large for a bulk charge")
    return charged.billed_seconds, cost
