"""The arithmetic of taxes on an invoice: pure, exact, rounded half-up to the minor unit.

Added to the prices, a simple rate is taken of the taxed lines, a compound one of those and of the
taxes before it, as they are printed. Included in the prices, the lines are divided by one and all
rates together first. Rounding on the total rounds each rate once; per line, each line's tax.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.choices import TaxMode
from customers.choices import Rounding
from softswitch.core.money import ZERO


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of a tax, in their order."""

    name: str
    percent: Decimal
    is_compound: bool = False


@dataclass(frozen=True, slots=True)
class Taxation:
    """How one invoice is taxed; ``decimals`` are those of its currency."""

    mode: str
    rates: tuple[Rate, ...]
    rounding: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Taxed:
    """What one rate takes: ``amount`` of ``base``, both in minor units."""

    rate: Rate
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of an invoice: ``net`` and ``tax`` make its total."""

    net: Decimal
    tax: Decimal
    taxes: tuple[Taxed, ...] = ()

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def tax_lines(taxation: Taxation, taxed: Sequence[Decimal], untaxed: Decimal = ZERO) -> Sums:
    """The sums of lines of the amounts ``taxed``, and of ``untaxed`` that bears no tax.

    All amounts are in minor units of the currency, and may be negative.
    """
    lines = sum(taxed, ZERO)
    if taxation.mode == TaxMode.NONE:
        return Sums(lines + untaxed, ZERO)
    parts = taxed if taxation.rounding == Rounding.LINE else [lines]
    amounts = _taxes_of(taxation, [int(part.scaleb(taxation.decimals)) for part in parts])
    tax = sum(amounts, ZERO)
    base = lines - tax if taxation.mode == TaxMode.INCLUDED else lines
    taxes, before = [], ZERO
    for rate, amount in zip(taxation.rates, amounts, strict=True):
        taxes.append(Taxed(rate, base + before if rate.is_compound else base, amount))
        before += amount
    return Sums(base + untaxed, tax, tuple(taxes))


def _taxes_of(taxation: Taxation, parts: Sequence[int]) -> list[Decimal]:
    """What each rate takes of amounts in minor units, of each rounded by itself."""
    factors = _factors(taxation)
    sums = [0] * len(factors)
    for units in parts:
        before = 0
        for place, (factor, is_compound) in enumerate(factors):
            amount = _times(units + before if is_compound else units, factor)
            before += amount
            sums[place] += amount
    return [Decimal(units).scaleb(-taxation.decimals) for units in sums]


def _factors(taxation: Taxation) -> list[tuple[Fraction, bool]]:
    """Of each rate what its base is multiplied by, and whether the taxes before are part of it.

    A tax that the prices include is a share of these, whatever it is taken of.
    """
    if taxation.mode != TaxMode.INCLUDED:
        return [(_part(rate), rate.is_compound) for rate in taxation.rates]
    shares = shares_of(taxation.rates)
    whole = 1 + sum(shares, Fraction(0))
    return [(share / whole, False) for share in shares]


def shares_of(rates: Sequence[Rate]) -> list[Fraction]:
    """What each rate takes of a net amount of 1."""
    found: list[Fraction] = []
    for rate in rates:
        base = 1 + sum(found, Fraction(0)) if rate.is_compound else Fraction(1)
        found.append(base * _part(rate))
    return found


def _part(rate: Rate) -> Fraction:
    return Fraction(rate.percent) / 100


def _times(units: int, factor: Fraction) -> int:
    """Half away from zero; in integers, as an invoice may have thousands of lines."""
    twice, divisor = 2 * abs(units) * factor.numerator, 2 * factor.denominator
    rounded = (twice + factor.denominator) // divisor
    return rounded if units > 0 else -rounded
