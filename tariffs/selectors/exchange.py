"""Exchange rates in force, and conversions by them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from softswitch.core.errors import DomainError
from softswitch.core.money import half_up, quantize
from tariffs.models import Currency, ExchangeRate

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Converted:
    """An amount in another currency, rounded half-up to 6 decimals, and the cross rate used."""

    amount: Decimal
    exchange_rate: Decimal


def base_currency() -> Currency:
    """The currency in which exchange rates are quoted; fixed at first run."""
    return Currency.objects.get(is_base=True)


def currency_choices() -> QuerySet[Currency]:
    """The currencies offered in forms: those in use today."""
    return Currency.objects.filter(is_active=True).order_by("code")


def exchange_rate(currency: str, at: datetime) -> Decimal | None:
    """Units of the base currency for one unit of ``currency`` in force at ``at``; None: unknown."""
    if Currency.objects.filter(code=currency, is_base=True).exists():
        return ONE
    return (
        ExchangeRate.objects.filter(currency=currency, valid_on__lte=at.astimezone(UTC).date())
        .order_by("-valid_on", "-id")
        .values_list("rate", flat=True)
        .first()
    )


def rates_in_force(currencies: Collection[str], at: datetime) -> dict[str, Decimal]:
    """The rate of each of ``currencies`` against the base at ``at``; unknown ones are absent."""
    found = dict(
        ExchangeRate.objects.filter(
            currency__in=currencies, valid_on__lte=at.astimezone(UTC).date()
        )
        .order_by("currency_id", "-valid_on", "-id")
        .distinct("currency_id")
        .values_list("currency_id", "rate")
    )
    found.update(
        dict.fromkeys(
            Currency.objects.filter(code__in=currencies, is_base=True).values_list(
                "code", flat=True
            ),
            ONE,
        )
    )
    return found


def exchange_rates_from(source: str, at: datetime) -> dict[str, Decimal]:
    """What one unit of ``source`` is worth at ``at`` in each currency that has a rate.

    Itself is always among them.
    """
    rates = rates_in_force(list(Currency.objects.values_list("code", flat=True)), at)
    if source not in rates:
        return {source: ONE}
    worth = Fraction(rates[source])
    return {code: half_up(worth / Fraction(rate), 10) for code, rate in rates.items()}


def convert(amount: Decimal, *, source: str, target: str, at: datetime) -> Converted:
    """``amount`` of ``source`` in ``target``: from/base divided by to/base, rounded once.

    Raises DomainError ``no_exchange_rate`` naming the currency without a rate.
    """
    if source == target:
        return Converted(quantize(amount), ONE)
    rates = rates_in_force({source, target}, at)
    cross = cross_rate(source, target, rates)
    if cross is None:
        code = source if source not in rates else target
        raise DomainError(
            "no_exchange_rate",
            _("There is no exchange rate for %(code)s.") % {"code": code},
            field="currency",
        )
    return Converted(half_up(Fraction(amount) * cross, 6), half_up(cross, 10))


def rates_of_days(days: Collection[tuple[str, date]]) -> dict[tuple[str, date], Decimal]:
    """The rates entered for these days, the last of each day; nothing of earlier days."""
    if not days:
        return {}
    within = ExchangeRate.objects.filter(
        currency__in={currency for currency, _day in days},
        valid_on__range=(min(day for _, day in days), max(day for _, day in days)),
    )
    last = within.order_by("currency_id", "-valid_on", "-id").distinct("currency_id", "valid_on")
    rows = last.values_list("currency_id", "valid_on", "rate")
    return {(currency, day): rate for currency, day, rate in rows if (currency, day) in days}


def exchange_history(currency: str) -> list[tuple[date, Decimal]]:
    """What ``currency`` was worth from each day on that has a rate, oldest first."""
    rows = ExchangeRate.objects.filter(currency=currency).order_by("valid_on", "-id")
    return list(rows.distinct("valid_on").values_list("valid_on", "rate"))


def cross_rate(source: str, target: str, rates: Mapping[str, Decimal]) -> Fraction | None:
    """Units of ``target`` for one of ``source`` by ``rates`` against the base, unrounded.

    None where one of the two is missing; 1 between equal ones.
    """
    if source == target:
        return Fraction(1)
    if source not in rates or target not in rates:
        return None
    return Fraction(rates[source]) / Fraction(rates[target])


def exchange_rate_days(first: date, last: date) -> list[tuple[str, date, Decimal]]:
    """The rates against the base in force from ``first`` to ``last``, oldest first.

    Of each currency with the last one before; of one day in the order they were entered. The base
    itself is in force since ever.
    """
    before = (
        ExchangeRate.objects.filter(valid_on__lte=first)
        .order_by("currency_id", "-valid_on", "-id")
        .distinct("currency_id")
    )
    within = ExchangeRate.objects.filter(valid_on__gt=first, valid_on__lte=last)
    rows = [
        *before.values_list("currency_id", "valid_on", "rate"),
        *within.order_by("valid_on", "id").values_list("currency_id", "valid_on", "rate"),
    ]
    return [*rows, (base_currency().pk, date.min, ONE)]
