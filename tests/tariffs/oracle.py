"""Product rules of rating written a second time, as plainly as possible, and random inputs for it.

Nothing here is shared with `tariffs.rating` but the input dataclasses.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from tariffs.rating.terms import RateTerms, Rounding, TariffTerms

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def expected_charge(terms, rate, duration):
    """Return (billed seconds, cost as a Fraction) by the text of the product's formula."""
    d = _rounded(Fraction(duration), terms.duration_rounding)
    is_grace = rate.grace_enabled and d <= terms.grace_period
    if d <= 0 or is_grace or terms.not_billed:
        return 0, Fraction(0)
    n, rest = 0, max(0, d - rate.interval_1 - terms.free_seconds)
    n = rest // rate.interval_n + (1 if rest % rate.interval_n else 0)
    cost = Fraction(terms.connect_fee)
    cost += rate.interval_1 * Fraction(rate.price_1) / 60
    cost += n * rate.interval_n * Fraction(rate.price_n) / 60
    cost *= 1 + Fraction(terms.post_call_surcharge)
    scale = 10**terms.decimals
    cost = Fraction(_rounded(cost * scale, terms.cost_rounding), scale)
    return rate.interval_1 + n * rate.interval_n, cost


def expected_row(rates, number, at):
    """Return the position of the rate of a call, None if it has none, by trying every prefix."""
    for size in range(len(number), -1, -1):
        rows = [
            (rate.valid_from or datetime.min.replace(tzinfo=UTC), row)
            for row, rate in enumerate(rates)
            if rate.prefix == number[:size]
            and (rate.valid_from is None or rate.valid_from <= at)
            and (rate.valid_till is None or at < rate.valid_till)
        ]
        if rows:
            return max(rows)[1]
    return None


def _rounded(value, rule):
    whole = value.numerator // value.denominator
    rest = value - whole
    threshold = rest > 0 if rule is Rounding.UP else rest >= Fraction(1, 2)
    return whole + 1 if threshold else whole


def decimals(most, places):
    """Decimals from 0 to `most`, often with few digits so that ties of rounding happen."""
    exact = st.integers(0, places).flatmap(
        lambda used: st.integers(0, most * 10**used).map(lambda units: Decimal(f"{units}E-{used}"))
    )
    return exact | st.sampled_from([Decimal(text) for text in ("0", "0.5", "1", "0.06", "0.3")])


moments = st.integers(0, 12).map(lambda hours: EPOCH + timedelta(hours=hours))
prefixes = st.text("0", max_size=2) | st.text("01", max_size=5) | st.text("0123456789", max_size=8)
numbers = st.text("0", max_size=3) | st.text("01", max_size=9) | st.text("0123456789", max_size=22)
durations = st.integers(-2_000, 400_000).map(lambda ms: Decimal(f"{ms}E-3"))
surcharges = decimals(3, 6).map(lambda value: value - 1) | st.just(Decimal(0))

tariffs = st.builds(
    TariffTerms,
    connect_fee=decimals(10, 8),
    free_seconds=st.integers(0, 90),
    grace_period=st.integers(0, 90),
    post_call_surcharge=surcharges,
    duration_rounding=st.sampled_from(Rounding),
    cost_rounding=st.sampled_from(Rounding),
    decimals=st.integers(0, 6),
    not_billed=st.sampled_from([False] * 9 + [True]),
)


def rates_with(prices):
    """Rates with prices from the given strategy."""
    return st.builds(
        RateTerms,
        prefix=prefixes,
        price_1=prices,
        price_n=prices,
        interval_1=st.integers(1, 90),
        interval_n=st.integers(1, 90),
        is_forbidden=st.booleans(),
        grace_enabled=st.booleans(),
        valid_from=st.none() | moments,
        valid_till=st.none() | moments,
    )


rates = rates_with(decimals(5, 8))
