"""Reservations at once: no money is held twice, whoever comes first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from billing.models import Balance, Reservation
from billing.services import verify
from billing.services.maintenance import maintain
from billing.services.reservations import ExhaustedError, expire_due, extend, release, reserve
from softswitch.core.errors import DomainError
from tests.billing.money import paying_account, post
from tests.concurrency.threads import at_once
from tests.world import OPENED, build_world

pytestmark = pytest.mark.django_db(transaction=True)
LATER = datetime(2099, 1, 1, tzinfo=UTC)


def tried(holds: list[tuple[int, Decimal]], key: str) -> bool:
    try:
        reserve(holds=holds, key=key, expires_at=LATER)
    except ExhaustedError:
        return False
    return True


def test_one_unit_of_credit_is_held_once_by_thirty() -> None:
    """Each asks both levels, half of them the other way round; the upper one has one unit."""
    world = build_world()
    shop, sub = world.balance("shop"), world.balance("sub_reseller")
    Balance.objects.filter(pk=sub.pk).update(credit_limit=1)
    holds = [(shop.pk, Decimal(1)), (sub.pk, Decimal(1))]
    asked = [
        partial(tried, holds[::-1] if number % 2 else holds, f"call-{number}")
        for number in range(30)
    ]
    assert sum(at_once(*asked)) == 1
    assert sorted(Reservation.objects.values_list("balance", "amount")) == sorted(holds)
    assert {Balance.objects.get(pk=pk).reserved for pk, _amount in holds} == {1}
    assert [*verify.differences()] == []


def test_one_key_at_once_holds_once() -> None:
    world = build_world()
    holds = [(world.balance("shop").pk, Decimal(40))]
    assert at_once(*[partial(tried, holds, "call")] * 6) == [True] * 6
    assert world.balance("shop").reserved == 40


def test_one_key_at_once_for_different_balances_holds_of_one() -> None:
    """Neither waits for the balance of the other: the key itself is what they meet at."""
    world = build_world()
    shop = world.balance("shop")
    card = paying_account(world)
    post(card, "add_funds", "50")

    def asked(balance: Balance) -> str:
        try:
            reserve(holds=[(balance.pk, Decimal(40))], key="call", expires_at=LATER)
        except DomainError as error:
            return error.code
        return "held"

    for _try in range(10):
        both = at_once(partial(asked, shop), partial(asked, card))
        assert sorted(both) == ["held", "key_reused"]
        assert Reservation.objects.count() == 1
        assert sum(release(key="call").values()) == 40
    assert [*verify.differences()] == []


def test_holding_releasing_expiring_and_posting_at_once_add_up() -> None:
    world = build_world()
    shop = world.balance("shop")
    for number in range(8):
        reserve(
            holds=[(shop.pk, Decimal(5))],
            key=f"old-{number}",
            expires_at=OPENED if number % 2 else LATER,
        )
    post = partial(
        maintain,
        actor=world.actor("sub_reseller"),
        balance=shop,
        action="debit",
        amount=Decimal(1),
        currency="GBP",
    )
    at_once(
        *[partial(release, key=f"old-{number}") for number in (0, 2, 0)],
        *[partial(expire_due, moment=OPENED + timedelta(days=1)) for _ in range(3)],
        *[partial(tried, [(shop.pk, Decimal(2))], f"new-{number}") for number in range(4)],
        *[partial(post, key=f"debit-{number}") for number in range(3)],
        partial(extend, key="old-4", expires_at=LATER, holds=[(shop.pk, Decimal(7))]),
    )
    expire_due(moment=OPENED + timedelta(days=1))  # what was locked then
    left = Balance.objects.get(pk=shop.pk)
    assert [left.amount, left.reserved] == [Decimal(97), Decimal(7 + 5 + 4 * 2)]
    assert [*verify.differences()] == []
