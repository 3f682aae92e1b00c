"""The arithmetic of taxes: examples by hand, and random ones against exact fractions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.services.taxes import Rate, Sums, Taxation, tax_lines

D = Decimal
VAT, CITY = Rate("VAT", D(20)), Rate("City", D("7.5"))
ON_TOP = Rate("On top", D(10), is_compound=True)


def taxed(
    mode: str, rates: list[Rate], lines: list[str], rounding: str = "total", untaxed: str = "0"
) -> Sums:
    taxation = Taxation(mode, tuple(rates), rounding, 2)
    return tax_lines(taxation, [D(line) for line in lines], D(untaxed))


@pytest.mark.parametrize(
    ("mode", "rates", "lines", "rounding", "net", "taxes"),
    [
        ("none", [], ["10", "5.50"], "total", "15.50", []),
        ("added", [VAT], ["10", "5.50"], "total", "15.50", [("15.50", "3.10")]),
        ("added", [VAT, CITY], ["100"], "total", "100", [("100", "20"), ("100", "7.50")]),
        ("added", [VAT, ON_TOP], ["100"], "total", "100", [("100", "20"), ("120", "12")]),
        ("added", [VAT], ["0.02", "0.02", "0.02"], "total", "0.06", [("0.06", "0.01")]),
        ("added", [VAT], ["0.02", "0.02", "0.02"], "line", "0.06", [("0.06", "0")]),
        ("added", [CITY], ["0.07", "0.07"], "line", "0.14", [("0.14", "0.02")]),
        ("added", [CITY], ["0.07", "0.07"], "total", "0.14", [("0.14", "0.01")]),
        ("added", [VAT], ["-0.13"], "total", "-0.13", [("-0.13", "-0.03")]),
        ("added", [Rate("Zero", D(0))], ["8"], "total", "8", [("8", "0")]),
        ("included", [VAT], ["120"], "total", "100", [("100", "20")]),
        ("included", [VAT], ["0.10"], "total", "0.08", [("0.08", "0.02")]),
        # 131.50 = 100 + 20 + 7.50 ... and the compound rate of 127.50 is 12.75
        ("included", [VAT, CITY, ON_TOP], ["140.25"], "total", "100",
         [("100", "20"), ("100", "7.50"), ("127.50", "12.75")]),
        ("included", [VAT], ["0.10", "0.10", "0.10"], "line", "0.24", [("0.24", "0.06")]),
        ("included", [VAT], ["0.10", "0.10", "0.10"], "total", "0.25", [("0.25", "0.05")]),
    ],
)  # fmt: skip
def test_by_hand(
    mode: str,
    rates: list[Rate],
    lines: list[str],
    rounding: str,
    net: str,
    taxes: list[tuple[str, str]],
) -> None:
    found = taxed(mode, rates, lines, rounding)
    assert found.net == D(net)
    assert [(row.base, row.amount) for row in found.taxes] == [(D(b), D(a)) for b, a in taxes]
    assert found.tax == sum((row.amount for row in found.taxes), D(0))
    assert found.total == found.net + found.tax


def test_what_is_not_taxed_is_net_all_the_same() -> None:
    assert taxed("added", [VAT], ["10"], untaxed="5").total == D("17.00")
    included = taxed("included", [VAT], ["12"], untaxed="5")
    assert [included.net, included.tax, included.total] == [15, 2, 17]
    assert included.taxes[0].base == 10
    assert taxed("none", [], ["10"], untaxed="5").net == 15


rates = st.builds(
    Rate,
    st.just("T"),
    st.decimals(0, 100, places=4),
    st.booleans(),
)


@given(
    mode=st.sampled_from(["none", "added", "included"]),
    some=st.lists(rates, min_size=1, max_size=4),
    rounding=st.sampled_from(["line", "total"]),
    decimals=st.sampled_from([0, 2, 3]),
    units=st.lists(st.integers(-(10**9), 10**9), max_size=8),
    untaxed=st.integers(-(10**9), 10**9),
)
def test_against_fractions(
    mode: str, some: list[Rate], rounding: str, decimals: int, units: list[int], untaxed: int
) -> None:
    """Minor units throughout; each tax is near its exact part; sums are exact."""
    lines = [D(unit).scaleb(-decimals) for unit in units]
    rest = D(untaxed).scaleb(-decimals)
    found = tax_lines(Taxation(mode, tuple(some), rounding, decimals), lines, rest)
    billed = sum(lines, D(0)) + rest
    unit = D(1).scaleb(-decimals)
    assert found.tax == sum((row.amount for row in found.taxes), D(0))
    assert found.net == (billed - found.tax if mode == "included" else billed)
    if mode == "none":
        assert found == Sums(found.net, D(0))
        return
    assert all(row.amount % unit == 0 and row.base % unit == 0 for row in found.taxes)
    exact = shares(some)
    net = Fraction(sum(lines, D(0)))
    if mode == "included":
        net /= 1 + sum(exact)
    parts = max(len(lines), 1) if rounding == "line" else 1
    error = Fraction(unit) / 2 * parts
    for place, (row, share) in enumerate(zip(found.taxes, exact, strict=True)):
        # A compound rate is taken of taxes as printed, each of which may be half a unit off.
        slack = error * (1 + place * 2**place)
        assert abs(Fraction(row.amount) - net * share) <= slack


def shares(some: list[Rate]) -> list[Fraction]:
    found: list[Fraction] = []
    for rate in some:
        base = 1 + sum(found) if rate.is_compound else 1
        found.append(Fraction(rate.percent) / 100 * base)
    return found


@given(st.lists(st.integers(-(10**6), 10**6), max_size=6), st.decimals(0, 100, places=4))
def test_one_rate_is_rounded_half_up_once(cents: list[int], percent: Decimal) -> None:
    lines = [D(cent).scaleb(-2) for cent in cents]
    for mode in ("added", "included"):
        found = tax_lines(Taxation(mode, (Rate("T", percent),), "total", 2), lines)
        part = Fraction(percent) / 100
        exact = sum(cents) * (part / (1 + part) if mode == "included" else part)
        whole, rest = divmod(abs(exact), 1)
        units = int(whole) + (rest >= Fraction(1, 2))
        assert found.tax == D(units if exact > 0 else -units).scaleb(-2)
