"""Balances beside the customers they belong to, and what a viewer reads them in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID, uuid4

from django.db.models import Expression, F, FilteredRelation, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.timezone import now

from accounts.models import Account
from billing.choices import MaintenanceAction, Mode, PeriodType
from billing.models import Balance
from billing.querysets import BalanceQuerySet
from customers.models import Customer, CustomerClass, FormerName
from customers.selectors.names import shown_name
from customers.selectors.parameters import inherited
from customers.tenancy import Actor
from softswitch.core.money import ZERO, quantize
from tariffs.models import Currency, Tariff
from tariffs.selectors import base_currency, currency_choices, rates_in_force


def with_balances(customers: QuerySet[Customer]) -> QuerySet[Any]:
    """``customers`` with the balance that each has with its owner, in one join.

    Adds balance, currency, mode, credit_limit, reserved and available; None for Root, which has no
    balance. Rows that have them are left as they are.
    """
    if "balance" in customers.query.annotations:
        return customers
    joined = customers.annotate(
        own=FilteredRelation(
            "balances", condition=Q(balances__account=None, balances__closed_at=None)
        )
    )
    return joined.annotate(
        balance=F("own__amount"),
        currency=F("own__currency_id"),
        mode=F("own__mode"),
        credit_limit=F("own__credit_limit"),
        reserved=F("own__reserved"),
        available=F("own__amount") + F("own__credit_limit") - F("own__reserved"),
    )


def balance_of(customer: Customer) -> Balance | None:
    """The balance between a customer and its owner; None for Root."""
    found: Balance | None = Balance.objects.of_customers().filter(customer=customer).first()
    return found


def closed_balances(rows: QuerySet[Balance], actor: Actor) -> QuerySet[Any]:
    """``rows`` that a move has closed, with their customers and ``customer_name``."""
    closed = cast("BalanceQuerySet", rows).closed().select_related("customer")
    return closed.annotate(customer_name=shown_name(actor, then="closed_at"))


def has_closed_balances(actor: Actor, customer: Customer | None = None) -> bool:
    """Whether the actor was party to a balance (of ``customer``) that a move has closed."""
    rows = Balance.objects.visible_to(actor).closed()
    return bool((rows.filter(customer=customer) if customer else rows).exists())


def by_name(actor: Actor, customer: str = "customer") -> Expression | F:
    """How rows are sorted by the name of the ``customer`` that they show as ``customer_name``.

    By the present names an index has them in order. Only where one that was renamed has left the
    actor, all names have to be told first: the order is not to say what it is called now.
    """
    left = Balance.objects.visible_to(actor).closed()
    if left.filter(customer__in=FormerName.objects.values("customer")).exists():
        return F("customer_name")
    return Lower(f"{customer}__name")


def account_balance(account: Account) -> Balance | None:
    """The balance of an account that is charged by itself; None for one charged with its owner."""
    found: Balance | None = Balance.objects.filter(account=account).first()
    return found


def may_maintain(actor: Actor, customer: Customer) -> bool:
    """Whether the actor may post to the balance between itself and ``customer``."""
    is_live = customer.archived_at is None
    return is_live and customer.is_direct_of(actor) and actor.can("money.manage")


def may_see_balance(actor: Actor, customer: Customer) -> bool:
    """The own balance needs the right for it, the balances below are the viewer's business."""
    if customer.pk == actor.customer_id:
        return actor.can("balance.view")
    return may_see_balances(actor)


def may_see_balances(actor: Actor) -> bool:
    """Whether the actor's role includes the money of the customers below."""
    return actor.can("balance.view") or actor.can("money.manage")


@dataclass(frozen=True, slots=True)
class DisplayCurrency:
    """The currency a viewer reads sums in, and the exchange rates of ``at``."""

    code: str
    at: datetime
    rates: Mapping[str, Decimal]

    def rate(self, currency: str) -> Decimal | None:
        """Units of the display currency for one of ``currency``; None where one is unknown."""
        if currency not in self.rates or self.code not in self.rates:
            return None
        return self.rates[currency] / self.rates[self.code]

    def convert(self, amount: Decimal | None, currency: str | None) -> Decimal | None:
        """``amount`` of ``currency`` in the display currency, 6 decimals; None: unknown."""
        if amount is None or currency is None:
            return None
        if currency == self.code:
            return amount
        rate = self.rate(currency)
        return None if rate is None else quantize(amount * rate)


