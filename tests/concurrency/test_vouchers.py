"""Vouchers at once: one PIN posts once, guesses stay throttled, batches do not mix."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from accounts.models import Voucher, VoucherAttempt
from accounts.services.vouchers import NewBatch, create_batch, delete_batch, export_pins
from billing.models import Balance, LedgerEntry
from billing.services import verify
from billing.services.vouchers import MOST_WRONG, redeem_voucher
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.concurrency.threads import at_once
from tests.world import World, actor_of, build_world, customer_of

pytestmark = pytest.mark.django_db(transaction=True)


def tried(**arguments: Any) -> str:
    """What came of one redemption: "posted", or the code of its refusal."""
    try:
        redeem_voucher(**arguments)
    except DomainError as error:
        return error.code
    return "posted"


def pins_of(world: World, count: int) -> list[str]:
    actor = world.actor("sub_reseller")
    new = NewBatch(name="Shelf", count=count, value=Decimal(20), currency="GBP")
    batch = create_batch(actor=actor, new=new)
    return [pin for _serial, pin in export_pins(actor=actor, batch=batch)]


def test_one_pin_at_once_by_the_same_and_by_others_posts_once() -> None:
    world = build_world()
    tariff = Tariff.objects.get(owner=world.sub_reseller)
    cafe = customer_of(world.sub_reseller, "Cafe", "business", tariff)
    (pin,) = pins_of(world, 1)
    balances = [Balance.objects.get(customer=customer) for customer in (world.shop, cafe)]
    own = [(actor_of(balance.customer), balance) for balance in balances]
    owner = [(world.actor("sub_reseller"), balance) for balance in balances]
    results = at_once(
        *[partial(tried, actor=who, balance=balance, pin=pin) for who, balance in own + owner]
    )
    assert sorted(results) == ["pin", "pin", "pin", "posted"]
    assert LedgerEntry.objects.filter(kind="voucher").count() == 1
    assert Voucher.objects.get().status == "used"
    assert [*verify.differences()] == []


def test_guesses_at_once_are_counted_one_by_one_and_kept() -> None:
    world = build_world()
    guess = partial(
        tried, actor=world.actor("shop"), balance=world.balance("shop"), pin="1000000000"
    )
    results = at_once(*[guess] * 8)
    assert sorted(results) == ["pin"] * MOST_WRONG + ["throttled"] * 3
    assert VoucherAttempt.objects.count() == MOST_WRONG


def test_two_batches_at_once_and_a_redemption_beside_a_deletion() -> None:
    world = build_world()
    new = NewBatch(name="Bulk", count=500, value=Decimal(1), currency="GBP", pin_length=10)
    first, second = at_once(
        *[
            partial(create_batch, actor=world.actor(who), new=new)
            for who in ("sub_reseller", "reseller")
        ]
    )
    assert (first.made, second.made, Voucher.objects.count()) == (500, 500, 1000)
    actor = world.actor("sub_reseller")
    pin = export_pins(actor=actor, batch=first)[0][1]

    def delete() -> str:
        try:
            delete_batch(actor=actor, batch=first)
        except DomainError as error:
            return error.code
        return "deleted"

    redeem = partial(tried, actor=world.actor("shop"), balance=world.balance("shop"), pin=pin)
    outcome = at_once(redeem, delete)
    assert outcome in (["posted", "used"], ["pin", "deleted"])
    left = Voucher.objects.filter(batch=first.pk).count()
    assert left == (500 if outcome[0] == "posted" else 0)
