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
from softswitch.core.money import ZERO, half_up


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
    amounts = [ZERO] * len(taxation.rates)
    for part in parts:
        amounts = [
            sum_ + more for sum_, more in zip(amounts, _taxes_of(taxation, part), strict=True)
        ]
    tax = sum(amounts, ZERO)
    is_included = taxation.mode == TaxMode.INCLUDED
    base = lines - tax if is_included else lines
    taxes, before = [], ZERO
    for rate, amount in zip(taxation.rates, amounts, strict=True):
        taxes.append(Taxed(rate, base + before if rate.is_compound else base, amount))
        before += amount
    return Sums(base + untaxed, tax, tuple(taxes))


def _taxes_of(taxation: Taxation, amount: Decimal) -> list[Decimal]:
    """What each rate takes of one amount, rounded."""
    if taxation.mode == TaxMode.INCLUDED:
        shares = _shares(taxation.rates)
        net = Fraction(amount) / (1 + sum(shares, Fraction(0)))
        return [half_up(net * share, taxation.decimals) for share in shares]
    found: list[Decimal] = []
    for rate in taxation.rates:
        base = amount + sum(found, ZERO) if rate.is_compound else amount
        found.append(half_up(Fraction(base) * _part(rate), taxation.decimals))
    return found


def _shares(rates: Sequence[Rate]) -> list[Fraction]:
    """What each rate takes of a net amount of 1."""
    found: list[Fraction] = []
    for rate in rates:
        base = 1 + sum(found, Fraction(0)) if rate.is_compound else Fraction(1)
        found.append(base * _part(rate))
    return found


def _part(rate: Rate) -> Fraction:
    return Fraction(rate.percent) / 100
