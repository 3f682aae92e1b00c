"""Redeeming a voucher: who may, into which balance, once, and one answer to every wrong PIN."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from accounts.models import Account, Voucher, VoucherAttempt, VoucherBatch
from accounts.services.vouchers import NewBatch, block_batch, create_batch, export_pins
from billing.models import Balance, LedgerEntry
from billing.services import verify
from billing.services.accounts import AccountTariff, open_account
from billing.services.customers import Login
from billing.services.vouchers import MOST_WRONG, redeem_voucher
from customers.models import AuditEvent, User
from customers.selectors import actor_for
from customers.services.permissions import set_rights
from customers.tenancy import Actor
from softswitch.core import nav
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db


def pins_of(world: World, who: str, count: int = 1, **values: Any) -> list[str]:
    """The PINs of new vouchers of 20 GBP of ``who``."""
    actor = world.actor(who)
    new: dict[str, Any] = {"name": "Shelf", "value": Decimal(20), "currency": "GBP"} | values
    batch = create_batch(actor=actor, new=NewBatch(count=count, **new))
    return [pin for _serial, pin in export_pins(actor=actor, batch=batch)]


def desk_of(world: World) -> Account:
    """An account of the sub-reseller that is charged by itself, with a login."""
    return open_account(
        actor=world.actor("sub_reseller"),
        customer=world.sub_reseller,
        auth_name="desk",
        by_itself=AccountTariff(Tariff.objects.get(owner=world.sub_reseller)),
        login=Login("desk", PASSWORD),
    )


def user_of(account: Account) -> Actor:
    return actor_for(User.objects.get(account=account))


def refused(code: str, **arguments: Any) -> DomainError:
    with pytest.raises(DomainError) as error:
        redeem_voucher(**arguments)
    assert error.value.code == code
    return error.value


def test_the_user_of_an_account_tops_it_up(world: World) -> None:
    desk = desk_of(world)
    (pin,) = pins_of(world, "sub_reseller")
    balance = Balance.objects.get(account=desk)
    grouped = f" {pin[:4]} {pin[4:8]}-{pin[8:]}"
    entry = redeem_voucher(actor=user_of(desk), balance=balance, pin=grouped)
    voucher = Voucher.objects.get()
    assert (voucher.status, voucher.entry, voucher.used_by) == (
        "used",
        entry,
        User.objects.get(account=desk),
    )
    assert (entry.kind, entry.amount, entry.balance_after) == ("voucher", Decimal(20), Decimal(20))
    assert entry.idempotency_key == f"voucher:{voucher.pk}"
    assert entry.notes == voucher.serial
    event = AuditEvent.objects.get(action="voucher_redeemed")
    assert (event.customer, event.subject) == (world.sub_reseller, voucher.serial)
    assert [*verify.differences()] == []


def test_a_customer_pays_itself_with_its_owners_voucher_converted(world: World) -> None:
    (pin,) = pins_of(world, "sub_reseller", value=Decimal("10.01"), currency="EUR")
    entry = redeem_voucher(actor=world.actor("shop"), balance=world.balance("shop"), pin=pin)
    assert entry.amount == Decimal("8.341667")  # 10.01 * 1.25 / 1.5
    assert (entry.original_amount, entry.original_currency_id) == (Decimal("10.01"), "EUR")
    assert entry.balance_after == Decimal("108.341667")


def test_the_owner_redeems_for_whom_it_bills(world: World) -> None:
    desk = desk_of(world)
    pins = pins_of(world, "sub_reseller", 2)
    owner = world.actor("sub_reseller")
    redeem_voucher(actor=owner, balance=world.balance("shop"), pin=pins[0])
    redeem_voucher(actor=owner, balance=Balance.objects.get(account=desk), pin=pins[1])
    assert world.balance("shop").amount == Decimal(120)
    assert Balance.objects.get(account=desk).amount == Decimal(20)


@pytest.mark.parametrize("who", ["operator", "reseller", "other_reseller", "sub_customer"])
def test_nobody_else_pays_in(world: World, who: str) -> None:
    (pin,) = pins_of(world, "sub_reseller")
    with pytest.raises(PermissionDenied):
        redeem_voucher(actor=world.actor(who), balance=world.balance("shop"), pin=pin)
    assert not VoucherAttempt.objects.exists()


def test_the_menu_leads_only_those_with_a_balance_to_a_top_up(world: World) -> None:
    def labels(who: str) -> set[str]:
        declared: Any = settings.NAVIGATION
        menu = nav.build(world.actor(who), "dashboard", declared)
        return {str(child.label) for item in menu for child in item.children}

    assert "Redeem voucher" in labels("shop") & labels("reseller")
    assert "Redeem voucher" not in labels("operator")


def test_a_right_or_role_that_is_missing_forbids(world: World) -> None:
    (pin,) = pins_of(world, "sub_reseller")
    user = world.user("shop")
    User.objects.filter(pk=user.pk).update(role="noc")
    with pytest.raises(PermissionDenied):
        redeem_voucher(actor=world.actor("shop"), balance=world.balance("shop"), pin=pin)
    User.objects.filter(pk=user.pk).update(role="billing")
    redeem_voucher(actor=world.actor("shop"), balance=world.balance("shop"), pin=pin)
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=frozenset())
    with pytest.raises(PermissionDenied):
        redeem_voucher(actor=world.actor("shop"), balance=world.balance("shop"), pin=pin)


def test_an_account_user_reaches_no_balance_but_its_own(world: World) -> None:
    desk = desk_of(world)
    (pin,) = pins_of(world, "reseller")
    for balance in (world.balance("sub_reseller"), world.balance("shop")):
        with pytest.raises(PermissionDenied):
            redeem_voucher(actor=user_of(desk), balance=balance, pin=pin)
    with pytest.raises(PermissionDenied):  # charged with the customer, it has no money at all
        redeem_voucher(actor=user_of(world.account), balance=world.balance("shop"), pin=pin)


def test_every_pin_that_cannot_be_redeemed_is_answered_alike(world: World) -> None:
    """Unknown, used, blocked, not yet valid, expired, of the owner's owner, of a stranger, junk."""
    actor, balance, moment = world.actor("shop"), world.balance("shop"), now()
    (used,) = pins_of(world, "sub_reseller")
    redeem_voucher(actor=actor, balance=balance, pin=used)
    (blocked,) = pins_of(world, "sub_reseller")
    block_batch(actor=world.actor("sub_reseller"), batch=VoucherBatch.objects.latest("pk"))
    (early,) = pins_of(world, "sub_reseller", activates_at=moment + timedelta(days=1))
    (late,) = pins_of(world, "sub_reseller", expires_at=moment + timedelta(days=1))
    VoucherBatch.objects.filter(pk=VoucherBatch.objects.latest("pk").pk).update(
        activates_at=moment - timedelta(days=2), expires_at=moment - timedelta(days=1)
    )
    (above,), (strange,) = pins_of(world, "reseller"), pins_of(world, "other_reseller")
    (own,) = pins_of(world, "shop")
    wrong = [used, blocked, early, late, above, strange, own, "1234567890123456", "x'--\ud800", ""]
    for pin in wrong:
        VoucherAttempt.objects.all().delete()
        error = refused("pin", actor=actor, balance=balance, pin=pin)
        assert (error.message, error.field) == ("This PIN cannot be redeemed.", "pin")
        assert VoucherAttempt.objects.count() == 1
    assert world.balance("shop").amount == Decimal(120)


