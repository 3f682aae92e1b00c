"""What stands in the way of archiving, moving or closing a customer, and what it would stop."""

from dataclasses import dataclass

from accounts.models import Account, Trunk
from billing.models import Balance
from customers.models import Customer, User
from customers.tenancy import subtree


@dataclass(frozen=True, slots=True)
class Effects:
    """What is in service of a customer and of all below it."""

    customers: int
    accounts: int
    trunks: int
    logins: int


def live_calls(customer: Customer) -> int:
    """How many balances of the customer and of all below it hold money for calls going on."""
    below = subtree(Customer, customer.pk).values("pk")
    return int(Balance.objects.filter(customer__in=below, reserved__gt=0).count())


def effects_of(customer: Customer) -> Effects:
    """What stops with the customer: its own and all below; ``customers`` without itself."""
    below = subtree(Customer, customer.pk).values("pk")
    return Effects(
        customers=Customer.objects.live().filter(pk__in=below).exclude(pk=customer.pk).count(),
        accounts=Account.objects.live().filter(customer__in=below).count(),
        trunks=Trunk.objects.live().filter(customer__in=below).count(),
        logins=User.objects.filter(customer__in=below, is_active=True).count(),
    )
