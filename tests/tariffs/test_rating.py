"""The scalar rating core: charge, its inverse and the match, by example and against the oracle."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tariffs.rating.formula import Charged, charge, max_duration
from tariffs.rating.match import find_rate, longest_prefix
from tariffs.rating.terms import RateTerms, Rounding, TariffTerms
from tests.tariffs import oracle

D = Decimal
AMOUNTS = {"connect_fee", "post_call_surcharge"}


def rate(price_1="0.30", price_n="0.30", interval_1=1, interval_n=1, **rest):
    return RateTerms("", D(price_1), D(price_n), interval_1, interval_n, **rest)


@pytest.mark.parametrize(
    ("terms", "row", "duration", "billed", "cost"),
    [
        pytest.param({}, rate(), "61.5", 62, "0.31000", id="half-a-second-rounds-away"),
        pytest.param({}, rate(), "61.4", 61, "0.30500", id="less-than-half"),
        pytest.param(
            {"duration_rounding": Rounding.UP}, rate(), "61.001", 62, "0.31000", id="duration-up"
        ),
        pytest.param({}, rate(), "0.4", 0, "0.00000", id="rounds-to-no-second"),
        pytest.param({"connect_fee": D(1)}, rate(), "0", 0, "0.00000", id="not-answered-no-fee"),
        pytest.param({}, rate(), "-5", 0, "0.00000", id="negative"),
        pytest.param(
            {"connect_fee": D(1), "grace_period": 5},
            rate(grace_enabled=True),
            "5",
            0,
            "0.00000",
            id="within-grace-no-fee",
        ),
        pytest.param(
            {"grace_period": 5}, rate(grace_enabled=True), "6", 6, "0.03000", id="beyond-grace"
        ),
        pytest.param({"grace_period": 5}, rate(), "5", 5, "0.02500", id="grace-not-enabled"),
        pytest.param(
            {"free_seconds": 30, "connect_fee": D("0.02"), "decimals": 4},
            rate("0.095", "0.095", 60, 60),
            "186.62",
            180,
            "0.3050",
            id="free-seconds-save-an-interval",
        ),
        pytest.param(
            {"cost_rounding": Rounding.UP, "decimals": 4, "post_call_surcharge": D("0.015")},
            rate("0.0312", "0.0312"),
            "187",
            187,
            "0.0987",
            id="design-page-with-surcharge",
        ),
        pytest.param(
            {"decimals": 0}, rate("30", "0", 1, 60), "61", 61, "1", id="tie-of-cost-rounds-away"
        ),
        pytest.param({"post_call_surcharge": D(-1)}, rate(), "60", 60, "0.00000", id="all-off"),
        pytest.param({"not_billed": True}, rate(), "60", 0, "0.00000", id="tariff-not-billed"),
    ],
)
def test_charge_by_example(terms, row, duration, billed, cost):
    charged = charge(TariffTerms(**terms), row, D(duration))

    assert (charged.billed_seconds, f"{charged.cost:f}") == (billed, cost)


def test_charge_is_exact_beyond_the_precision_of_decimal():
    price = D("123456789012345678901234567890.12345678")

    charged = charge(TariffTerms(decimals=6), rate(price, price, 60, 60), D(60))

    assert charged == Charged(60, D("123456789012345678901234567890.123457"))


@given(oracle.tariffs, oracle.rates, oracle.durations)
def test_charge_equals_the_oracle(terms, row, duration):
    charged = charge(terms, row, duration)

    assert (charged.billed_seconds, Fraction(charged.cost)) == oracle.expected_charge(
        terms, row, duration
    )
    assert charged.cost.as_tuple().exponent == -terms.decimals


@given(oracle.tariffs, oracle.rates, st.integers(0, 400), oracle.decimals(1, 6))
@example(TariffTerms(decimals=0), rate("0.001", "0.001"), 60, D("0.4"))
@example(TariffTerms(cost_rounding=Rounding.UP), rate("0", "0.3", 60, 7), 67, D(0))
def test_max_duration_is_the_inverse_of_charge(terms, row, seconds, slack):
    """From both sides: what it allows can be paid, one second more cannot."""
    funds = charge(terms, row, D(seconds)).cost + slack
    longest = max_duration(terms, row, funds)
    if longest is None:
        assert charge(terms, row, D(10**9)).cost <= funds
        return
    if longest == 0:
        assert oracle.expected_charge(terms, _without_grace(row), 1)[1] > funds
        return
    assert charge(terms, row, D(longest)).cost <= funds
    assert charge(terms, row, D(longest + 1)).cost > funds


@given(oracle.tariffs, oracle.rates, oracle.decimals(2, 7), st.booleans())
def test_max_duration_finds_what_trying_every_second_finds(terms, row, amount, is_negative):
    funds = -amount if is_negative else amount
    longest = max_duration(terms, row, funds)
    assume(longest is None or longest < 400)

    first = oracle.expected_charge(terms, _without_grace(row), 1)[1]
    if first > funds:
        assert longest == 0
        return
    affordable = [s for s in range(401) if oracle.expected_charge(terms, row, s)[1] <= funds]
    assert longest == affordable[-1] if longest is not None else affordable[-1] == 400


def _without_grace(row):
    return RateTerms("", row.price_1, row.price_n, row.interval_1, row.interval_n)


@pytest.mark.parametrize(
    ("terms", "row", "funds", "longest"),
    [
        pytest.param({}, rate("0.6", "0.6"), "1", 100, id="whole-intervals"),
        pytest.param({}, rate("0.6", "0.6", 60, 60), "0.59999", 0, id="first-interval-too-dear"),
        pytest.param(
            {"grace_period": 10},
            rate("0.6", "0.6", 60, 60, grace_enabled=True),
            "0.5",
            0,
            id="no-money-no-grace",
        ),
        pytest.param(
            {"grace_period": 90}, rate("0.6", "6", 1, 1, grace_enabled=True), "0.01", 90, id="grace"
        ),
        pytest.param({"free_seconds": 30}, rate("0.6", "0.6"), "0.01", 31, id="free-seconds"),
        pytest.param({}, rate("0.6", "0"), "0.01", None, id="price-n-zero"),
        pytest.param({}, rate("0", "0"), "0", None, id="free-of-charge"),
        pytest.param({}, rate("0", "0"), "-0.01", 0, id="in-debt-even-nothing-is-too-much"),
        pytest.param({"not_billed": True}, rate(), "0", None, id="not-billed"),
        pytest.param({"not_billed": True}, rate(), "-1", 0, id="not-billed-in-debt"),
        pytest.param({"decimals": 2}, rate("0.06", "0.06"), "0", 4, id="rounds-down-to-nothing"),
        pytest.param(
            {"decimals": 2, "cost_rounding": Rounding.UP}, rate("0.06", "0.06"), "0.01", 10, id="up"
        ),
    ],
)
def test_max_duration_by_example(terms, row, funds, longest):
    assert max_duration(TariffTerms(**terms), row, D(funds)) == longest


@pytest.mark.parametrize(
    ("number", "expected"),
    [("12125551234", "1212"), ("1213", "1"), ("121", "1"), ("44", ""), ("0044", "00"), ("", "")],
)
def test_longest_prefix(number, expected):
    assert longest_prefix(["1", "1212", "", "00", "440"], number) == expected


def test_longest_prefix_of_none():
    assert longest_prefix(["440", "45"], "44") is None
    assert longest_prefix([], "44") is None


def test_find_rate_prefers_the_longest_valid_prefix_then_the_latest_start():
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    hour = timedelta(hours=1)
    old = RateTerms("44", D(1), D(1), 1, 1, valid_till=noon)
    new = RateTerms("44", D(2), D(2), 1, 1, valid_from=noon)
    newer = RateTerms("44", D(3), D(3), 1, 1, valid_from=noon + hour, valid_till=noon + 2 * hour)
    barred = RateTerms("447", D(0), D(0), 1, 1, is_forbidden=True, valid_from=noon + hour)
    rows = [newer, new, barred, old]

    assert find_rate(rows, "4479", noon - timedelta(microseconds=1)) is old
    assert find_rate(rows, "4479", noon) is new
    assert find_rate(rows, "4419", noon + hour) is newer
    assert find_rate(rows, "4419", noon + 2 * hour) is new
    assert find_rate(rows, "4479", noon + hour) is barred
    assert find_rate(rows, "33", noon) is None


@given(st.lists(oracle.rates, max_size=12), oracle.numbers, oracle.moments)
def test_find_rate_equals_the_oracle(rows, number, at):
    row = oracle.expected_row(rows, number, at)

    assert find_rate(rows, number, at) is (None if row is None else rows[row])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("connect_fee", "-0.01"),
        ("connect_fee", "NaN"),
        ("post_call_surcharge", "-1.000001"),
        ("post_call_surcharge", "Infinity"),
        ("free_seconds", "-1"),
        ("grace_period", "-1"),
        ("decimals", "7"),
        ("decimals", "-1"),
    ],
)
def test_tariff_terms_refuse_what_is_out_of_range(field, value):
    changed: dict[str, Any] = {field: D(value) if field in AMOUNTS else int(value)}

    with pytest.raises(ValueError, match=f"^{field} "):
        TariffTerms(**changed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price_1", "-1"),
        ("price_n", "-0.00000001"),
        ("price_n", "sNaN"),
        ("interval_1", "0"),
        ("interval_n", "0"),
    ],
)
def test_rate_terms_refuse_what_is_out_of_range(field, value):
    with pytest.raises(ValueError, match=f"^{field} "):
        rate(**{field: value if field.startswith("price") else int(value)})


@pytest.mark.parametrize("prefix", ["+44", "٤٤", "44 ", "4a"])
def test_rate_terms_refuse_a_prefix_of_other_characters(prefix):
    with pytest.raises(ValueError, match=r"^prefix "):
        RateTerms(prefix, D(1), D(1), 1, 1)