def display_code(actor: Actor) -> str:
    """The currency the actor reads sums in: the chosen one, else the base currency."""
    chosen = actor.user.display_currency if actor.user else ""
    return chosen or base_currency().pk


def display_currency(actor: Actor) -> DisplayCurrency:
    """The actor's display currency at today's rates."""
    at = now()
    codes = list(Currency.objects.values_list("code", flat=True))
    return DisplayCurrency(display_code(actor), at, rates_in_force(codes, at))


@dataclass(frozen=True, slots=True)
class MoneyPanel:
    """What a page shows of one balance, with its value in the viewer's display currency."""

    balance: Balance
    display: DisplayCurrency

    @property
    def converted(self) -> Decimal | None:
        """The balance in the display currency; None where it is the same one, or unknown."""
        if self.display.code == self.balance.currency_id:
            return None
        return self.display.convert(self.balance.amount, self.balance.currency_id)

    @property
    def exchange_rate(self) -> Decimal | None:
        rate = self.display.rate(self.balance.currency_id)
        return None if rate is None else round(rate, 6)

    @property
    def held(self) -> Decimal:
        """What is reserved, as it lessens what is available: 0 or below."""
        return -self.balance.reserved

    @property
    def used_percent(self) -> Decimal | None:
        """How much of the credit limit is used, 0 to 100; None without a credit limit."""
        return self._percent(max(ZERO, -self.balance.amount))

    @property
    def held_percent(self) -> Decimal | None:
        """How much of the credit limit is reserved for calls that are going on."""
        return self._percent(self.balance.reserved)

    def _percent(self, part: Decimal) -> Decimal | None:
        limit = self.balance.credit_limit
        return min(Decimal(100), round(100 * part / limit, 2)) if limit else None


def money_panel(actor: Actor, customer: Customer) -> MoneyPanel | None:
    """The balance of ``customer`` as the actor may see it; None for Root and without the right."""
    balance = balance_of(customer)
    if balance is None or not may_see_balance(actor, customer):
        return None
    return MoneyPanel(balance, display_currency(actor))


@dataclass(frozen=True, slots=True)
class MaintenanceOffer:
    """What the short Maintenance form of a page needs; ``key`` makes it post once."""

    key: UUID
    actions: list[tuple[str, Any]]
    currencies: list[str]


def maintenance_offer(actor: Actor, customer: Customer) -> MaintenanceOffer | None:
    """The short Maintenance form, for who may post to the balance of ``customer``."""
    if not may_maintain(actor, customer):
        return None
    codes = currency_choices().values_list("code", flat=True)
    return MaintenanceOffer(uuid4(), list(MaintenanceAction.choices), list(codes))


def tariff_choices() -> QuerySet[Tariff]:
    """Live tariffs, the default first; a form narrows them to the actor's own."""
    tariffs: QuerySet[Tariff] = Tariff.objects.live().order_by("-is_default", "name")
    return tariffs


def mode_choices() -> list[tuple[str, Any]]:
    """Prepaid and postpaid, as a form or list shows them."""
    return list(Mode.choices)


def period_choices() -> list[tuple[str, Any]]:
    """The calendars of billing periods, as a form shows them."""
    return list(PeriodType.choices)


def default_period(customer_class: CustomerClass | None, own: Mapping[str, Any]) -> str:
    """The calendar of a new customer where nobody chooses one: its payment term's, else monthly.

    ``own`` are the parameters that it sets itself; else its class says the term.
    """
    term = inherited(customer_class).with_own(own)["payment_term"]
    return str(PeriodType.MONTHLY.value if term is None else term.period_type)


def calendar_changes(balance: Balance) -> dict[str, tuple[str, str]]:
    """What changes at the next close: field of the billing calendar to (now, then), in words."""
    kinds = {value: str(label) for value, label in PeriodType.choices}
    found = {}
    if balance.next_period_type:
        found["period_type"] = kinds[balance.period_type], kinds[balance.next_period_type]
    if balance.next_period_timezone:
        zones = str(balance.period_timezone), str(balance.next_period_timezone)
        found["period_timezone"] = zones
    return found
