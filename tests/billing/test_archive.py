"""Archiving: every balance, accounts' too, ends at 0 by an entry of its own kind."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import Voucher, VoucherBatch
from accounts.services.vouchers import NewBatch, block_batch, create_batch, export_pins
from billing.choices import NEVER
from billing.models import Balance, LedgerEntry
from billing.services import archive, verify
from billing.services.accounts import AccountTariff, close_account, open_account
from billing.services.archive import archive_customer
from billing.services.final_invoices import bill_rest
from billing.services.resets import reset_balance
from billing.services.vouchers import redeem_voucher
from calls.services.charging import charge_pending
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.calls.stored import store_call
from tests.world import OPENED, World, actor_of, customer_of, tariff_with_rates

HOUR = timedelta(hours=1)


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
        (None, surplus, Decimal("-6.98")),
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


def test_unused_vouchers_are_forfeited_and_counted(firm: World) -> None:
    """By currency; what is used, blocked or expired is worth nothing any more."""
    actor, soon = actor_of(firm.shop), now() + timedelta(seconds=1)
    for name, count, value, currency in (("Blue", 3, "5", "GBP"), ("Red", 2, "7.50", "EUR")):
        create_batch(actor=actor, new=NewBatch(name, count, Decimal(value), currency))
    over = create_batch(actor=actor, new=NewBatch("Old", 4, Decimal(9), "GBP", expires_at=soon))
    VoucherBatch.objects.filter(pk=over.pk).update(expires_at=OPENED, activates_at=OPENED - HOUR)
    blocked = create_batch(actor=actor, new=NewBatch("Stopped", 5, Decimal(9), "GBP"))
    block_batch(actor=actor, batch=blocked)
    pin = export_pins(actor=actor, batch=VoucherBatch.objects.get(name="Blue"))[0][1]
    redeem_voucher(actor=actor, balance=Balance.objects.get(account=firm.account), pin=pin)
    owner = firm.actor("sub_reseller")
    archive_customer(actor=owner, customer=firm.shop, surplus="forfeit", reason="Closed")
    event = AuditEvent.objects.get(action="customer_archived")
    assert event.changes == {
        "reason": ["", "Closed"],
        "final_invoice": ["", "issue"],
        "vouchers_forfeited": ["", "4"],
        "value_forfeited": ["", "15 EUR, 10 GBP"],
    }
    assert not Voucher.objects.filter(status="active").exists()
    assert Voucher.objects.filter(status="used").count() == 1
    assert [*verify.differences()] == []


def test_the_pages_say_first_what_vouchers_are_forfeited(firm: World) -> None:
    client = Client()
    client.force_login(firm.user("sub_reseller"))
    page = reverse("customers:customer_archive", args=[firm.shop.pk])
    assert "Unused vouchers" not in client.get(page).content.decode()
    new = NewBatch("Blue", 3, Decimal(5), "GBP")
    create_batch(actor=actor_of(firm.shop), new=new)
    told = "Unused vouchers: 3, worth 15.00 GBP."
    assert told in client.get(page).content.decode()
    many = client.post(reverse("customers:customer_list"), {"do": "delete", "pk": firm.shop.pk})
    assert told in many.content.decode()


def test_without_a_reason_nothing_is_archived(firm: World) -> None:
    with pytest.raises(DomainError) as caught:
        archive_customer(
            actor=firm.actor("sub_reseller"), customer=firm.shop, surplus="pay_out", reason=" "
        )
    assert caught.value.code == "reason"
    firm.shop.refresh_from_db()
    assert firm.shop.archived_at is None


def with_accounts(firm: World, count: int) -> list[Balance]:
    """So many more accounts of the firm, each owing for a call at its own price."""
    own = firm.shop.tariffs.get()
    for number in range(count):
        account = open_account(
            actor=actor_of(firm.shop),
            customer=firm.shop,
            auth_name=f"more-{number}",
            by_itself=AccountTariff(own),
            opened_at=OPENED,
        )
        store_call(firm.shop, "442071234567", 60, account=account)
    charge_pending()
    return list(Balance.objects.filter(customer=firm.shop, account__isnull=False).order_by("pk"))


def test_many_accounts_end_in_batches_and_what_stopped_goes_on(
    firm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch fails; those before stay ended, and what late calls left there is settled too."""
    monkeypatch.setattr(archive, "BATCH", 2)
    first, *rest = balances = with_accounts(firm, 4)
    owner, issue = firm.actor("sub_reseller"), bill_rest

    def failing(**known: Any) -> None:
        issue(**known)
        if rest[-1].pk in {balance.pk for balance in known["balances"]}:
            raise DomainError("stale", "The period has changed.")

    monkeypatch.setattr(archive, "bill_rest", failing)
    with pytest.raises(DomainError):
        archive_customer(actor=owner, customer=firm.shop, surplus="pay_out", reason="Closed")
    ended = Balance.objects.filter(closes_at=NEVER).order_by("pk")
    assert [row.pk for row in ended] == [row.pk for row in balances[:4]]
    assert {row.amount for row in ended} == {0}
    firm.shop.refresh_from_db()
    assert firm.shop.archived_at is None
    events = AuditEvent.objects.filter(action="accounts_archived")
    assert [event.changes["accounts"] for event in events] == [["", "2"]] * 2
    assert [*verify.differences()] == []
    store_call(firm.shop, "442071234567", 60, account=first.account)  # before it ended
    charge_pending()
    assert Balance.objects.get(pk=first.pk).amount == Decimal("-0.15")
    monkeypatch.setattr(archive, "bill_rest", issue)
    archive_customer(actor=owner, customer=firm.shop, surplus="pay_out", reason="Closed")
    assert not Balance.objects.filter(customer=firm.shop).exclude(amount=0).exists()
    written_off = LedgerEntry.objects.filter(kind="write_off", account=first.account)
    assert list(written_off.values_list("amount", flat=True)) == [Decimal("0.15")] * 2
    assert [*verify.differences()] == []


def test_a_live_call_of_any_account_refuses_before_the_first_has_ended(
    firm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "BATCH", 1)
    *_balances, last = with_accounts(firm, 2)
    Balance.objects.filter(pk=last.pk).update(reserved=1)
    with pytest.raises(DomainError) as refused:
        archive_customer(
            actor=firm.actor("sub_reseller"), customer=firm.shop, surplus="pay_out", reason="Closed"
        )
    assert refused.value.code == "live_calls"
    assert not Balance.objects.filter(closes_at=NEVER).exists()
