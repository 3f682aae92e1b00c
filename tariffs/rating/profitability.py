"""Whether a level of a call earns its seller what it must, and which short calls are charged.

Exact arithmetic: amounts are Decimal or Fraction, all in the currency of the level's customer.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

_MINUTE = 60
_ZERO = Decimal(0)


class ProfitUnit(StrEnum):
    """What a minimum counts: money per minute, or percent of the charge to the customer."""

    PER_MINUTE = "per_minute"
    PERCENT = "percent"


class Verdict(StrEnum):
    """What becomes of a call at a level: only `EARNS` may start."""

    EARNS = "earns"
    UNPROFITABLE = "unprofitable"
    LOSS = "loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelProfit:
    """What a call of `seconds` (at least 1: the tariff's average call duration) earns a seller.

    `charge` is what its customer pays, `own_charge` what the seller pays for the same call: None
    where it is not known, which counts as nothing (Root's vendors).
    """

    charge: Decimal
    own_charge: Decimal | None
    seconds: int

    def __post_init__(self) -> None:
        if self.seconds < 1:
            raise ValueError("seconds must be at least 1")

    @property
    def amount(self) -> Decimal:
        return self.charge - (self.own_charge or _ZERO)

    @property
    def per_minute(self) -> Fraction:
        return Fraction(self.amount) * _MINUTE / self.seconds

    @property
    def percent(self) -> Fraction | None:
        """Of the charge to the customer; None where it pays nothing."""
        return Fraction(self.amount) * 100 / Fraction(self.charge) if self.charge else None

    def reaches(self, minimum: Decimal | None, unit: ProfitUnit) -> bool:
        """Whether it is at least `minimum`; None asks for nothing.

        A call that costs the customer nothing reaches every percentage if it costs the seller
        nothing, and none otherwise.
        """
        if minimum is None:
            return True
        if unit is ProfitUnit.PER_MINUTE:
            return self.per_minute >= Fraction(minimum)
        return Fraction(self.amount) * 100 >= Fraction(minimum) * Fraction(self.charge)


def judge(
    profit: LevelProfit,
    *,
    minimum: Decimal | None = None,
    unit: ProfitUnit = ProfitUnit.PER_MINUTE,
    refuses_loss: bool = False,
) -> Verdict:
    """Judge a level: loss protection (`refuses_loss`) first, then the customer's minimum."""
    if refuses_loss and profit.amount < 0:
        return Verdict.LOSS
    return Verdict.EARNS if profit.reaches(minimum, unit) else Verdict.UNPROFITABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortCallRule:
    """Calls of at most `seconds` are short; they are charged where they exceed `percent`.

    With `only_excess` those above the limit are charged, else all.
    """

    seconds: int
    percent: Decimal
    only_excess: bool = False

    def is_short(self, duration: Decimal) -> bool:
        """Whether an answered call of raw `duration` seconds is short; one of 0 never is."""
        return 0 < duration <= self.seconds

    def charged(self, *, answered: int, short: int) -> int:
        """How many of `short` calls among `answered` ones, which include them, are charged."""
        allowed = answered * Fraction(self.percent) / 100
        if short <= allowed:
            return 0
        return short - math.floor(allowed) if self.only_excess else short

    def charged_of(self, durations: Iterable[Decimal]) -> int:
        """`charged` for the raw durations of all answered calls of a customer and period."""
        answered = short = 0
        for duration in durations:
            answered += 1
            short += self.is_short(duration)
        return self.charged(answered=answered, short=short)
