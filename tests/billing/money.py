"""Short ways of tests of payments: an account that is charged by itself, entries, keys."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from billing.models import Balance, LedgerEntry
from billing.selectors.balances import account_balance
from billing.services.accounts import AccountTariff, set_charging
from billing.services.maintenance import maintain
from tariffs.models import Tariff
from tests.world import World, actor_of


def fresh() -> str:
    """A key that no form had before."""
    return str(uuid4())


def paying_account(world: World) -> Balance:
    """The balance of the shop's account, charged by itself from now on."""
    tariff = Tariff.objects.get(owner=world.sub_reseller)
    set_charging(actor=world.actor("shop"), account=world.account, by_itself=AccountTariff(tariff))
    found = account_balance(world.account)
    assert found is not None
    return Balance.objects.select_related("customer", "account").get(pk=found.pk)


def post(balance: Balance, action: str, amount: str, currency: str = "") -> LedgerEntry:
    """Maintenance by whoever bills the balance."""
    return maintain(
        actor=actor_of(balance.issuer),
        balance=balance,
        action=action,
        amount=Decimal(amount),
        currency=currency or balance.currency_id,
        key=fresh(),
    )


def amount_of(balance: Balance) -> Any:
    """What stands in a balance now."""
    return Balance.objects.get(pk=balance.pk).amount
