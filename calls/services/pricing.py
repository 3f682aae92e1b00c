"""What each level of each call costs in its tariff's currency, or why it cannot be charged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal

import numpy as np

from calls.choices import REASONS
from calls.services.levels import Levels
from calls.services.picking import Calls
from calls.services.rate_books import BOOKS
from softswitch.core.columns import FOREVER, Array, Columns, Int64s
from softswitch.core.dated import NONE, Dated
from tariffs.models import TariffVersion
from tariffs.rating.book import NO_RATE, RateBook, to_microseconds
from tariffs.rating.bulk import charge_bulk
from tariffs.rating.terms import TariffTerms
from tariffs.selectors import tariff_versions, terms_of

OK, NO_TARIFF, MISSING_RATE, FORBIDDEN, NO_EXCHANGE_RATE = range(len(REASONS))


@dataclass(frozen=True, slots=True)
class Terms:
    """By what calls are priced: without values by all that was in force when each began.

    ``at`` (microseconds since 1970 UTC) stands for that moment instead, for calls of all times;
    only times of day are still read at their start. ``books`` stand for the rates of tariffs,
    ``fee`` says what becomes of a tariff's connect fee.
    """

    at: int | None = None
    books: Mapping[int, RateBook] = field(default_factory=dict)
    fee: Callable[[Decimal], Decimal] | None = None

    def moments(self, setup_at: Int64s) -> Int64s:
        """Of which moment the terms of calls are that began at ``setup_at``."""
        return setup_at if self.at is None else np.full_like(setup_at, self.at)

    def book(self, version: TariffVersion) -> RateBook:
        """The rates of a tariff."""
        kept = self.books.get(version.tariff_id)
        return kept or BOOKS.get(version.tariff_id, version.tariff.rates_revision)

    def parameters(self, version: TariffVersion) -> TariffTerms:
        """What a version of a tariff says about every call."""
        found = terms_of(version)
        return replace(found, connect_fee=self.fee(found.connect_fee)) if self.fee else found


IN_FORCE = Terms()


@dataclass(frozen=True, slots=True, eq=False)
class Prices(Columns):
    """One row per level: costs in millionths of the tariff's currency; 0 stands for no id.

    ``matches`` are the rates that the numbers match, also where nothing is charged by them.
    ``currencies`` is the tariff's code, empty without one. Rows with a reason cost nothing yet.
    """

    versions: Int64s
    rates: Int64s
    matches: Int64s
    billed_seconds: Int64s
    costs: Int64s
    currencies: Array
    reasons: Array

    def settle(self, rows: Array) -> None:
        """Let these rows cost nothing after all, by decision of the level's owner."""
        self.reasons[rows] = OK
        self.rates[rows] = 0
        self.billed_seconds[rows] = 0
        self.costs[rows] = 0

    def put(self, rows: Array, others: "Prices") -> None:
        """Let these rows be ``others``, one by one."""
        for column in fields(self):
            getattr(self, column.name)[rows] = getattr(others, column.name)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is priced, and by what terms."""

    calls: Calls
    levels: Levels
    terms: Terms


def price(calls: Calls, levels: Levels, terms: Terms = IN_FORCE) -> Prices:
    """Match and charge every level by its tariff, in force at the start of its call.

    An answered call without tariff or rate, or to a forbidden destination, gets a reason. One that
    was not answered costs nothing anywhere, by whatever tariff. Raises OverflowError for a cost
    beyond 9 * 10**12, DataError for a price that does not fit the columns.
    """
    setup_at = calls.setup_at[levels.calls]
    is_answered = calls.is_answered[levels.calls]
    versions = tariff_versions(np.unique(levels.tariffs[levels.tariffs > 0]).tolist())
    found = _in_force(versions, levels.tariffs, terms.moments(setup_at))
    prices = Prices(
        versions=np.array([*(v.pk for v in versions), 0], dtype=np.int64)[found],
        rates=np.zeros(len(levels), dtype=np.int64),
        matches=np.zeros(len(levels), dtype=np.int64),
        billed_seconds=np.zeros(len(levels), dtype=np.int64),
        costs=np.zeros(len(levels), dtype=np.int64),
        currencies=np.array([*(v.tariff.currency_id for v in versions), ""], dtype="U3")[found],
        reasons=np.where((found == NONE) & is_answered, NO_TARIFF, OK),
    )
    batch = _Batch(calls, levels, terms)
    priced = np.flatnonzero(found != NONE)
    priced = priced[found[priced].argsort(kind="stable")]
    _which, starts = np.unique(found[priced], return_index=True)
    for rows in np.split(priced, starts[1:]):
        if rows.size:
            _price_version(versions[found[rows[0]]], rows, prices, batch)
    return prices


def _price_version(version: TariffVersion, rows: Int64s, prices: Prices, batch: _Batch) -> None:
    """Fill in the ``rows`` of ``prices`` that go by one version of a tariff."""
    book, calls = batch.terms.book(version), batch.calls
    columns = book.columns
    which = batch.levels.calls[rows]
    begun = calls.setup_at[which]
    matched = book.match(calls.keys[which], batch.terms.moments(begun), begun)
    prices.matches[rows] = np.append(columns.ids, 0)[matched]  # NO_RATE is -1: the 0 at the end
    is_answered = calls.is_answered[which]
    rows, which, matched = rows[is_answered], which[is_answered], matched[is_answered]
    prices.reasons[rows[matched == NO_RATE]] = MISSING_RATE
    has_rate = matched != NO_RATE
    rows, which, matched = rows[has_rate], which[has_rate], matched[has_rate]
    is_forbidden = columns.is_forbidden[matched]
    prices.reasons[rows[is_forbidden]] = FORBIDDEN
    rows, which, matched = rows[~is_forbidden], which[~is_forbidden], matched[~is_forbidden]
    prices.rates[rows] = columns.ids[matched]
    prices.billed_seconds[rows], prices.costs[rows] = charge_bulk(
        batch.terms.parameters(version), columns, matched, calls.duration_ms[which]
    )


def _in_force(versions: list[TariffVersion], tariffs: Int64s, setup_at: Int64s) -> Int64s:
    """Which of ``versions`` each tariff was in at each moment; NONE where it had none."""
    keys = np.array([v.tariff_id for v in versions], dtype=np.int64)
    starts = np.array([to_microseconds(v.valid_from) for v in versions], dtype=np.int64)
    ends = np.array(
        [to_microseconds(v.valid_till) if v.valid_till else FOREVER for v in versions],
        dtype=np.int64,
    )
    return Dated(keys, starts, ends).find(tariffs, setup_at)
