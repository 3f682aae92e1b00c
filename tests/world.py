"""A small world for tests: Root, two resellers, a sub-reseller, customers, tariffs, actors."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from accounts.models import Account
from billing.models import Balance
from billing.services.accounts import open_account
from billing.services.customers import Login, Terms, open_customer
from billing.services.first_run import set_up
from customers.models import Customer, User
from customers.selectors import actor_for
from customers.tenancy import Actor
from tariffs.models import Currency, Tariff
from tariffs.services.exchange import add_exchange_rate
from tariffs.services.tariffs import NewRate, create_tariff, set_rate

PASSWORD = "correct horse battery"
OPENED = datetime(2026, 1, 1, tzinfo=UTC)
RATES = {"": "0.50", "44": "0.02", "4420": "0.015", "447": "0.05", "1": "0.01", "33": "0.03"}


@dataclass
class World:
    """Who is who. ``operator`` is Root's; ``reseller`` > ``sub_reseller`` > ``shop``."""

    root: Customer
    reseller: Customer
    other_reseller: Customer
    sub_reseller: Customer
    sub_customer: Customer
    shop: Customer
    account: Account
    actors: dict[str, Actor] = field(default_factory=dict)

    def actor(self, who: str) -> Actor:
        """A fresh actor of the administrator of ``who`` (a field name; ``operator``: Root)."""
        customer = self.root if who == "operator" else getattr(self, who)
        return actor_of(customer)

    def user(self, who: str) -> User:
        user = self.actor(who).user
        assert user is not None
        return user

    def balance(self, who: str) -> Balance:
        return Balance.objects.of_customers().get(customer=getattr(self, who))


def actor_of(customer: Customer) -> Actor:
    """The actor of the first administrator of ``customer``."""
    return actor_for(User.objects.filter(customer=customer, account=None).earliest("pk"))


def tariff_with_rates(
    owner: Customer, name: str, currency: str, *, factor: str = "1", **parameters: Any
) -> Tariff:
    """A tariff of ``owner`` in force since OPENED: RATES times ``factor``, 60/6 seconds."""
    actor = actor_of(owner)
    tariff = create_tariff(
        actor=actor, name=name, currency=currency, parameters=parameters, valid_from=OPENED
    )
    for prefix, price in RATES.items():
        value = Decimal(price) * Decimal(factor)
        rate = NewRate(
            prefix=prefix,
            price_1=value,
            price_n=value,
            interval_1=60 if prefix else 1,
            interval_n=6 if prefix else 1,
            destination=f"Prefix {prefix}" if prefix else "Anywhere",
            valid_from=OPENED,
        )
        set_rate(actor=actor, tariff=tariff, rate=rate)
    return tariff


def customer_of(owner: Customer, name: str, kind: str, tariff: Tariff, **terms: Any) -> Customer:
    """A customer in service since OPENED, with the login ``name`` in small letters."""
    return open_customer(
        actor=actor_of(owner),
        name=name,
        kind=kind,
        terms=Terms(tariff=tariff, **terms),
        login=Login(name.lower().replace(" ", "-"), PASSWORD, name=f"{name} admin"),
        opened_at=OPENED,
    )


def build_world() -> World:
    """Four levels in three currencies; every login's password is PASSWORD."""
    root = set_up(name="Root", login="operator", password=PASSWORD)
    for code, rate in {"EUR": "1.25", "GBP": "1.5", "BHD": "2.65"}.items():
        add_exchange_rate(
            actor=actor_of(root),
            currency=Currency.objects.get(code=code),
            valid_on=date(2026, 1, 1),
            rate=Decimal(rate),
        )
    wholesale = tariff_with_rates(root, "Wholesale", "USD")
    reseller = customer_of(root, "Reseller", "reseller", wholesale, currency="EUR")
    other = customer_of(root, "Other reseller", "reseller", wholesale)
    retail = tariff_with_rates(reseller, "Retail", "EUR", factor="2")
    sub = customer_of(reseller, "Sub reseller", "reseller", retail, currency="GBP")
    business = customer_of(reseller, "Sub customer", "business", retail)
    street = tariff_with_rates(sub, "Street", "GBP", factor="3")
    shop = customer_of(
        sub, "Shop", "business", street, opening_balance=Decimal(100), mode="postpaid"
    )
    account = open_account(
        actor=actor_of(shop),
        customer=shop,
        auth_name="shop-1",
        opened_at=OPENED,
        login=Login("shop-1", PASSWORD),
    )
    return World(root, reseller, other, sub, business, shop, account)


def find_world() -> World:
    """The world of ``build_world`` as it stands in the database."""
    customers = {customer.name: customer for customer in Customer.objects.all()}
    return World(
        root=customers["Root"],
        reseller=customers["Reseller"],
        other_reseller=customers["Other reseller"],
        sub_reseller=customers["Sub reseller"],
        sub_customer=customers["Sub customer"],
        shop=customers["Shop"],
        account=Account.objects.select_related("customer").get(auth_name="shop-1"),
    )
