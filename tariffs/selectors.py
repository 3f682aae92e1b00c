"""Reads of exchange rates, tariffs in force and the terms that price a call."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import QuerySet

from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.money import quantize
from tariffs.models import Currency, ExchangeRate, Tariff, TariffAssignment

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Converted:
    """An amount in another currency, rounded half-up to 6 decimals, and the cross rate used."""

    amount: Decimal
    exchange_rate: Decimal


def base_currency() -> Currency:
    """The currency in which exchange rates are quoted; fixed at first run."""
    return Currency.objects.get(is_base=True)


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
        .order_by("currency", "-valid_on", "-id")
        .distinct("currency")
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


def convert(amount: Decimal, *, source: str, target: str, at: datetime) -> Converted:
    """``amount`` of ``source`` in ``target``: from/base divided by to/base, rounded once.

    Raises DomainError ``no_exchange_rate`` naming the currency without a rate.
    """
    if source == target:
        return Converted(quantize(amount), ONE)
    rates = rates_in_force({source, target}, at)
    for code in (source, target):
        if code not in rates:
            raise DomainError(
                "no_exchange_rate", f"There is no exchange rate for {code}.", field="currency"
            )
    cross = rates[source] / rates[target]
    exact = amount * rates[source] / rates[target]
    return Converted(quantize(exact), cross.quantize(Decimal("1e-10")))


def assignable_tariffs(actor: Actor) -> QuerySet[Tariff]:
    """The tariffs that the actor may sell at: its own live ones, the default first."""
    tariffs: QuerySet[Tariff] = Tariff.objects.owned_by(actor).order_by("-is_default", "name")
    return tariffs


def tariff_of(customer_id: int, at: datetime) -> Tariff | None:
    """The tariff by which a customer pays at ``at``."""
    row = (
        TariffAssignment.objects.valid_at(at)
        .filter(customer_id=customer_id)
        .select_related("tariff")
        .first()
    )
    return row.tariff if row else None
