"""All rates of a tariff, arranged so that whole columns of calls find their rate at once.

The prefixes are flattened into disjoint ranges of keys (see `keys`), each of which knows the newest
row of its longest prefix. Rows are chained: each points to the next older row of its prefix, the
oldest to the newest row of the next shorter prefix. Nearly every call is served by the first row;
the rest walk down their chains together. So validity costs no memory, however many dates there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from tariffs.rating.keys import BLOCKS, KEY_DIGITS, Int64s, keys_of_texts
from tariffs.rating.profiles import LocalTimes, Profile, ProfileClock
from tariffs.rating.terms import RateTerms, check_prefix

Bools = npt.NDArray[np.bool_]

PRICE_DECIMALS = 8
"""Decimals of a price in the columns, which count in units of 10**-8."""

NO_RATE = -1
NO_PROFILE = -1
ALWAYS_FROM = int(np.iinfo(np.int64).min)
NEVER_TILL = int(np.iinfo(np.int64).max)

_STEP = 1 << 16  # calls matched at a time: what they touch stays in the processor's cache
_PRICE_SCALE: int = 10**PRICE_DECIMALS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(moment: datetime) -> int:
    """Return an aware moment as whole microseconds since 1970 UTC, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateColumns:
    """The rates of one tariff as columns of one length, in any order.

    `ids` are the caller's own; prices are per minute in units of 10**-8; intervals are seconds;
    validity is half-open in microseconds since 1970 UTC, `ALWAYS_FROM` and `NEVER_TILL` if open.
    `profile` says which of `profiles`, read in `zone`, a row has, `NO_PROFILE` if none; without any
    it is None.
    """

    ids: Int64s
    prefixes: Sequence[str]
    price_1: Int64s
    price_n: Int64s
    interval_1: Int64s
    interval_n: Int64s
    is_forbidden: Bools
    grace_enabled: Bools
    valid_from_us: Int64s
    valid_till_us: Int64s
    profile: Int64s | None = None
    profiles: tuple[Profile, ...] = ()
    zone: tzinfo = UTC

    @classmethod
    def of(
        cls, rates: Sequence[RateTerms], ids: Sequence[int] = (), zone: tzinfo = UTC
    ) -> "RateColumns":
        """Build the columns from single rates; `ids` default to 0, 1, 2, ...

        Raises ValueError for a price with more than 8 decimals, OverflowError for one of
        92,233,720,368 or more, which the columns cannot hold.
        """
        profiles = tuple(dict.fromkeys(rate.profile for rate in rates if rate.profile))
        return cls(
            profile=_int64s([_place(profiles, rate) for rate in rates]) if profiles else None,
            profiles=profiles,
            zone=zone,
            ids=_int64s(ids or range(len(rates))),
            prefixes=[rate.prefix for rate in rates],
            price_1=_int64s([_scaled(rate.price_1) for rate in rates]),
            price_n=_int64s([_scaled(rate.price_n) for rate in rates]),
            interval_1=_int64s([rate.interval_1 for rate in rates]),
            interval_n=_int64s([rate.interval_n for rate in rates]),
            is_forbidden=np.array([rate.is_forbidden for rate in rates], dtype=np.bool_),
            grace_enabled=np.array([rate.grace_enabled for rate in rates], dtype=np.bool_),
            valid_from_us=_int64s([_moment(rate.valid_from, ALWAYS_FROM) for rate in rates]),
            valid_till_us=_int64s([_moment(rate.valid_till, NEVER_TILL) for rate in rates]),
        )

    def rate_at(self, row: int) -> RateTerms:
        """Return what decides the price in one row; validity and prefix are left out."""
        return RateTerms(
            prefix="",
            price_1=Decimal(f"{self.price_1[row]}E-{PRICE_DECIMALS}"),
            price_n=Decimal(f"{self.price_n[row]}E-{PRICE_DECIMALS}"),
            interval_1=int(self.interval_1[row]),
            interval_n=int(self.interval_n[row]),
            is_forbidden=bool(self.is_forbidden[row]),
            grace_enabled=bool(self.grace_enabled[row]),
        )


