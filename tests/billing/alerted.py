"""Rules of alerts, balances that they are about, and what was told."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import Trunk
from accounts.services.trunks import create_trunk
from billing.models import AlertState, Balance
from billing.services.alerts import run_alerts
from customers.models import Customer
from customers.services.parameters import set_parameters
from notifications.models import Notice
from tests.world import World, actor_of

LOW: dict[str, Any] = {"notifications": True, "low_balance_amount": Decimal(100)}


def rule(customer: Customer, **values: Any) -> None:
    """Set parameters of a customer, as its owner does."""
    fresh = Customer.objects.get(pk=customer.pk)
    assert fresh.owner is not None
    set_parameters(actor=actor_of(fresh.owner), customer=fresh, values=values)


def fund(balance: Balance, amount: Any, **values: Any) -> None:
    """What the balance comes to; without entries, which alerts do not look at."""
    Balance.objects.filter(pk=balance.pk).update(amount=Decimal(amount), **values)


def told(customer: Customer) -> list[str]:
    """What the bell of a customer has told, oldest first."""
    rows = Notice.objects.filter(recipient=customer).order_by("pk")
    return list(rows.values_list("event", flat=True))


def tell_at(customer: Customer, *moments: datetime) -> list[str]:
    """Run alerts at each moment; what was told meanwhile."""
    before = len(told(customer))
    for moment in moments:
        run_alerts(moment=moment)
    return told(customer)[before:]


def state(balance: Balance) -> AlertState:
    """The state, fresh."""
    found: AlertState = AlertState.objects.get(balance=balance)
    return found


def trunk(world: World, name: str, who: str = "shop") -> Trunk:
    """A trunk without hosts."""
    return create_trunk(actor=world.actor(who), customer=getattr(world, who), name=name, hosts=[])
