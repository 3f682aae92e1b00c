"""Decimal money on Django's side: one quantum per currency, one rounding rule."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from moneyed import CURRENCIES

STORED = Decimal("0.000001")
ZERO = Decimal(0)


def quantize(amount: Decimal) -> Decimal:
    """``amount`` as the ledger stores it: 6 decimals, half away from zero."""
    return amount.quantize(STORED, ROUND_HALF_UP)


def without_zeros(value: Any) -> Any:
    """An amount as a person would type it, 1000 rather than 1000.000000; others as they are."""
    return value.normalize() + ZERO if isinstance(value, Decimal) else value


def in_units(amount: Decimal, decimals: int) -> Decimal:
    """``amount`` with so many decimals, as an invoice bills it: half away from zero."""
    return amount.quantize(_unit(decimals), ROUND_HALF_UP)


@cache
def _unit(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


def half_up(value: Fraction, decimals: int) -> Decimal:
    """``value`` with so many decimals, half away from zero; exact at any size."""
    scaled = abs(value) * 10**decimals
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(f"{units if value > 0 else -units}E-{decimals}")


@cache
def minor_units(currency: str) -> int:
    """How many decimals ``currency`` has (ISO 4217): 2 for EUR, 0 for JPY, 3 for BHD."""
    known = CURRENCIES.get(currency)
    return len(str(known.sub_unit)) - 1 if known else 2