class RateBook:
    """An index over the columns of one tariff; immutable, so it may be cached and shared.

    Raises ValueError for a prefix that has other characters than digits or more than 18 of them.
    """

    def __init__(self, columns: RateColumns) -> None:
        self.columns = columns
        sizes = _sizes(columns.prefixes)
        keys = keys_of_texts(columns.prefixes)
        # By prefix, then oldest first; of rows that start together one with a profile wins, of
        # these the one given last.
        sorting = [columns.valid_from_us, keys]
        if columns.profile is not None:
            sorting.insert(0, (columns.profile != NO_PROFILE).astype(np.int64))
        order = np.lexsort(sorting)
        is_oldest = np.ones(len(order), dtype=np.bool_)
        is_oldest[1:] = keys[order[1:]] != keys[order[:-1]]
        newest = order[np.append(is_oldest[1:], np.ones(min(1, len(order)), dtype=np.bool_))]
        prefixes = _Prefixes(keys[newest], sizes[newest])
        rows = np.append(newest, NO_RATE)  # index -1: no prefix, no row
        self._next = np.full(len(order), NO_RATE, dtype=np.int64)
        self._next[order[1:]] = order[:-1]
        self._next[order[is_oldest]] = rows[prefixes.parents()]
        self._starts, owners = prefixes.flatten()
        self._first = rows[owners]
        self._clock = ProfileClock(columns.profiles, columns.zone) if columns.profiles else None

    def match(self, keys: Int64s, at_us: Int64s, begun_us: Int64s | None = None) -> Int64s:
        """Return the row of the columns that rates each call, `NO_RATE` where there is none.

        `keys` are those of the called numbers, `at_us` the starts of the calls in microseconds
        since 1970 UTC, or whenever else the rates are wanted: then the times of day are read at
        `begun_us`. A forbidden row is a match: refusing it is the caller's affair. More than ten
        million calls a second with 60,000 prefixes.
        """
        rows = np.empty(keys.shape, dtype=np.int64)
        for start in range(0, len(keys), _STEP):
            part = keys[start : start + _STEP]
            order = np.argsort(part)  # a search for neighbours in turn is ten times as fast
            ranges = np.searchsorted(self._starts, part[order], side="right") - 1
            rows[start : start + _STEP][order] = self._first[ranges]
        begun_us = at_us if begun_us is None else begun_us
        times = self._clock.read(begun_us) if self._clock else None
        pending = np.flatnonzero(~self._is_settled(rows, at_us, times, np.arange(len(rows))))
        while pending.size:
            rows[pending] = self._next[rows[pending]]
            is_settled = self._is_settled(rows[pending], at_us[pending], times, pending)
            pending = pending[~is_settled]
        return rows

    def _is_settled(
        self, rows: Int64s, at_us: Int64s, times: LocalTimes | None, calls: Int64s
    ) -> Bools:
        if not len(self._next):
            return np.ones(rows.shape, dtype=np.bool_)
        has_begun = self.columns.valid_from_us[rows] <= at_us
        is_valid = has_begun & (at_us < self.columns.valid_till_us[rows])
        if self._clock and times and self.columns.profile is not None:
            profile = self.columns.profile[rows]
            asked = np.flatnonzero(is_valid & (profile != NO_PROFILE))
            is_valid[asked] = self._clock.holds(profile[asked], times, calls[asked])
        is_settled: Bools = is_valid | (rows == NO_RATE)
        return is_settled


class _Prefixes:
    """Distinct prefixes, sorted by key, each with the range of keys that begin with it."""

    def __init__(self, keys: Int64s, sizes: Int64s) -> None:
        self._keys = keys
        self._sizes = sizes

    def parents(self) -> Int64s:
        """Return for each prefix the index of the next shorter one, -1 if there is none."""
        return self._enclosing(self._keys, self._sizes)

    def flatten(self) -> tuple[Int64s, Int64s]:
        """Return disjoint ranges: where each starts, and its longest prefix (-1: none)."""
        ends = self._keys + BLOCKS[self._sizes]
        starts = np.unique(np.concatenate((np.zeros(1, dtype=np.int64), self._keys, ends)))
        owners = self._enclosing(starts, np.full(len(starts), KEY_DIGITS + 1, dtype=np.int64))
        is_change = np.append(True, owners[1:] != owners[:-1])
        return starts[is_change], owners[is_change]

    def _enclosing(self, points: Int64s, limits: Int64s) -> Int64s:
        """Return for each key the longest prefix, shorter than the limit, that it begins with."""
        found = np.full(len(points), -1, dtype=np.int64)
        for size in np.unique(self._sizes):
            candidates = np.flatnonzero(self._sizes == size)
            starts = self._keys[candidates]
            block_starts = points - points % BLOCKS[size]
            nearest = np.searchsorted(starts, block_starts, side="right") - 1
            is_inside = (nearest >= 0) & (starts[nearest] == block_starts) & (size < limits)
            found[is_inside] = candidates[nearest[is_inside]]
        return found


def _sizes(prefixes: Sequence[str]) -> Int64s:
    together = "".join(prefixes)
    if together and not (together.isascii() and together.isdigit()):
        for prefix in prefixes:
            check_prefix(prefix)
    sizes = _int64s(list(map(len, prefixes)))
    if (sizes > KEY_DIGITS).any():
        raise ValueError(f"a prefix has at most {KEY_DIGITS} digits")
    return sizes


def _int64s(values: Sequence[int]) -> Int64s:
    return np.array(values, dtype=np.int64)


def _scaled(price: Decimal) -> int:
    numerator, denominator = price.as_integer_ratio()
    units, rest = divmod(numerator * _PRICE_SCALE, denominator)
    if rest:
        raise ValueError(f"price {price} has more than {PRICE_DECIMALS} decimals")
    return units


def _place(profiles: tuple[Profile, ...], rate: RateTerms) -> int:
    return NO_PROFILE if rate.profile is None else profiles.index(rate.profile)


def _moment(moment: datetime | None, default: int) -> int:
    return default if moment is None else to_microseconds(moment)
