"""The chain of each call: who pays at which level, to whom, by which tariff, when it began."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from accounts.selectors import dated_own_tariffs
from calls.services.picking import Calls
from customers.selectors import ChainSegment, chains, root_customer
from softswitch.core.columns import FOREVER, Array, Columns, Int64s
from softswitch.core.dated import NONE, Dated
from tariffs.rating.book import to_microseconds
from tariffs.selectors import dated_tariffs

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Levels(Columns):
    """One row per level of a call, by call and then by level: 0 the account, 1 its customer, ...

    ``calls`` are indexes into the calls; ``accounts`` is 0 but for level 0, ``tariffs`` is 0 where
    none was assigned. ``issuers`` are the owners at the time.
    """

    calls: Int64s
    numbers: Int64s
    customers: Int64s
    issuers: Int64s
    accounts: Int64s
    tariffs: Int64s


@dataclass(slots=True)
class _Segments:
    """Segments of chains laid end to end: ``first`` and ``size`` tell where each one's are."""

    keys: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    customers: list[int] = field(default_factory=list)
    issuers: list[int] = field(default_factory=list)

    def add(self, customer_id: int, segment: ChainSegment, root_id: int) -> None:
        till = segment.valid_till
        self.keys.append(customer_id)
        self.starts.append(to_microseconds(segment.valid_from))
        self.ends.append(FOREVER if till is None else to_microseconds(till))
        self.first.append(len(self.customers))
        self.size.append(len(segment.customers))
        self.customers.extend(segment.customers)
        self.issuers.extend((*segment.customers[1:], root_id))


def levels_of(calls: Calls) -> Levels:
    """The levels of calls whose customer is known, as things stood at each call's start.

    Where a customer was not in service then, its chain is the customer alone without a tariff, so
    that an answered call comes out unrated. Calls of Root itself have no level, but for that of an
    account charged by itself.
    """
    root_id = root_customer().pk
    own = _own_levels(calls)
    chain = _chain_levels(calls, root_id)
    both = [np.concatenate(pair) for pair in zip(own, chain, strict=True)]
    order = np.lexsort((both[1], both[0]))
    return Levels(*(column[order] for column in both))


def _own_levels(calls: Calls) -> list[Array]:
    """Level 0 of the calls whose account was charged by itself."""
    rows = dated_own_tariffs(np.unique(calls.accounts[calls.accounts > 0]).tolist())
    terms = Dated(rows["account"], rows["start"], rows["end"])
    found = terms.find(calls.accounts, calls.setup_at)
    own = np.flatnonzero(found != NONE)
    customers = calls.customers[own]
    level = np.zeros(len(own), dtype=np.int64)
    return [own, level, customers, customers, calls.accounts[own], rows["tariff"][found[own]]]


def _chain_levels(calls: Calls, root_id: int) -> list[Array]:
    """Levels 1 and up: the customer, its owner, and so on below Root."""
    segments = _segments_of(np.unique(calls.customers).tolist(), root_id)
    dated = Dated(_ints(segments.keys), _ints(segments.starts), _ints(segments.ends))
    found = dated.find(calls.customers, calls.setup_at)
    is_in_service = found != NONE
    sizes = np.where(is_in_service, _ints(segments.size)[found], calls.is_answered)
    sizes[calls.customers == root_id] = 0
    rows = np.repeat(np.arange(len(calls)), sizes)
    above = np.arange(len(rows)) - np.repeat(sizes.cumsum() - sizes, sizes)
    place = _ints(segments.first)[found[rows]] + above
    known = is_in_service[rows]
    customers = np.where(known, _ints(segments.customers)[place], calls.customers[rows])
    issuers = np.where(known, _ints(segments.issuers)[place], root_id)
    tariffs = _tariffs_at(customers, calls.setup_at[rows])
    return [rows, above + 1, customers, issuers, np.zeros_like(rows), np.where(known, tariffs, 0)]


def _segments_of(customer_ids: list[int], root_id: int) -> _Segments:
    segments = _Segments()
    for customer_id, found in chains(customer_ids).items():
        for segment in found:
            segments.add(customer_id, segment, root_id)
    if not segments.keys:  # so that there is something to index
        segments.add(0, ChainSegment(_EVER, _EVER, (0,)), root_id)
    return segments


def _tariffs_at(customers: Int64s, setup_at: Int64s) -> Int64s:
    rows = dated_tariffs(np.unique(customers).tolist())
    found = Dated(rows["customer"], rows["start"], rows["end"]).find(customers, setup_at)
    return np.append(rows["tariff"], 0)[found]  # NONE is -1: the 0 at the end


def _ints(values: list[int]) -> Int64s:
    return np.array(values, dtype=np.int64)
