"""Reads of exchange rates, tariffs in force and the terms that price a call."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.selectors import chains
from customers.tenancy import Actor
from softswitch.core.columns import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    MOMENT,
    Array,
    read_columns,
    text,
    texts_of,
)
from softswitch.core.errors import DomainError
from softswitch.core.money import half_up, quantize
from tariffs.models import (
    Currency,
    ExchangeRate,
    Rate,
    Tariff,
    TariffAssignment,
    TariffVersion,
)
from tariffs.querysets import in_force
from tariffs.rating.book import RateColumns
from tariffs.rating.explain import Step, explain
from tariffs.rating.formula import charge
from tariffs.rating.keys import KEY_DIGITS
from tariffs.rating.terms import RateTerms, TariffTerms
from tariffs.rating.terms import Rounding as RatingRule

ONE = Decimal(1)
FAR = datetime.max.replace(tzinfo=UTC)
_RATE_COLUMNS = {
    "ids": BIGINT,
    "prefixes": text(KEY_DIGITS),
    "price_1": BIGINT,
    "price_n": BIGINT,
    "interval_1": INTEGER,
    "interval_n": INTEGER,
    "is_forbidden": BOOLEAN,
    "grace_enabled": BOOLEAN,
    "valid_from_us": MOMENT,
    "valid_till_us": MOMENT,
}


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
    cross = Fraction(rates[source]) / Fraction(rates[target])
    return Converted(half_up(Fraction(amount) * cross, 6), half_up(cross, 10))


def own_tariff(actor: Actor, key: int) -> Tariff:
    """The live tariff of the actor's own with this key; DomainError ``tariff`` for any other."""
    found: Tariff | None = Tariff.objects.owned_by(actor).filter(pk=key).first()
    if found is None:
        raise DomainError("tariff", "Choose one of your tariffs.", field="tariff_id")
    return found


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


def dated_tariffs(customer_ids: Collection[int]) -> dict[str, Array]:
    """Which tariff each customer paid by, when: columns customer, tariff, start, end."""
    return read_columns(
        "SELECT customer_id, tariff_id, valid_from, coalesce(valid_till, 'infinity')"
        " FROM tariffs_tariffassignment WHERE customer_id = ANY(%s)",
        [list(customer_ids)],
        {"customer": BIGINT, "tariff": BIGINT, "start": MOMENT, "end": MOMENT},
    )


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


def tariff_versions(tariff_ids: Collection[int]) -> list[TariffVersion]:
    """All versions of some tariffs, each with its tariff."""
    return list(TariffVersion.objects.filter(tariff__in=tariff_ids).select_related("tariff"))


def terms_of(version: TariffVersion) -> TariffTerms:
    """A version of a tariff as the rating core wants it."""
    return TariffTerms(
        connect_fee=version.connect_fee,
        free_seconds=version.free_seconds,
        grace_period=version.grace_period,
        post_call_surcharge=version.post_call_surcharge,
        duration_rounding=RatingRule(version.duration_rounding),
        cost_rounding=RatingRule(version.cost_rounding),
        decimals=version.decimals,
        not_billed=version.is_not_billed,
    )


def rate_terms_of(rate: Rate) -> RateTerms:
    """A rate as the rating core wants it."""
    return RateTerms(
        prefix=rate.prefix,
        price_1=rate.price_1,
        price_n=rate.price_n,
        interval_1=rate.interval_1,
        interval_n=rate.interval_n,
        is_forbidden=rate.is_forbidden,
        grace_enabled=rate.grace_enabled,
        valid_from=rate.valid_from,
        valid_till=rate.valid_till,
    )


def rate_columns(tariff_id: int) -> RateColumns:
    """All rates of a tariff, past ones too; ``ids`` are those of the rows.

    Prefixes beyond the 18 digits of a key are left out: E.164 numbers have 15 at most. Raises
    DataError for a price of 92,233,720,368 or more, which the columns cannot hold.
    """
    found = read_columns(
        "SELECT id, convert_to(rpad(prefix, %s), 'UTF8'), (price_1 * 1e8)::bigint,"
        " (price_n * 1e8)::bigint, interval_1, interval_n, is_forbidden, grace_enabled,"
        " valid_from, coalesce(valid_till, 'infinity')"
        " FROM tariffs_rate WHERE tariff_id = %s AND length(prefix) <= %s ORDER BY id",
        [KEY_DIGITS, tariff_id, KEY_DIGITS],
        _RATE_COLUMNS,
    )
    return RateColumns(prefixes=texts_of(found.pop("prefixes")).tolist(), **found)


def is_in_use(tariff: Tariff) -> bool:
    """Whether a customer or account has ever paid by ``tariff``: then its past is fixed."""
    return tariff.assignments.exists() or tariff.account_terms.exists()


def counted_tariffs(tariffs: QuerySet[Tariff]) -> QuerySet[Tariff]:
    """``tariffs`` that are not archived, each with ``customers``: how many pay by it now."""
    assigned = Count("assignments", filter=Q(assignments__valid_till=None))
    return tariffs.filter(archived_at=None).select_related("owner").annotate(customers=assigned)


def version_in_force(tariff: Tariff, at: datetime) -> TariffVersion | None:
    """The parameters of ``tariff`` for calls that start at ``at``."""
    return tariff.versions.filter(in_force(at)).first()


def assigned_customers(actor: Actor, tariff: Tariff) -> QuerySet[TariffAssignment]:
    """Who pays by ``tariff`` now, in the actor's scope, by name."""
    rows: QuerySet[TariffAssignment] = TariffAssignment.objects.visible_to(actor)
    found = rows.filter(tariff=tariff, valid_till=None)
    return found.select_related("customer").order_by("customer__name", "pk")


def own_rates(actor: Actor) -> QuerySet[Rate]:
    """The rates of the tariff by which the actor's customer pays now; the tariff stays hidden."""
    tariff = None if actor.account_id else tariff_of(actor.customer_id, now())
    rows: QuerySet[Rate] = Rate.objects.filter(tariff=tariff) if tariff else Rate.objects.none()
    return rows.select_related("tariff")


def tariffs_named(text: str) -> list[Tariff]:
    """The live tariffs with this id, or else with this name, of whatever owner."""
    live = Tariff.objects.live().select_related("owner")
    by_id = list(live.filter(pk=int(text))) if text.isdecimal() else []
    return by_id or list(live.filter(name__iexact=text).order_by("pk"))


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
