"""The short call charge: what is short, when it is charged, and of how many."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.services.drafts.extras import chargeable
from billing.services.drafts.terms import ShortCalls
from calls.services.charging import charge_pending
from tariffs.models import Rate, Tariff
from tests.billing.drafts import DAY, PARIS, D, call, drafted, lines_of, terms
from tests.calls.re_rated import re_rate
from tests.calls.stored import START, store_call
from tests.world import World

SHORT = {
    "short_calls": True,
    "short_call_seconds": 6,
    "short_call_percent": D(50),
    "short_call_price": D("0.333"),
}


def surcharge(world: World, **values: Any) -> list[tuple[Any, ...]]:
    terms(world, **SHORT | values)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    return lines_of(invoice, "quantity", "rate", "exact", "amount", kind="surcharge")


def test_answered_calls_up_to_the_limit_are_short(world: World) -> None:
    """Of 5 answered ones 3 are: 0.001, 5.9 and 6 s; 6.001 is not, nor what was not answered."""
    for seconds in (0.001, 5.9, 6, 6.001, 100, 0):
        call(world, PARIS, seconds)
    call(world, PARIS, 3, answered=False)
    assert surcharge(world) == [(3, D("0.333"), D(1), D(1))]


def test_up_to_the_share_nothing_is_charged(world: World) -> None:
    for seconds in (5, 5, 60, 60):
        call(world, PARIS, seconds)
    assert surcharge(world) == []


def test_only_the_excess(world: World) -> None:
    """More than 34 % of 5 calls are short: all but one, that is 34 % rounded down, are charged."""
    for seconds in (5, 5, 5, 60, 60):
        call(world, PARIS, seconds)
    found = surcharge(world, short_call_percent=D(34), short_call_basis="excess")
    assert found == [(2, D("0.333"), D("0.67"), D("0.67"))]


def test_other_seconds(world: World) -> None:
    for seconds in (29, 30, 31):
        call(world, PARIS, seconds)
    assert surcharge(world, short_call_seconds=30) == [(2, D("0.333"), D("0.67"), D("0.67"))]


def test_calls_of_other_periods_and_payers_do_not_count(world: World) -> None:
    call(world, PARIS, 5)
    call(world, PARIS, 60)
    call(world, PARIS, 5, at=START - 20 * DAY)
    store_call(world.sub_customer, PARIS, 5)
    assert surcharge(world) == []


def test_a_call_that_was_re_rated_counts_once(world: World) -> None:
    call(world, PARIS, 5)
    charge_pending()
    Rate.objects.filter(tariff__name="Street", prefix="33").update(price_1=1, price_n=1)
    Tariff.objects.filter(name="Street").update(rates_revision=900)
    re_rate(world.actor("sub_reseller"))
    assert surcharge(world) == [(1, D("0.333"), D("0.33"), D("0.33"))]


def test_without_a_percentage_or_a_price_nothing_is_charged(world: World) -> None:
    call(world, PARIS, 5)
    assert surcharge(world, short_calls=False) == []


@given(
    answered=st.integers(0, 300),
    part=st.fractions(0, 1),
    percent=st.decimals(0, 100, places=2),
    basis=st.sampled_from(["all", "excess"]),
)
def test_the_count_by_the_rule(answered: int, part: Fraction, percent: Decimal, basis: str) -> None:
    short = int(answered * part)
    found = chargeable(ShortCalls(6, percent, D(1), basis), answered, short)
    if answered == 0 or short * 100 <= answered * Fraction(percent):
        assert found == 0
    elif basis == "all":
        assert found == short
    else:
        assert found == short - int(answered * Fraction(percent) / 100)
        assert found > 0


@pytest.mark.parametrize("basis", ["all", "excess"])
def test_the_very_share_is_not_too_much(basis: str) -> None:
    assert chargeable(ShortCalls(6, D("33.33"), D(1), basis), 10_000, 3333) == 0
    assert chargeable(ShortCalls(6, D("33.33"), D(1), basis), 10_000, 3334) > 0
