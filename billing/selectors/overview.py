"""What stands beside a customer's record on its pages: tariff, counts, last entries."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.timezone import now

from accounts.models import Account, Host, Trunk
from billing.choices import SURPLUS
from billing.models import Balance, BillingPeriod, LedgerEntry
from billing.selectors.statements import entries_shown_to
from customers.models import Customer, User
from customers.tenancy import Actor
from softswitch.core.money import ZERO
from tariffs.models import Tariff
from tariffs.selectors import tariff_of


def trunk_counts(customer_ids: Collection[int]) -> dict[int, int]:
    """How many live trunks each of some customers has; those with none are absent."""
    rows: QuerySet[Any] = Trunk.objects.live().filter(customer__in=customer_ids)
    counted = rows.values("customer").annotate(number=Count("pk"))
    return dict(counted.values_list("customer", "number"))


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of each thing a customer has in service."""

    customers: int
    accounts: int
    trunks: int
    hosts: int
    users: int


def counts_of(customer: Customer) -> Counts:
    """What is live of a customer, for its tabs and for what archiving would stop."""
    trunks = Trunk.objects.live().filter(customer=customer)
    return Counts(
        customers=Customer.objects.direct_of(customer.pk).count(),
        accounts=Account.objects.live().filter(customer=customer).count(),
        trunks=trunks.count(),
        hosts=Host.objects.current().filter(trunk__in=trunks).count(),
        users=User.objects.filter(customer=customer, account=None, is_active=True).count(),
    )


def seen_tariff(actor: Actor, customer: Customer) -> Tariff | None:
    """The tariff by which ``customer`` pays now, where the actor sees that tariff at all."""
    tariff = tariff_of(customer.pk, now())
    if tariff is None or not Tariff.objects.visible_to(actor).filter(pk=tariff.pk).exists():
        return None
    return tariff


def last_entries(actor: Actor, customer: Customer, *, limit: int = 6) -> list[LedgerEntry]:
    """The latest entries that people and rules posted to a customer's balance, newest first."""
    rows = LedgerEntry.objects.visible_to(actor).filter(balance__customer=customer, account=None)
    return list(entries_shown_to(rows, actor).order_by("-posted_at", "-pk")[:limit])


def open_period(balance: Balance) -> BillingPeriod | None:
    """The billing period that money posted now belongs to; None before the first posting in it."""
    rows = BillingPeriod.objects.filter(balance=balance, closed_at=None)
    return rows.filter(starts_at__lte=now(), ends_at__gt=now()).first()


@dataclass(frozen=True, slots=True)
class Settlement:
    """One balance that archiving brings to 0: ``amount`` is written off if below 0."""

    label: str
    amount: Decimal
    currency: str


def settlements(customer: Customer) -> list[Settlement]:
    """The balances of a customer and of its accounts that are not 0.

    What is between it and an owner that it has left stays as it is.
    """
    rows = Balance.objects.filter(customer=customer, closed_at=None).exclude(amount=ZERO)
    return [
        Settlement(str(row.account or customer), row.amount, row.currency_id)
        for row in rows.select_related("account").order_by("pk")
    ]


def surplus_choices() -> list[tuple[str, Any]]:
    """What can become of the money of a customer that is archived."""
    return [(kind.value, kind.label) for kind in SURPLUS]
