"""The charge of one call line by line: the formula with the numbers filled in."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from softswitch.core.reasons import Reason
from tariffs.rating.formula import (
    as_decimal,
    base_cost,
    charge,
    exact_cost,
    further_intervals,
    is_free,
    whole_seconds,
)
from tariffs.rating.terms import RateTerms, Rounding, TariffTerms

_RULE_NAMES = {Rounding.HALF_UP: Reason("half-up"), Rounding.UP: Reason("up")}


@dataclass(frozen=True, slots=True)
class Step:
    """One line, for example `n`, `ceil((187 − 60 − 0) / 60)`, `3`; the last one is the result."""

    symbol: str
    expression: str
    value: str
    is_result: bool = False


def explain(terms: TariffTerms, rate: RateTerms, duration: Decimal) -> tuple[Step, ...]:
    """Explain `charge(terms, rate, duration)`; the value of the last step is that charge's cost.

    Seconds end in " s", amounts are in the tariff's currency and carry no unit. A surcharge gets
    a line of its own; a call that costs nothing gets the reason in place of the formula.
    """
    seconds = whole_seconds(duration, terms.duration_rounding)
    rule = _RULE_NAMES[terms.duration_rounding]
    rounded = Step(
        "d", Reason("%(seconds)s s, %(rule)s", seconds=_plain(duration), rule=rule), f"{seconds} s"
    )
    cost = f"{charge(terms, rate, duration).cost:f}"
    reason = _why_nothing(terms, rate, seconds)
    if reason:
        return (
            rounded,
            Step(Reason("billed"), reason, "0 s"),
            Step(Reason("charge"), Reason("free"), cost, is_result=True),
        )
    rounding = Reason(
        "rounded once, %(rule)s, %(count)s decimals",
        rule=_RULE_NAMES[terms.cost_rounding],
        count=terms.decimals,
    )
    result = Step(Reason("charge"), rounding, cost, is_result=True)
    intervals = _interval_steps(terms, rate, seconds)
    return rounded, *intervals, *_cost_steps(terms, rate, seconds), result


def _why_nothing(terms: TariffTerms, rate: RateTerms, seconds: int) -> str:
    if seconds <= 0:
        return Reason("no whole second: not answered, or too short")
    if terms.not_billed:
        return Reason("the tariff is marked as not billed")
    if is_free(terms, rate, seconds):
        return Reason("%(seconds)s ≤ %(most)s s of grace", seconds=seconds, most=terms.grace_period)
    return ""


def _interval_steps(terms: TariffTerms, rate: RateTerms, seconds: int) -> tuple[Step, Step]:
    count = further_intervals(terms, rate, seconds)
    rest = f"{seconds} − {rate.interval_1} − {terms.free_seconds}"
    rest = f"({rest})" if count else f"max(0, {rest})"
    billed = rate.interval_1 + count * rate.interval_n
    return (
        Step("n", f"ceil({rest} / {rate.interval_n})", f"{count}"),
        Step(Reason("billed"), f"{rate.interval_1} + {count} × {rate.interval_n}", f"{billed} s"),
    )


def _cost_steps(terms: TariffTerms, rate: RateTerms, seconds: int) -> tuple[Step, ...]:
    count = further_intervals(terms, rate, seconds)
    fee, price_1, price_n = (
        _plain(amount, terms.decimals) for amount in (terms.connect_fee, rate.price_1, rate.price_n)
    )
    further = count * rate.interval_n
    expression = f"{fee} + {rate.interval_1} × {price_1}/60 + {further} × {price_n}/60"
    base = _shown(base_cost(terms, rate, count), terms.decimals)
    cost = Step(Reason("cost"), expression, base)
    if terms.post_call_surcharge == 0:
        return (cost,)
    sign = "+" if terms.post_call_surcharge > 0 else "−"
    factor = f"(1 {sign} {_plain(abs(terms.post_call_surcharge))})"
    total = _shown(exact_cost(terms, rate, count), terms.decimals)
    return cost, Step(Reason("surch."), f"{base} × {factor}", total)


def _plain(amount: Decimal, least: int = 0) -> str:
    """Write an exact amount without superfluous zeros, but with at least `least` decimals."""
    whole, _, decimals = f"{amount:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    return f"{whole}.{decimals}" if decimals else whole


def _shown(cost: Fraction, decimals: int) -> str:
    """Write an unrounded cost with enough decimals to follow the rounding that comes next."""
    places = max(6, decimals + 2)
    return f"{as_decimal(round(cost * 10**places), places):f}"
