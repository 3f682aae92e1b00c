"""Profit, loss protection and short calls, worked by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.choices import LossProtection
from tariffs.models import Tariff, TariffVersion
from tariffs.rating.profitability import (
    LevelProfit,
    ProfitUnit,
    ShortCallRule,
    Verdict,
    judge,
)
from tariffs.rating.terms import RateTerms
from tariffs.selectors import LevelTerms, profit_of, verdict_of

D = Decimal
MINUTE, PERCENT = ProfitUnit.PER_MINUTE, ProfitUnit.PERCENT


def profit(charge, own, seconds=180):
    own_charge = None if own is None else D(own)
    return LevelProfit(charge=D(charge), own_charge=own_charge, seconds=seconds)


def test_profit_per_minute_and_percent():
    # 3 minutes sold at 0.10 and bought at 0.07 a minute: 0.09 in all, 0.03 a minute, 30 %.
    found = profit("0.30", "0.21")

    assert (found.amount, found.per_minute, found.percent) == (D("0.09"), Fraction(3, 100), 30)
    assert profit("0.30", None).percent == 100
    assert profit("0", "0.21").percent is None
    assert profit("0.10", "0.20", 90).per_minute == Fraction(-1, 15)


@pytest.mark.parametrize(
    ("charge", "own", "minimum", "unit", "refuses", "verdict"),
    [
        ("0.30", "0.21", "0.03", MINUTE, True, Verdict.EARNS),
        ("0.30", "0.21", "0.030001", MINUTE, False, Verdict.UNPROFITABLE),
        ("0.30", "0.21", "30", PERCENT, False, Verdict.EARNS),
        ("0.30", "0.21", "30.01", PERCENT, True, Verdict.UNPROFITABLE),
        ("0.30", "0.20", "33.33333333", PERCENT, False, Verdict.EARNS),
        ("0.30", "0.20", "33.33333334", PERCENT, False, Verdict.UNPROFITABLE),
        ("0.21", "0.21", "0", MINUTE, True, Verdict.EARNS),
        ("0.21", "0.210001", None, MINUTE, False, Verdict.EARNS),
        ("0.21", "0.210001", None, MINUTE, True, Verdict.LOSS),
        ("0.21", "0.30", "5", PERCENT, True, Verdict.LOSS),
        ("0.21", "0.30", "0", PERCENT, False, Verdict.UNPROFITABLE),
        ("0", "0", "50", PERCENT, True, Verdict.EARNS),
        ("0", "0.01", "0", PERCENT, False, Verdict.UNPROFITABLE),
        ("0.01", None, "100", PERCENT, True, Verdict.EARNS),
    ],
)
def test_the_minimum_and_loss_protection(charge, own, minimum, unit, refuses, verdict):
    least = None if minimum is None else D(minimum)

    assert judge(profit(charge, own), minimum=least, unit=unit, refuses_loss=refuses) is verdict


def test_a_duration_of_nothing_is_refused():
    with pytest.raises(ValueError, match="seconds"):
        profit("1", "1", 0)


def level(price, currency="EUR", balance="EUR", seconds=120, loss="off", **rest):
    tariff = Tariff(
        currency_id=currency, average_call_duration=seconds, loss_protection=LossProtection(loss)
    )
    version = TariffVersion(tariff=tariff, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
    return LevelTerms(version, RateTerms("44", D(price), D(price), 60, 60), balance, **rest)


def test_the_profit_of_a_level_is_at_its_own_average_duration_and_currency():
    # 120 s at 0.30 GBP = 0.60 GBP = 0.72 EUR; bought at 0.50 USD: 1.00 USD = 0.80 EUR.
    rates = {"GBP": D("1.5"), "EUR": D("1.25"), "USD": D(1)}
    sold = level("0.30", "GBP", loss="refuse")
    bought = level("0.50", "USD", "USD", seconds=30)

    found = profit_of(sold, bought, rates)

    assert found == LevelProfit(charge=D("0.72"), own_charge=D("0.80"), seconds=120)
    assert verdict_of(sold, bought, rates) is Verdict.LOSS
    assert verdict_of(level("0.30", "GBP"), bought, rates) is Verdict.EARNS
    assert verdict_of(level("0.30", "GBP", minimum=D(0)), bought, rates) is Verdict.UNPROFITABLE
    assert verdict_of(sold, None, rates) is Verdict.EARNS
    assert profit_of(sold, bought, {"GBP": D(1), "EUR": D(1)}) is None
    assert verdict_of(sold, bought, {"GBP": D(1)}) is Verdict.EARNS


RULE = ShortCallRule(seconds=6, percent=D(20))
EXCESS = ShortCallRule(seconds=6, percent=D("12.5"), only_excess=True)


@pytest.mark.parametrize(
    ("rule", "answered", "short", "charged"),
    [
        (RULE, 100, 20, 0),  # 20 % is not above 20 %
        (RULE, 100, 21, 21),
        (RULE, 0, 0, 0),
        (RULE, 1, 1, 1),
        (EXCESS, 100, 12, 0),  # 12.5 are allowed
        (EXCESS, 100, 13, 1),  # 13 - floor(12.5)
        (EXCESS, 8, 1, 0),
        (EXCESS, 8, 8, 7),
        (ShortCallRule(seconds=6, percent=D(0)), 9, 1, 1),
        (ShortCallRule(seconds=6, percent=D(100)), 9, 9, 0),
    ],
)
def test_short_calls_are_charged_above_the_limit(rule, answered, short, charged):
    assert rule.charged(answered=answered, short=short) == charged


def test_short_is_answered_and_up_to_the_limit_by_the_raw_duration():
    durations = [D(text) for text in ("0", "0.001", "6", "6.001", "60")]

    assert [RULE.is_short(duration) for duration in durations] == [False, True, True, False, False]
    assert RULE.charged_of(durations) == 2


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 10_000), st.booleans())
def test_short_calls_as_the_rule_says(short, others, hundredths, only_excess):
    answered, percent = short + others, D(hundredths) / 100
    rule = ShortCallRule(seconds=6, percent=percent, only_excess=only_excess)
    is_above = answered > 0 and Fraction(short, answered) > Fraction(percent) / 100
    excess = short - answered * hundredths // 10_000

    expected = (excess if only_excess else short) if is_above else 0
    assert rule.charged(answered=answered, short=short) == expected