def test_after_five_wrong_pins_the_right_one_waits_too(world: World) -> None:
    actor, balance = world.actor("shop"), world.balance("shop")
    (pin,) = pins_of(world, "sub_reseller")
    for _ in range(MOST_WRONG):
        refused("pin", actor=actor, balance=balance, pin="1000000000")
    moment = now()
    refused("throttled", actor=actor, balance=balance, pin=pin)
    refused("throttled", actor=actor, balance=balance, pin=pin, at=moment + timedelta(minutes=14))
    assert VoucherAttempt.objects.count() == MOST_WRONG
    later = moment + timedelta(minutes=15, seconds=1)
    redeem_voucher(actor=actor, balance=balance, pin=pin, at=later)


def test_wrong_pins_count_for_the_balance_and_for_the_user(world: World) -> None:
    desk = desk_of(world)
    pins = pins_of(world, "sub_reseller", 2)
    owner, balance = world.actor("sub_reseller"), world.balance("shop")
    for actor in (owner, world.actor("shop"), owner, world.actor("shop"), owner):
        refused("pin", actor=actor, balance=balance, pin="1000000000")
    refused("throttled", actor=world.actor("shop"), balance=balance, pin=pins[0])  # the balance
    other = Balance.objects.get(account=desk)
    for _ in range(2):
        refused("pin", actor=owner, balance=other, pin="1000000000")
    refused("throttled", actor=owner, balance=other, pin=pins[0])  # the user
    redeem_voucher(actor=user_of(desk), balance=other, pin=pins[0])


def test_a_right_pin_that_cannot_be_posted_stays_good(world: World) -> None:
    """No rate for its currency: nothing is used and nothing counted."""
    (pin,) = pins_of(world, "sub_reseller", currency="CHF")
    refused("no_exchange_rate", actor=world.actor("shop"), balance=world.balance("shop"), pin=pin)
    assert Voucher.objects.get().status == "active"
    assert not VoucherAttempt.objects.exists()
    assert not LedgerEntry.objects.filter(kind="voucher").exists()


def test_nothing_is_paid_into_what_is_archived_or_moved_away(world: World) -> None:
    (pin,) = pins_of(world, "sub_reseller")
    owner, balance = world.actor("sub_reseller"), world.balance("shop")
    Balance.objects.filter(pk=balance.pk).update(closed_at=now())
    refused("closed", actor=owner, balance=balance, pin=pin)
    Balance.objects.filter(pk=balance.pk).update(closed_at=None)
    world.shop.archived_at = now()
    world.shop.save()
    refused("closed", actor=owner, balance=balance, pin=pin)
