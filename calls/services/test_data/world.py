"""Opens the customers of test data: resellers below each other, and many customers of the last."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from accounts.models import Trunk
from accounts.services.trunks import create_trunk
from billing.services.customers import Terms, open_customer
from calls.services.test_data.prefixes import Prefix
from customers.choices import Kind
from customers.models import Customer, User
from customers.selectors import actor_for, system_actor
from customers.services.users import create_user
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Currency, Tariff
from tariffs.services.exchange import add_exchange_rate
from tariffs.services.tariffs import create_tariff

RESELLER, CUSTOMER, TRUNK = "Test reseller", "Test customer", "Test trunk"
FOREIGN_RATE = Decimal("1.0837")
_AT_ONCE = 100
# Prices that differ by rate and rise by level; some rates bill by the minute.
_RATES = """
INSERT INTO tariffs_rate (tariff_id, prefix, destination, country, price_1, price_n, interval_1,
    interval_n, is_forbidden, grace_enabled, valid_from)
SELECT %(tariff)s, prefix, destination, country,
    round((%(factor)s * (1 + n %% 997))::numeric, 4),
    round((%(factor)s * (1 + n %% 997))::numeric, 4),
    CASE WHEN n %% 3 = 0 THEN 60 ELSE 1 END, CASE WHEN n %% 3 = 0 THEN 6 ELSE 1 END, false,
    n %% 7 = 0, %(opened_at)s
FROM unnest(%(prefixes)s::text[], %(destinations)s::text[], %(countries)s::text[])
    WITH ORDINALITY AS p (prefix, destination, country, n)
"""


@dataclass(frozen=True, slots=True)
class Callers:
    """Who calls: customers, and the trunk of each."""

    customers: list[int]
    trunks: list[int]


@dataclass(frozen=True, slots=True)
class Plan:
    """The system to open: ``levels`` pay for each call, the last of them are ``customers``.

    All of it is in service since ``opened_at``. ``foreign``: the resellers but the first have their
    balances in that currency, empty for none.
    """

    customers: int
    levels: int
    opened_at: datetime
    prefixes: list[Prefix]
    foreign: str = ""


def foreign_currency() -> str:
    """The currency that levels are converted to: not the base currency."""
    return "USD" if settings.BASE_CURRENCY == "EUR" else "EUR"


def has_others() -> bool:
    """Whether there are customers that are no test data."""
    names = Q(name__startswith=RESELLER) | Q(name__startswith=CUSTOMER)
    return bool(Customer.objects.filter(is_root=False).exclude(names).exists())


def open_callers(plan: Plan) -> Callers:
    """The customers of ``plan`` with a trunk each; what is there of them is used again.

    One transaction per reseller, and per hundred customers. Raises DomainError ``levels`` or
    ``opened_at`` where what is there stands otherwise.
    """
    seller, tariff = _open_chain(plan)
    found = Customer.objects.filter(name__startswith=CUSTOMER)
    names = set(found.values_list("name", flat=True))
    if found.filter(opened_at__gt=plan.opened_at).exists():
        raise DomainError("opened_at", "The test customers that exist were opened after that.")
    missing = [n for n in range(1, plan.customers + 1) if f"{CUSTOMER} {n}" not in names]
    for start in range(0, len(missing), _AT_ONCE):
        with transaction.atomic():
            for number in missing[start : start + _AT_ONCE]:
                _open_customer(seller, tariff, number, plan)
    trunks = Trunk.objects.filter(name__startswith=TRUNK, customer__in=found)
    rows = trunks.order_by("pk").values_list("customer_id", "pk")[: plan.customers]
    return Callers([row[0] for row in rows], [row[1] for row in rows])


def _open_chain(plan: Plan) -> tuple[Actor, Tariff]:
    """The resellers below each other; who sells to the customers, and by which tariff."""
    names = [f"{RESELLER} {level}" for level in range(1, plan.levels)]
    known = set(Customer.objects.filter(name__startswith=RESELLER).values_list("name", flat=True))
    if known and known != set(names):
        raise DomainError("levels", f"There are {len(known) + 1} levels of test data already.")
    seller = system_actor()
    for level, name in enumerate(names):
        if name not in known:
            with transaction.atomic():
                _open_reseller(seller, name, level, plan)
        seller = actor_for(User.objects.filter(customer__name=name, account=None).earliest("pk"))
    return seller, _tariff_for(seller, f"{CUSTOMER}s", plan.levels - 1, plan)


def _open_reseller(seller: Actor, name: str, level: int, plan: Plan) -> None:
    reseller = open_customer(
        actor=seller,
        name=name,
        kind=Kind.RESELLER,
        terms=Terms(
            tariff=_tariff_for(seller, name, level, plan),
            currency=(plan.foreign if level else "") or settings.BASE_CURRENCY,
        ),
        opened_at=plan.opened_at,
    )
    login = name.lower().replace(" ", "-")
    create_user(actor=system_actor(), customer=reseller, login=login, password=None, name=name)


def _open_customer(seller: Actor, tariff: Tariff, number: int, plan: Plan) -> None:
    customer = open_customer(
        actor=seller,
        name=f"{CUSTOMER} {number}",
        kind=Kind.BUSINESS,
        terms=Terms(tariff=tariff, currency=settings.BASE_CURRENCY),
        opened_at=plan.opened_at,
    )
    create_trunk(
        actor=seller,
        customer=customer,
        name=f"{TRUNK} {number}",
        hosts=[],
        opened_at=plan.opened_at,
    )


def _tariff_for(seller: Actor, buyer: str, level: int, plan: Plan) -> Tariff:
    """The tariff of ``seller`` for ``buyer``, with all rates; the one that is there."""
    name = f"Tariff for {buyer}"
    found = Tariff.objects.filter(owner=seller.customer, name=name).first()
    if found is not None:
        return found
    with transaction.atomic():
        tariff = create_tariff(
            actor=seller,
            name=name,
            currency=settings.BASE_CURRENCY,
            valid_from=plan.opened_at,
            parameters={"connect_fee": Decimal("0.01"), "decimals": 5},
        )
        with connection.cursor() as cursor:
            cursor.execute(
                _RATES,
                {
                    "tariff": tariff.pk,
                    "factor": Decimal("0.0004") * (level + 1),
                    "opened_at": plan.opened_at,
                    "prefixes": [row.prefix for row in plan.prefixes],
                    "destinations": [row.destination for row in plan.prefixes],
                    "countries": [row.country for row in plan.prefixes],
                },
            )
    return tariff


def add_foreign_rate(*, valid_on: date) -> None:
    """What the foreign currency is worth from ``valid_on``, for a system that has no rates."""
    add_exchange_rate(
        actor=system_actor(),
        currency=Currency.objects.get(code=foreign_currency()),
        valid_on=valid_on,
        rate=FOREIGN_RATE,
    )
