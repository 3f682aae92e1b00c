"""Reservations: several levels or none, repeats, expiry, and what is reserved of a balance."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Account
from billing.models import Balance, Reservation
from billing.services import verify
from billing.services.accounts import close_account
from billing.services.archive import archive_customer
from billing.services.reservations import (
    ExhaustedError,
    expire_due,
    extend,
    release,
    reserve,
)
from customers.models import Customer
from softswitch.core.errors import DomainError
from tests.billing.money import paying_account, post
from tests.world import OPENED, World

LATER = OPENED + timedelta(days=10_000)


@pytest.fixture
def levels(world: World) -> list[Balance]:
    """Three levels with 100, 10 and 0 available."""
    names = ("shop", "sub_reseller", "reseller")
    Balance.objects.filter(pk=world.balance("sub_reseller").pk).update(credit_limit=10)
    return [world.balance(name) for name in names]


def reserved(levels: list[Balance]) -> list[Decimal]:
    return [Balance.objects.get(pk=balance.pk).reserved for balance in levels]


def test_several_levels_are_held_and_given_back(levels: list[Balance]) -> None:
    shop, sub, _top = levels
    reserve(holds=[(shop.pk, Decimal(60)), (sub.pk, Decimal(10))], key="call", expires_at=LATER)
    assert reserved(levels) == [60, 10, 0]
    assert Balance.objects.get(pk=shop.pk).available == 40
    assert [*verify.differences()] == []
    assert release(key="call") == {shop.pk: 60, sub.pk: 10}
    assert release(key="call") == {}
    assert reserved(levels) == [0, 0, 0]
    assert [*verify.differences()] == []


def test_one_level_short_holds_nothing(levels: list[Balance]) -> None:
    shop, sub, top = levels
    holds = [(shop.pk, Decimal(1)), (sub.pk, Decimal("10.000001")), (top.pk, Decimal("0.1"))]
    with pytest.raises(ExhaustedError) as refused:
        reserve(holds=holds, key="call", expires_at=LATER)
    assert refused.value.balance_ids == {sub.pk, top.pk}
    assert reserved(levels) == [0, 0, 0]
    assert not Reservation.objects.exists()


def test_a_repeat_holds_once_and_another_amount_is_refused(levels: list[Balance]) -> None:
    shop, *_rest = levels
    for _try in range(2):
        reserve(holds=[(shop.pk, Decimal(60))], key="call", expires_at=LATER)
    assert reserved(levels) == [60, 0, 0]
    with pytest.raises(DomainError) as refused:
        reserve(holds=[(shop.pk, Decimal(61))], key="call", expires_at=LATER)
    assert refused.value.code == "key_reused"


@pytest.mark.parametrize("amount", ["-1", "0.0000001", "NaN"])
def test_amounts_are_amounts(levels: list[Balance], amount: str) -> None:
    with pytest.raises(DomainError) as refused:
        reserve(holds=[(levels[0].pk, Decimal(amount))], key="call", expires_at=LATER)
    assert refused.value.code == "amount"


def test_holding_is_extended_to_a_total_as_far_as_there_is_money(levels: list[Balance]) -> None:
    shop, sub, _top = levels
    reserve(holds=[(shop.pk, Decimal(60)), (sub.pk, Decimal(4))], key="call", expires_at=OPENED)
    for _try in range(2):
        extend(key="call", expires_at=LATER, holds=[(shop.pk, Decimal(100)), (sub.pk, Decimal(3))])
    assert reserved(levels) == [100, 3, 0]
    with pytest.raises(ExhaustedError):
        extend(key="call", expires_at=LATER, holds=[(sub.pk, Decimal("10.1"))])
    assert reserved(levels) == [100, 3, 0]
    assert expire_due(moment=OPENED + timedelta(days=1)) == 0
    with pytest.raises(DomainError) as refused:
        extend(key="another", expires_at=LATER)
    assert refused.value.code == "no_reservation"
    assert [*verify.differences()] == []


def test_what_expired_is_given_back_in_bounded_steps(levels: list[Balance]) -> None:
    shop, *_rest = levels
    for number in range(5):
        moment = OPENED + timedelta(minutes=number)
        reserve(holds=[(shop.pk, Decimal(10))], key=f"call-{number}", expires_at=moment)
    due = OPENED + timedelta(minutes=3)
    assert [expire_due(moment=due, limit=3) for _ in range(3)] == [3, 1, 0]
    assert reserved(levels) == [10, 0, 0]
    assert Reservation.objects.get().key == "call-4"


def test_what_expired_never_stands_in_the_way(levels: list[Balance]) -> None:
    shop, *_rest = levels
    reserve(holds=[(shop.pk, Decimal(100))], key="old", expires_at=OPENED)
    reserve(holds=[(shop.pk, Decimal(1))], key="new", expires_at=LATER)
    assert reserved(levels) == [1, 0, 0]


def test_a_closed_balance_holds_nothing(levels: list[Balance]) -> None:
    shop, *_rest = levels
    Balance.objects.filter(pk=shop.pk).update(closed_at=LATER)
    with pytest.raises(DomainError) as refused:
        reserve(holds=[(shop.pk, Decimal(1))], key="call", expires_at=LATER)
    assert refused.value.code == "closed"


def test_what_is_archived_holds_nothing(world: World) -> None:
    """A call that comes in beside it finds no money to hold that nobody would give back."""
    shop = world.balance("shop")
    archive_customer(
        actor=world.actor("sub_reseller"), customer=world.shop, surplus="pay_out", reason="Closed"
    )
    with pytest.raises(DomainError) as refused:
        reserve(holds=[(shop.pk, Decimal(0))], key="call", expires_at=LATER)
    assert refused.value.code == "closed"


def test_who_has_a_call_going_on_is_not_archived(world: World) -> None:
    shop, actor = world.balance("shop"), world.actor("sub_reseller")
    reserve(holds=[(shop.pk, Decimal(1))], key="call", expires_at=LATER)
    with pytest.raises(DomainError) as refused:
        archive_customer(actor=actor, customer=world.shop, surplus="pay_out", reason="Closed")
    assert refused.value.code == "live_calls"
    assert "Calls are going on" in refused.value.message
    assert Customer.objects.get(pk=world.shop.pk).archived_at is None
    release(key="call")
    archive_customer(actor=actor, customer=world.shop, surplus="pay_out", reason="Closed")
    assert Balance.objects.get(pk=shop.pk).amount == 0


def test_an_account_with_a_call_going_on_is_not_archived(world: World) -> None:
    balance = paying_account(world)
    post(balance, "add_funds", "50")
    reserve(holds=[(balance.pk, Decimal(1))], key="call", expires_at=LATER)
    with pytest.raises(DomainError) as refused:
        close_account(
            actor=world.actor("shop"), account=world.account, surplus="forfeit", reason="Closed"
        )
    assert refused.value.code == "live_calls"
    assert Account.objects.get(pk=world.account.pk).archived_at is None


def test_verify_tells_a_balance_that_reserves_something_else(levels: list[Balance]) -> None:
    shop, *_rest = levels
    Balance.objects.filter(pk=shop.pk).update(reserved=5)
    (line,) = verify.differences()
    assert "5.000000 is reserved" in line
