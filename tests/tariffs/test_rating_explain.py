"""The explanation of a charge, line by line."""

from decimal import Decimal

import pytest
from hypothesis import given

from tariffs.rating.explain import explain
from tariffs.rating.formula import charge
from tariffs.rating.terms import RateTerms, Rounding, TariffTerms
from tests.tariffs import oracle

D = Decimal
RATE = RateTerms("336", D("0.09500000"), D("0.09500000"), 60, 60, grace_enabled=True)


def lines(terms, rate, duration):
    return [(step.symbol, step.expression, step.value) for step in explain(terms, rate, duration)]


def test_a_charged_call_as_on_the_design_page():
    terms = TariffTerms(connect_fee=D("0.020000"), decimals=4)

    assert lines(terms, RATE, D("186.620")) == [
        ("d", "186.62 s, half-up", "187 s"),
        ("n", "ceil((187 − 60 − 0) / 60)", "3"),
        ("billed", "60 + 3 × 60", "240 s"),
        ("cost", "0.0200 + 60 × 0.0950/60 + 180 × 0.0950/60", "0.400000"),
        ("charge", "rounded once, half-up, 4 decimals", "0.4000"),
    ]


@pytest.mark.parametrize(
    ("surcharge", "factor", "total", "cost"),
    [
        ("0.015000", "(1 + 0.015)", "0.098699", "0.0987"),
        ("-0.5", "(1 − 0.5)", "0.048620", "0.0487"),
    ],
)
def test_a_surcharge_has_its_own_line(surcharge, factor, total, cost):
    terms = TariffTerms(post_call_surcharge=D(surcharge), cost_rounding=Rounding.UP, decimals=4)
    rate = RateTerms("33639", D("0.0312"), D("0.0312"), 1, 1)

    assert lines(terms, rate, D("186.62"))[3:] == [
        ("cost", "0.0000 + 1 × 0.0312/60 + 186 × 0.0312/60", "0.097240"),
        ("surch.", f"0.097240 × {factor}", total),
        ("charge", "rounded once, up, 4 decimals", cost),
    ]


def test_a_call_shorter_than_interval_1_shows_why_n_is_zero():
    terms = TariffTerms(duration_rounding=Rounding.UP)

    assert lines(terms, RATE, D("9.1"))[:3] == [
        ("d", "9.1 s, up", "10 s"),
        ("n", "ceil(max(0, 10 − 60 − 0) / 60)", "0"),
        ("billed", "60 + 0 × 60", "60 s"),
    ]


@pytest.mark.parametrize(
    ("terms", "duration", "reason"),
    [
        (TariffTerms(connect_fee=D(1)), "0", "no whole second: not answered, or too short"),
        (TariffTerms(), "0.4", "no whole second: not answered, or too short"),
        (TariffTerms(grace_period=5), "5.2", "5 ≤ 5 s of grace"),
        (TariffTerms(not_billed=True), "60", "the tariff is marked as not billed"),
    ],
)
def test_a_call_that_costs_nothing_says_why(terms, duration, reason):
    assert lines(terms, RATE, D(duration))[1:] == [
        ("billed", reason, "0 s"),
        ("charge", "free", "0.00000"),
    ]


@given(oracle.tariffs, oracle.rates, oracle.durations)
def test_the_last_line_is_the_charge(terms, rate, duration):
    *others, last = explain(terms, rate, duration)

    assert last.value == f"{charge(terms, rate, duration).cost:f}"
    assert last.is_result
    assert not any(step.is_result for step in others)
