"""The letter that a payment was received: where it is asked for, once per payment."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.services.maintenance import maintain
from customers.models import AuditEvent
from customers.services.parameters import set_parameters
from notifications.models import Message
from tests.billing.money import paying_account
from tests.world import World


def pay(world: World, action: str = "add_funds", **changes: Any) -> None:
    usual: dict[str, Any] = {
        "actor": world.actor("sub_reseller"),
        "balance": world.balance("shop"),
        "amount": Decimal(30),
        "currency": "USD",
        "key": "once",
    }
    maintain(action=action, **usual | changes)


@pytest.fixture
def asked(world: World) -> World:
    """The shop's owner wants it told of payments."""
    world.shop.billing_email = "pay@shop.example"
    world.shop.save()
    set_parameters(
        actor=world.actor("sub_reseller"),
        customer=world.shop,
        values={"notifications": True, "payment_notice": True},
    )
    return world


def test_a_payment_is_confirmed_once(asked: World) -> None:
    for _again in range(2):
        pay(asked)
    message = Message.objects.get()
    assert (message.owner, message.customer) == (asked.sub_reseller, asked.shop)
    assert (message.event, message.recipient) == ("payment", "pay@shop.example")
    assert message.subject == "Payment of 30.00 USD received"
    assert "Amount     30.00 USD" in message.text
    assert "Balance    120.00 GBP" in message.text  # 1.5 dollars for a pound
    assert not AuditEvent.objects.filter(action="payment_mailed").exists()


def test_nothing_else_is_a_payment(asked: World) -> None:
    pay(asked, "credit", key="credit")
    pay(asked, "debit", key="debit")
    pay(asked, key="earlier", at=datetime(2026, 3, 1, tzinfo=UTC))  # brought in from elsewhere
    own = paying_account(asked)
    pay(asked, actor=asked.actor("shop"), balance=own, key="account")
    assert not Message.objects.exists()


@pytest.mark.parametrize("values", [{"notifications": False}, {"payment_notice": False}])
def test_nobody_is_told_who_is_not_to_be(asked: World, values: dict[str, Any]) -> None:
    other = {"zero_balance_notice": True}
    set_parameters(actor=asked.actor("sub_reseller"), customer=asked.shop, values=other | values)
    pay(asked)
    assert not Message.objects.exists()


def test_without_an_address_nothing_is_sent(asked: World) -> None:
    asked.shop.billing_email = ""
    asked.shop.save()
    pay(asked)
    assert not Message.objects.exists()
