"""Archiving: every balance, accounts' too, ends at 0 by an entry of its own kind."""

from decimal import Decimal

import pytest

from billing.models import Balance, LedgerEntry
from billing.services import verify
from billing.services.accounts import AccountTariff, close_account, open_account
from billing.services.archive import archive_customer
from billing.services.resets import reset_balance
from calls.services.charging import charge_pending
from softswitch.core.errors import DomainError
from tests.calls.stored import store_call
from tests.world import OPENED, World, actor_of, customer_of, tariff_with_rates


@pytest.fixture
def firm(world: World) -> World:
    """``shop`` replaced by a reseller with money of its own, in debt by a call at its account."""
    tariff = tariff_with_rates(world.sub_reseller, "Lines", "GBP")
    world.shop = customer_of(
        world.sub_reseller, "Firm", "reseller", tariff, opening_balance=Decimal(7)
    )
    own = tariff_with_rates(world.shop, "Own", "GBP", factor="10")
    world.account = open_account(
        actor=actor_of(world.shop),
        customer=world.shop,
        auth_name="firm-1",
        by_itself=AccountTariff(own),
        opened_at=OPENED,
    )
    store_call(world.shop, "442071234567", 60, account=world.account)
    assert charge_pending().charged == 1
    return world


@pytest.mark.parametrize("surplus", ["pay_out", "forfeit"])
def test_a_surplus_and_a_debt_are_settled_apart(firm: World, surplus: str) -> None:
    archive_customer(
        actor=firm.actor("sub_reseller"), customer=firm.shop, surplus=surplus, reason="Closed"
    )
    assert not Balance.objects.filter(customer=firm.shop).exclude(amount=0).exists()
    settled = LedgerEntry.objects.filter(customer=firm.shop, notes="Closed")
    assert set(settled.values_list("account", "kind", "amount")) == {
        (None, surplus, Decimal("-6.985")),
        (firm.account.pk, "write_off", Decimal("0.15")),
    }
    assert [*verify.differences()] == []


def test_a_late_call_is_charged_all_the_same(firm: World) -> None:
    store_call(firm.shop, "442071234567", 60)
    archive_customer(
        actor=firm.actor("sub_reseller"), customer=firm.shop, surplus="pay_out", reason="Closed"
    )
    assert charge_pending().charged == 1
    assert Balance.objects.get(customer=firm.shop, account=None).amount == Decimal("-0.015")
    assert [*verify.differences()] == []


def test_an_archived_customer_is_not_reset(firm: World) -> None:
    store_call(firm.shop, "442071234567", 60)
    owner = firm.actor("sub_reseller")
    archive_customer(actor=owner, customer=firm.shop, surplus="pay_out", reason="Closed")
    charge_pending()
    with pytest.raises(DomainError) as caught:
        reset_balance(actor=owner, customer=firm.shop, reason="Tidy", key="once")
    assert caught.value.code == "archived"
    assert firm.balance("shop").amount == Decimal("-0.015")
    assert not LedgerEntry.objects.filter(kind="reset").exists()


def test_what_an_account_owes_after_its_own_end_is_settled_too(firm: World) -> None:
    """Its late call comes in after it was closed, and before its customer is archived."""
    close_account(actor=actor_of(firm.shop), account=firm.account, reason="Left")
    store_call(firm.shop, "442071234567", 60, account=firm.account)
    assert charge_pending().charged == 1
    archive_customer(
        actor=firm.actor("sub_reseller"), customer=firm.shop, surplus="pay_out", reason="Closed"
    )
    assert Balance.objects.get(account=firm.account).amount == 0
    entries = LedgerEntry.objects.filter(account=firm.account, kind="write_off")
    assert [entry.amount for entry in entries] == [Decimal("0.15"), Decimal("0.15")]
    assert [*verify.differences()] == []


def test_without_a_reason_nothing_is_archived(firm: World) -> None:
    with pytest.raises(DomainError) as caught:
        archive_customer(
            actor=firm.actor("sub_reseller"), customer=firm.shop, surplus="pay_out", reason=" "
        )
    assert caught.value.code == "reason"
    firm.shop.refresh_from_db()
    assert firm.shop.archived_at is None
