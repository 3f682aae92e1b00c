"""The rate of one number: validity, then the longest prefix, the latest start, a profile."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from tariffs.rating.terms import RateTerms

_EVER = datetime.min.replace(tzinfo=UTC)


def longest_prefix(prefixes: Iterable[str], number: str) -> str | None:
    """Return the longest of `prefixes` that `number` starts with; the empty one fits all."""
    return max((p for p in prefixes if number.startswith(p)), key=len, default=None)


def find_rate(
    rates: Iterable[RateTerms], number: str, at: datetime, zone: tzinfo = UTC
) -> RateTerms | None:
    """Return the rate of a call to `number` (digits) that starts at `at` (aware), or None.

    `zone` is the tariff's, in which profiles are read. Of the rows valid at that moment the longest
    prefix wins, of equal prefixes the latest `valid_from`, of equal ones a row with a profile, of
    equal ones the row given last. A forbidden row is found like any other.
    """
    best: RateTerms | None = None
    for rate in rates:
        fits = number.startswith(rate.prefix) and rate.is_valid_at(at, zone)
        if fits and (best is None or _rank(rate) >= _rank(best)):
            best = rate
    return best


def _rank(rate: RateTerms) -> tuple[int, datetime, bool]:
    return len(rate.prefix), rate.valid_from or _EVER, rate.profile is not None
