"""The rate of one number: longest prefix, then validity, then the latest start."""

from collections.abc import Iterable
from datetime import UTC, datetime

from tariffs.rating.terms import RateTerms

_EVER = datetime.min.replace(tzinfo=UTC)


def longest_prefix(prefixes: Iterable[str], number: str) -> str | None:
    """Return the longest of `prefixes` that `number` starts with; the empty one fits all."""
    return max((p for p in prefixes if number.startswith(p)), key=len, default=None)


def find_rate(rates: Iterable[RateTerms], number: str, at: datetime) -> RateTerms | None:
    """Return the rate of a call to `number` (digits) that starts at `at` (aware), or None.

    Of the rows valid at that moment the longest prefix wins, of equal prefixes the latest
    `valid_from`, of equal ones the row given last. A forbidden row is found like any other.
    """
    best: RateTerms | None = None
    for rate in rates:
        fits = number.startswith(rate.prefix) and rate.is_valid_at(at)
        if fits and (best is None or _rank(rate) >= _rank(best)):
            best = rate
    return best


def _rank(rate: RateTerms) -> tuple[int, datetime]:
    return len(rate.prefix), rate.valid_from or _EVER
