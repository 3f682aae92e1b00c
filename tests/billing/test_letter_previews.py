"""What letters would say of a customer: its own funds, last payment and last invoice."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.services.letter_previews import known_values
from billing.services.maintenance import maintain
from customers.models import User
from notifications.values import Money
from tests.billing.dunned import DUE, invoice
from tests.world import World


def pay(world: World, amount: int, notes: str, **values: Any) -> None:
    maintain(
        actor=world.actor("sub_reseller"), balance=world.balance("shop"), action="add_funds",
        amount=Decimal(amount), currency="USD", notes=notes, key=notes, **values,
    )  # fmt: skip


def known(world: World, who: str = "sub_reseller", of: str = "shop") -> dict[str, Any]:
    return known_values(actor=world.actor(who), customer=getattr(world, of))


def test_funds_last_payment_and_last_invoice(world: World) -> None:
    pay(world, 30, "first", at=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    pay(world, 60, "second", at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    invoice(world.balance("shop"), "12.50", number="INV-7")
    nothing: dict[str, Any] = {
        "issued_at": None,
        "issued_on": None,
        "due_on": None,
        "open_amount": 0,
    }
    invoice(world.balance("shop"), "99", number="", state="draft", **nothing)
    values = known(world)
    assert values["balance"] == Money(Decimal(160), "GBP")  # 1.5 dollars for a pound
    assert values["payment.amount"] == Money(Decimal(60), "USD")
    assert values["payment.notes"] == "second"
    assert str(values["payment.day"]) == "2026-03-01"
    assert (values["invoice.number"], values["invoice.due_on"]) == ("INV-7", DUE)
    assert values["invoice.open"] == Money(Decimal("12.50"), "GBP")


def test_what_there_is_not_stays_a_sample(world: World) -> None:
    assert known(world).keys() == {"balance", "credit_limit", "available", "reserved"}


@pytest.mark.parametrize("who", ["reseller", "other_reseller", "shop"])
def test_nothing_is_known_of_anothers_customer(world: World, who: str) -> None:
    assert known(world, who) == {}


def test_nothing_is_told_to_who_sees_no_money(world: World) -> None:
    User.objects.filter(customer=world.sub_reseller).update(role="noc")
    assert known(world) == {}
