"""Converts costs to the currency of the balance, exactly, at the rates of the day a call ended."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from softswitch.core.columns import Array, Columns, Int64s
from softswitch.core.dated import Dated
from tariffs.selectors import exchange_rate_days

RATE_UNIT: int = 10**10
"""How many units of an exchange rate make 1."""

_DAY_US: int = 24 * 3600 * 10**6
_EPOCH = date(1970, 1, 1)
_LARGEST = int(np.iinfo(np.int64).max)
_ONE: Int64s = np.array([RATE_UNIT], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Converted(Columns):
    """Amounts in millionths of the balances' currencies, cross rates in units of 10**-10.

    Where ``is_missing``, a currency had no rate: the amount is 0, the cross rate 1.
    """

    amounts: Int64s
    exchange_rates: Int64s
    is_missing: Array


def convert_costs(costs: Int64s, sources: Array, targets: Array, ended_at: Int64s) -> Converted:
    """Each cost from its currency to another, once, half-up to millionths.

    The cross rate is from/base divided by to/base, not rounded before it is applied. Currencies
    are ISO codes; an empty source needs no conversion. Raises OverflowError beyond int64.
    """
    converted = Converted(
        amounts=costs.copy(),
        exchange_rates=np.full(len(costs), RATE_UNIT, dtype=np.int64),
        is_missing=np.zeros(len(costs), dtype=np.bool_),
    )
    foreign = np.flatnonzero((sources != targets) & (sources != ""))
    if not foreign.size:
        return converted
    days = ended_at[foreign] // _DAY_US
    known, rates = _rates_between(int(days.min()), int(days.max()))
    by_from = known.find(_codes(sources[foreign]), days)
    by_to = known.find(_codes(targets[foreign]), days)
    numbers = (by_from + 1) * len(rates) + by_to + 1  # NONE is -1: the 0 at the end of the rates
    pairs, which = np.unique(numbers, return_inverse=True)
    for place, pair in enumerate(pairs.tolist()):
        rows = foreign[which == place]
        source, target = (rates[one - 1] for one in divmod(pair, len(rates)))
        if source and target:
            cross = Fraction(source, target)
            converted.amounts[rows] = _times(costs[rows], cross)
            converted.exchange_rates[rows] = _times(_ONE, cross)
        else:
            converted.amounts[rows] = 0
            converted.is_missing[rows] = True
    return converted


def _times(values: Int64s, cross: Fraction) -> Int64s:
    """``values * cross`` half-up, exactly; values are not negative.

    Nearly all fit into 64 bits, as both rates have few decimals that are not 0.
    """
    numerator, denominator = 2 * cross.numerator, 2 * cross.denominator
    if max(1, int(values.max())) * numerator + denominator <= _LARGEST:
        return (values * numerator + cross.denominator) // denominator
    results = [(value * numerator + cross.denominator) // denominator for value in values.tolist()]
    if max(results) > _LARGEST:
        raise OverflowError("a converted amount is too large")
    return np.array(results, dtype=np.int64)


def _rates_between(first: int, last: int) -> tuple[Dated, list[int]]:
    """The rates in force on days since 1970, and their values as integers; NONE finds a 0."""
    rows = exchange_rate_days(_EPOCH + timedelta(first), _EPOCH + timedelta(last))
    known = Dated(
        _codes(np.array([code for code, _, _ in rows], dtype="U3")),
        np.array([(day - _EPOCH).days for _, day, _ in rows], dtype=np.int64),
        np.full(len(rows), _LARGEST, dtype=np.int64),
    )
    return known, [*(int(rate * RATE_UNIT) for _, _, rate in rows), 0]


def _codes(currencies: Array) -> Int64s:
    """ISO codes as numbers."""
    letters = np.ascontiguousarray(currencies, dtype="U3").view(np.uint32).reshape(-1, 3)
    codes: Int64s = letters.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    return codes
