"""Reversals and write-offs: once, by who bills, of what may be taken back, from the page."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.models import Voucher
from accounts.services.vouchers import NewBatch, create_batch, export_pins
from billing.models import LedgerEntry
from billing.services import verify
from billing.services.archive import archive_customer
from billing.services.resets import reset_balance
from billing.services.reversals import reverse_entry
from billing.services.vouchers import redeem_voucher
from billing.services.write_offs import write_off
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.billing.money import amount_of, fresh, post
from tests.billing.test_ledger_pages import browser
from tests.world import World


def reverse_it(world: World, entry: LedgerEntry, who: str = "sub_reseller", **given: Any) -> Any:
    values = {"reason": "Wrong customer", "key": fresh()} | given
    return reverse_entry(actor=world.actor(who), entry=entry, **values)


@pytest.mark.parametrize("action", ["debit", "credit", "add_funds"])
def test_an_entry_is_taken_back_once(world: World, action: str) -> None:
    balance = world.balance("shop")
    entry = post(balance, action, "12.50", "EUR")
    reversal = reverse_it(world, entry)
    assert (reversal.kind, reversal.amount) == ("reversal", -entry.amount)
    assert (reversal.reverses, reversal.notes) == (entry, "Wrong customer")
    assert amount_of(balance) == 100
    with pytest.raises(DomainError) as refused:
        reverse_it(world, entry)
    assert refused.value.code == "reversed"
    assert AuditEvent.objects.filter(action="entry_reversed").count() == 1
    assert [*verify.differences()] == []


def test_a_form_sent_twice_reverses_once(world: World) -> None:
    entry = post(world.balance("shop"), "debit", "5")
    key = fresh()
    assert reverse_it(world, entry, key=key) == reverse_it(world, entry, key=key)
    assert LedgerEntry.objects.filter(kind="reversal").count() == 1


def test_only_who_bills_reverses_and_says_why(world: World) -> None:
    entry = post(world.balance("shop"), "debit", "5")
    for who in ("shop", "reseller", "operator", "other_reseller"):
        with pytest.raises(PermissionDenied):
            reverse_it(world, entry, who)
    with pytest.raises(DomainError) as refused:
        reverse_it(world, entry, reason=" ")
    assert refused.value.code == "reason"


def test_an_opening_balance_and_a_reset_are_taken_back(world: World) -> None:
    actor, balance = world.actor("sub_reseller"), world.balance("shop")
    reset = reset_balance(actor=actor, customer=world.shop, reason="Test", key=fresh())
    reverse_it(world, reset)
    assert amount_of(balance) == 100
    reverse_it(world, LedgerEntry.objects.get(balance=balance, kind="opening"))
    assert amount_of(balance) == 0
    assert [*verify.differences()] == []


def test_a_voucher_stays_used(world: World) -> None:
    actor, balance = world.actor("sub_reseller"), world.balance("shop")
    new = NewBatch(name="Shelf", count=1, value=Decimal(20), currency="GBP")
    batch = create_batch(actor=actor, new=new)
    ((_serial, pin),) = export_pins(actor=actor, batch=batch)
    entry = redeem_voucher(actor=world.actor("shop"), balance=balance, pin=pin)
    reverse_it(world, entry)
    assert amount_of(balance) == 100
    assert Voucher.objects.get(batch=batch).status == "used"
    assert [*verify.differences()] == []


def test_a_reversal_is_not_reversed_and_neither_is_what_has_ended(world: World) -> None:
    entry = post(world.balance("shop"), "credit", "5")
    reversal = reverse_it(world, entry)
    with pytest.raises(DomainError) as refused:
        reverse_it(world, reversal)
    assert refused.value.code == "kind"
    kept = post(world.balance("shop"), "debit", "5")
    actor = world.actor("sub_reseller")
    archive_customer(actor=actor, customer=world.shop, surplus="pay_out", reason="Closed")
    with pytest.raises(DomainError) as refused:
        reverse_it(world, LedgerEntry.objects.get(pk=kept.pk))
    assert refused.value.code == "archived"


def test_the_page_says_what_will_happen_and_does_it(world: World) -> None:
    entry = post(world.balance("shop"), "debit", "5")
    client = browser(world, "sub_reseller")
    detail = reverse("billing:entry_detail", args=[entry.pk])
    address = reverse("billing:entry_reverse", args=[entry.pk])
    assert address in client.get(detail).content.decode()
    page = client.get(address)
    assert "95.00 GBP" in page.content.decode()
    assert "100.00 GBP" in page.content.decode()
    key = page.context["form"]["idempotency_key"].value()
    refused = client.post(address, {"idempotency_key": key, "reason": ""})
    assert refused.status_code == 422
    for _press in range(2):
        answer = client.post(address, {"idempotency_key": key, "reason": "Typing error"})
        assert answer.status_code == 302
    assert amount_of(world.balance("shop")) == 100
    assert address not in client.get(detail).content.decode()
    assert client.get(address).status_code == 302


def test_others_reverse_nothing_from_the_page(world: World) -> None:
    entry = post(world.balance("shop"), "debit", "5")
    address = reverse("billing:entry_reverse", args=[entry.pk])
    assert browser(world, "other_reseller").get(address).status_code == 404
    for who in ("shop", "reseller"):
        assert browser(world, who).get(address).status_code == 403
        assert browser(world, who).post(address, {}).status_code == 403


def test_a_debt_is_written_off_in_parts_up_to_what_is_owed(world: World) -> None:
    balance, actor = world.balance("shop"), world.actor("sub_reseller")
    post(balance, "debit", "130")
    key = fresh()
    first, again = [
        write_off(actor=actor, balance=balance, amount=Decimal(10), reason="Lost", key=key)
        for _press in range(2)
    ]
    assert first == again
    assert (first.kind, first.balance_after) == ("write_off", Decimal(-20))
    for amount in ("20.01", "0", "-1"):
        with pytest.raises(DomainError) as refused:
            write_off(actor=actor, balance=balance, amount=Decimal(amount), reason="x", key=fresh())
        assert refused.value.code == "amount"
    write_off(actor=actor, balance=balance, amount=Decimal(20), reason="Lost", key=fresh())
    with pytest.raises(DomainError) as refused:
        write_off(actor=actor, balance=balance, amount=Decimal(1), reason="x", key=fresh())
    assert refused.value.code == "no_debt"
    for who in ("shop", "reseller"):
        with pytest.raises(PermissionDenied):
            write_off(
                actor=world.actor(who), balance=balance, amount=Decimal(1), reason="x", key=fresh()
            )
    assert AuditEvent.objects.filter(action="debt_written_off").count() == 2
    assert [*verify.differences()] == []


def test_the_page_writes_off_what_is_owed(world: World) -> None:
    balance = world.balance("shop")
    client = browser(world, "sub_reseller")
    ledger = reverse("billing:ledger", args=[world.shop.pk])
    address = reverse("billing:write_off", args=[world.shop.pk])
    assert address not in client.get(ledger).content.decode()
    post(balance, "debit", "130")
    assert address in client.get(ledger).content.decode()
    page = client.get(address)
    assert page.context["form"]["amount"].value() == Decimal("30.000000")
    values = {"idempotency_key": fresh(), "amount": "12.5", "reason": "Lost"}
    assert client.post(address, values).status_code == 302
    assert amount_of(balance) == Decimal("-17.5")
    assert client.post(address, values | {"amount": "99"}).status_code == 422
    assert browser(world, "shop").get(address).status_code == 403
    assert browser(world, "other_reseller").get(address).status_code == 404
