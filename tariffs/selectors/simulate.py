"""What a call would cost at each level that its reader may see."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from customers.models import Customer
from customers.selectors import chains
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Rate, Tariff
from tariffs.rating.explain import Step, explain
from tariffs.rating.formula import charge
from tariffs.rating.terms import RateTerms
from tariffs.selectors.exchange import convert
from tariffs.selectors.tariffs import tariff_of, version_in_force
from tariffs.selectors.terms import terms_of

FAR = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SimulatedLevel:
    """What a customer would pay its owner; ``refusal`` in place of a charge where it could not."""

    customer: Customer
    tariff: Tariff | None = None
    rate: Rate | None = None
    cost: Decimal | None = None
    billed_seconds: int = 0
    steps: tuple[Step, ...] = ()
    refusal: str = ""


def simulate_call(
    actor: Actor, *, customer: Customer, number: str, at: datetime, duration: Decimal
) -> tuple[list[SimulatedLevel], bool]:
    """The charge of a call at each level that the actor may see, from ``customer`` upwards.

    ``number`` in digits, ``duration`` in seconds. The second value says whether a level above the
    actor's customer refuses; neither which nor why. Without levels the customer was not in service
    then, or not below the actor.
    """
    segments = chains([customer.pk]).get(customer.pk, [])
    chain = next((s.customers for s in segments if s.valid_from <= at < (s.valid_till or FAR)), ())
    if not actor.is_root and actor.customer_id not in chain:
        return [], False
    own = len(chain) if actor.is_root else chain.index(actor.customer_id) + 1
    known = Customer.objects.in_bulk(chain)
    levels = [_simulated(known[pk], number, at, duration) for pk in chain]
    return levels[:own], any(level.refusal for level in levels[own:])


def _simulated(customer: Customer, number: str, at: datetime, duration: Decimal) -> SimulatedLevel:
    tariff = tariff_of(customer.pk, at)
    version = version_in_force(tariff, at) if tariff else None
    if tariff is None or version is None:
        return SimulatedLevel(customer, refusal=_("No tariff was in force."))
    prefixes = [number[:size] for size in range(len(number) + 1)]
    found = Rate.objects.filter(tariff=tariff, prefix__in=prefixes).valid_at(at)
    rate = found.order_by("-prefix", "-valid_from").first()
    if rate is None:
        return SimulatedLevel(customer, tariff, refusal=_("There is no rate for this number."))
    if rate.is_forbidden:
        return SimulatedLevel(customer, tariff, rate, refusal=_("The destination is forbidden."))
    terms = terms_of(version)
    row = RateTerms(
        rate.prefix,
        rate.price_1,
        rate.price_n,
        rate.interval_1,
        rate.interval_n,
        grace_enabled=rate.grace_enabled,
    )
    result = charge(terms, row, duration)
    return SimulatedLevel(
        customer, tariff, rate, result.cost, result.billed_seconds, explain(terms, row, duration)
    )


def simulated_margin(level: SimulatedLevel, above: SimulatedLevel, at: datetime) -> Decimal | None:
    """What the owner of ``level`` earns, in the currency of its tariff; None if unknown."""
    if level.tariff is None or above.tariff is None or level.cost is None or above.cost is None:
        return None
    source, target = above.tariff.currency_id, level.tariff.currency_id
    try:
        return level.cost - convert(above.cost, source=source, target=target, at=at).amount
    except DomainError:
        return None
