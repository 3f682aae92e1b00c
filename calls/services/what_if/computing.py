"""What charged calls earn and cost before and after some of their levels go by other terms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calls.choices import REASONS
from calls.services.conversion import convert_costs
from calls.services.destinations import DESTINATIONS
from calls.services.pricing import NO_EXCHANGE_RATE, OK
from calls.services.variants import Variant
from calls.services.what_if.reading import Charged
from softswitch.core.columns import Array, Int64s

_LARGEST = int(np.iinfo(np.int64).max)
_DENSE = 8  # so many ids for each row may be looked up in a table of all ids between
_DENSE_ANYWAY = 1 << 20

Spans = Mapping[int, Sequence[tuple[int, int]]]
SUMS = (
    "calls",
    "duration_ms",
    "revenue_before",
    "revenue_after",
    "cost_before",
    "cost_after",
)
_LARGEST_SUM = 9e18  # range guard


@dataclass(frozen=True, slots=True)
class Lens:
    """Whose sums are wanted: those of ``sellers``, each within its ``spans`` if it has any.

    With ``tariff`` only calls that ``top`` sold by it.
    """

    sellers: tuple[int, ...]
    top: int
    tariff: int | None
    spans: Spans


def sums_of(charged: Charged, variants: Sequence[Variant], lens: Lens) -> dict[str, Int64s]:
    """The columns of WhatIfRow over the calls, exact, in millionths of the balances' currencies.

    One row per seller, buyer, destination and reason: 0, or why the new terms cannot rate the call
    (pricing.REASONS). Nothing changes of such a call, at none of its levels. ``balance_id`` is 0
    where a seller called itself and sold to nobody. Raises OverflowError beyond int64.
    """
    after, reasons = _after(charged, variants)
    sales, costs = _pairs(charged, lens)
    rows = np.where(sales >= 0, sales, costs)
    calls = charged.levels.calls[rows]
    reason = reasons[calls]
    after = np.where(reasons[charged.levels.calls] == OK, after, charged.amounts)
    destinations = _destinations(charged.rates[rows], charged.levels.tariffs[rows])
    size = len(charged.table["ids"]) + 1
    most = int(destinations.max(initial=0)) + 1
    if size * size * most * len(REASONS) > _LARGEST:
        raise OverflowError("too many balances and destinations")
    pairs = (_at(charged.balances + 1, sales) * size) + _at(charged.balances + 1, costs)
    keys, sums = _fold(
        (pairs * most + destinations) * len(REASONS) + reason,
        {
            "duration_ms": charged.calls.duration_ms[calls],
            "revenue_before": _at(charged.amounts, sales),
            "revenue_after": _at(after, sales),
            "cost_before": _at(charged.amounts, costs),
            "cost_after": _at(after, costs),
        },
    )
    keys, reason = np.divmod(keys, len(REASONS))
    keys, destinations = np.divmod(keys, most)
    return {
        **_parties(charged.table, *np.divmod(keys, size)),
        "destination_id": destinations,
        "reason": reason,
        **sums,
    }


def _parties(table: Mapping[str, Array], sales: Int64s, costs: Int64s) -> dict[str, Int64s]:
    """Seller, buyer and their balances by rows of the table of balances, counted from 1."""
    ids, customers, issuers = (np.append(0, table[c]) for c in ("ids", "customers", "issuers"))
    is_sale = sales > 0
    return {
        "seller_id": np.where(is_sale, issuers[sales], customers[costs]),
        "customer_id": np.where(is_sale, customers[sales], customers[costs]),
        "balance_id": ids[sales],
        "issuer_balance_id": ids[costs],
    }


def _fold(keys: Int64s, sums: Mapping[str, Int64s]) -> tuple[Int64s, dict[str, Int64s]]:
    """Rows of equal keys added up, and how many there were (``calls``)."""
    for column in sums.values():
        if float(np.abs(column.astype(np.float64)).sum()) > _LARGEST_SUM:  # range guard
            raise OverflowError("the amounts add up to too much")
    order = keys.argsort()
    ordered = keys[order]
    is_first = np.append(np.ones(min(1, len(keys)), dtype=np.bool_), ordered[1:] != ordered[:-1])
    starts = np.flatnonzero(is_first)
    calls = np.diff(np.append(starts, len(keys)))
    if not starts.size:
        return keys, {"calls": calls, **sums}
    added = {name: np.add.reduceat(column[order], starts) for name, column in sums.items()}
    return ordered[starts], {"calls": calls, **added}


def _destinations(rates: Int64s, tariffs: Int64s) -> Int64s:
    """The destination of each rate; asked once for each rate that occurs."""
    if not rates.size:
        return rates
    low = int(rates[rates > 0].min(initial=_LARGEST))
    places = np.maximum(rates - low + 1, 0)  # 0 is no rate
    size = int(places.max()) + 1
    if size > _DENSE * len(rates) + _DENSE_ANYWAY:
        return DESTINATIONS.of(rates, tariffs)
    tariff_at = np.zeros(size, dtype=np.int64)
    tariff_at[places] = tariffs
    tariff_at[0] = 0
    used = np.flatnonzero(tariff_at)
    found = np.zeros(size, dtype=np.int64)
    found[used] = DESTINATIONS.of(used + low - 1, tariff_at[used])
    return found[places]


def _after(charged: Charged, variants: Sequence[Variant]) -> tuple[Int64s, Int64s]:
    """What each level comes to afterwards, and of each call why it could not be rated."""
    after = charged.amounts.copy()
    levels = charged.levels
    row_reasons = np.zeros(len(levels), dtype=np.int64)
    for variant in variants:
        rows = variant.rows(levels)
        prices = variant.price(charged.calls, levels, rows)
        ended_at = charged.calls.ended_at[levels.calls[rows]]
        currencies = charged.currencies[charged.balances[rows]]
        converted = convert_costs(prices.costs, prices.currencies, currencies, ended_at)
        is_missing = converted.is_missing & (prices.reasons == OK)
        row_reasons[rows] = np.where(is_missing, NO_EXCHANGE_RATE, prices.reasons)
        after[rows] = converted.amounts
    reasons = np.zeros(len(charged.calls), dtype=np.int64)
    wrong = np.flatnonzero(row_reasons)
    reasons[levels.calls[wrong]] = row_reasons[wrong]
    return after, reasons


def _pairs(charged: Charged, lens: Lens) -> tuple[Int64s, Int64s]:
    """The levels at which a seller is paid for a call, and pays for it: -1 for none."""
    levels = charged.levels
    is_first = np.ones(len(levels), dtype=np.bool_)
    is_first[1:] = levels.calls[1:] != levels.calls[:-1]
    is_sale = _is_of(charged, "issuers", lens.sellers)
    # What a seller called itself: its own charge with nobody's below.
    is_own = is_first & (levels.numbers == 1) & _is_of(charged, "customers", lens.sellers)
    if lens.tariff is not None:
        by_it = (levels.issuers == lens.top) & (levels.tariffs == lens.tariff)
        is_asked = np.zeros(len(charged.calls), dtype=np.bool_)
        is_asked[levels.calls[by_it]] = True
        is_sale &= is_asked[levels.calls]
        is_own &= is_asked[levels.calls]
    for seller, spans in lens.spans.items():
        is_told = _within(charged, spans)
        is_sale &= is_told | (levels.issuers != seller)
        is_own &= is_told | (levels.customers != seller)
    sales, own = np.flatnonzero(is_sale), np.flatnonzero(is_own)
    above = np.minimum(sales + 1, len(levels) - 1)
    is_paid_on = (
        (above > sales)
        & (levels.calls[above] == levels.calls[sales])
        & (levels.customers[above] == levels.issuers[sales])
    )
    costs = np.where(is_paid_on, above, -1)
    return np.append(sales, np.full(len(own), -1)), np.append(costs, own)


def _within(charged: Charged, spans: Sequence[tuple[int, int]]) -> Array:
    """Whether each level's call began in one of ``spans``."""
    at = charged.calls.setup_at
    is_inside = np.zeros(len(at), dtype=np.bool_)
    for since, until in spans:
        is_inside |= (at >= since) & (at < until)
    found: Array = is_inside[charged.levels.calls]
    return found


def _is_of(charged: Charged, column: str, sellers: Collection[int]) -> Array:
    """Whether each level's issuer or customer is one of ``sellers``, asked once per balance."""
    wanted = np.isin(charged.table[column], np.fromiter(sellers, dtype=np.int64))
    found: Array = wanted[charged.balances]
    return found


def _at(values: Int64s, rows: Int64s) -> Int64s:
    """The values of ``rows``, 0 for -1."""
    return np.append(values, 0)[rows]
