"""The charge of one call at one level, and its inverse, in exact arithmetic."""

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tariffs.rating.terms import RateTerms, Rounding, TariffTerms

_MINUTE = 60  # prices are per minute, durations in seconds


@dataclass(frozen=True, slots=True)
class Charged:
    """`cost` is in the tariff's currency and has exactly the tariff's decimals."""

    billed_seconds: int
    cost: Decimal


def charge(terms: TariffTerms, rate: RateTerms, duration: Decimal) -> Charged:
    """Charge `duration` (raw seconds, finite; zero or less = not answered) at `rate`.

    A tariff marked "not billed" and a free call give no billed seconds and no cost. Whether the
    rate is forbidden or valid is the caller's affair: this function only computes.
    """
    seconds = whole_seconds(duration, terms.duration_rounding)
    if terms.not_billed or is_free(terms, rate, seconds):
        return Charged(0, as_decimal(0, terms.decimals))
    count = further_intervals(terms, rate, seconds)
    units = round_cost(terms, exact_cost(terms, rate, count))
    return Charged(rate.interval_1 + count * rate.interval_n, as_decimal(units, terms.decimals))


def max_duration(terms: TariffTerms, rate: RateTerms, funds: Decimal) -> int | None:
    """Longest duration, in whole seconds, whose charge fits in `funds`; None: nothing limits it.

    It is 0 when the first charged interval cannot be paid, even if a grace period would make a
    short call free: nobody without money may live on short calls.
    """
    if terms.not_billed:
        return None if funds >= 0 else 0
    payable = _largest_payable(terms, funds)
    first = exact_cost(terms, rate, 0)
    if not payable.admits(first):
        return 0
    step = exact_cost(terms, rate, 1) - first
    if step == 0:
        return None
    count = payable.steps(first, step)
    longest = rate.interval_1 + terms.free_seconds + count * rate.interval_n
    return max(longest, terms.grace_period) if rate.grace_enabled else longest


def whole_seconds(duration: Decimal, rule: Rounding) -> int:
    """Round a raw duration in seconds to whole seconds; negative durations give 0."""
    numerator, denominator = duration.as_integer_ratio()
    return _divide(numerator, denominator, rule) if numerator > 0 else 0


def is_free(terms: TariffTerms, rate: RateTerms, seconds: int) -> bool:
    """Whether a call of `seconds` costs nothing: not answered, or within the grace period."""
    return seconds <= 0 or (rate.grace_enabled and seconds <= terms.grace_period)


def further_intervals(terms: TariffTerms, rate: RateTerms, seconds: int) -> int:
    """How many intervals N follow interval 1 in a call of `seconds` that is not free."""
    rest = max(0, seconds - rate.interval_1 - terms.free_seconds)
    return -(-rest // rate.interval_n)


def base_cost(terms: TariffTerms, rate: RateTerms, count: int) -> Fraction:
    """Cost of interval 1 and `count` intervals N with the connect fee, before the surcharge."""
    first = rate.interval_1 * Fraction(rate.price_1)
    further = count * rate.interval_n * Fraction(rate.price_n)
    return Fraction(terms.connect_fee) + (first + further) / _MINUTE


def exact_cost(terms: TariffTerms, rate: RateTerms, count: int) -> Fraction:
    """`base_cost` with the post-call surcharge, not yet rounded."""
    return base_cost(terms, rate, count) * (1 + Fraction(terms.post_call_surcharge))


def round_cost(terms: TariffTerms, cost: Fraction) -> int:
    """Round a cost by the tariff's rule; the result counts units of its last decimal."""
    scale: int = 10**terms.decimals
    return _divide(cost.numerator * scale, cost.denominator, terms.cost_rounding)


def as_decimal(units: int, decimals: int) -> Decimal:
    """`units` of the last of `decimals` decimals as a Decimal, exact at any size."""
    return Decimal(f"{units}E-{decimals}")


def _divide(numerator: int, denominator: int, rule: Rounding) -> int:
    """Quotient of two numbers that are not negative, rounded to an integer."""
    if rule is Rounding.UP:
        return -(-numerator // denominator)
    return (2 * numerator + denominator) // (2 * denominator)


@dataclass(frozen=True, slots=True)
class _Limit:
    """The unrounded costs that round to something payable: up to `bound`, or below it."""

    bound: Fraction
    is_inclusive: bool

    def admits(self, cost: Fraction) -> bool:
        return cost <= self.bound if self.is_inclusive else cost < self.bound

    def steps(self, first: Fraction, step: Fraction) -> int:
        """How often `step` can be added to `first`, which is admitted."""
        room = (self.bound - first) / step
        return math.floor(room) if self.is_inclusive else math.ceil(room) - 1


def _largest_payable(terms: TariffTerms, funds: Decimal) -> _Limit:
    """Turn `funds` into the limit for unrounded costs, undoing the tariff's cost rounding."""
    scale = 10**terms.decimals
    units = math.floor(Fraction(funds) * scale)
    if terms.cost_rounding is Rounding.UP:
        return _Limit(Fraction(units, scale), is_inclusive=True)
    return _Limit(Fraction(2 * units + 1, 2 * scale), is_inclusive=False)
