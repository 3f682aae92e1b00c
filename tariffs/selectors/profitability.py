"""What a level of a chain earns its seller at the average call duration of its tariff."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from softswitch.core.money import half_up
from tariffs.choices import LossProtection
from tariffs.models import TariffVersion
from tariffs.rating.formula import charge
from tariffs.rating.profitability import LevelProfit, ProfitUnit, Verdict, judge
from tariffs.rating.terms import RateTerms
from tariffs.selectors.exchange import cross_rate
from tariffs.selectors.terms import terms_of


@dataclass(frozen=True, slots=True)
class LevelTerms:
    """What a level is charged by: a version (with its tariff), a rate, its balance's currency.

    ``minimum`` is the minimum profitability that the level's seller asks of it, in ``unit``.
    """

    version: TariffVersion
    rate: RateTerms
    currency: str
    minimum: Decimal | None = None
    unit: ProfitUnit = ProfitUnit.PER_MINUTE


def amount_of(level: LevelTerms, duration: Decimal, rates: Mapping[str, Decimal]) -> Decimal | None:
    """The charge of ``duration`` seconds in the balance's currency; None: no exchange rate.

    ``rates`` are those in force against the base currency (rates_in_force).
    """
    cost = charge(terms_of(level.version), level.rate, duration).cost
    cross = cross_rate(level.version.tariff.currency_id, level.currency, rates)
    return None if cross is None else half_up(Fraction(cost) * cross, 6)


def profit_of(
    level: LevelTerms, seller: LevelTerms | None, rates: Mapping[str, Decimal]
) -> LevelProfit | None:
    """The profit of the owner of ``level``; ``seller`` is how that owner is charged itself.

    None without a seller is Root, whose vendors are not known. The whole is None where an
    exchange rate is missing.
    """
    seconds = level.version.tariff.average_call_duration
    paid = amount_of(level, Decimal(seconds), rates)
    if paid is None or seller is None:
        return None if paid is None else LevelProfit(charge=paid, own_charge=None, seconds=seconds)
    own = amount_of(seller, Decimal(seconds), rates)
    cross = cross_rate(seller.currency, level.currency, rates)
    if own is None or cross is None:
        return None
    return LevelProfit(charge=paid, own_charge=half_up(Fraction(own) * cross, 6), seconds=seconds)


def verdict_of(
    level: LevelTerms, seller: LevelTerms | None, rates: Mapping[str, Decimal]
) -> Verdict:
    """Whether a call may start at ``level``; a profit that is not known refuses nothing."""
    profit = profit_of(level, seller, rates)
    if profit is None:
        return Verdict.EARNS
    refuses = level.version.tariff.loss_protection == LossProtection.REFUSE
    return judge(profit, minimum=level.minimum, unit=level.unit, refuses_loss=refuses)
