"""The list of payments of both sides, recording one, and the sources of a statement's entries."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import now

from accounts.services.vouchers import NewBatch, create_batch, export_pins
from billing.choices import PaymentSide
from billing.models import Balance, Invoice, LedgerEntry
from billing.selectors.payments import payment_sums, payments_with
from billing.services.reversals import reverse_entry
from billing.services.transfers import transfer_funds
from billing.services.vouchers import redeem_voucher
from customers.selectors import actor_for
from tests.billing.money import amount_of, fresh, paying_account, post
from tests.billing.test_ledger_pages import browser, signed_in
from tests.world import World

LIST = "billing:payment_list"


def exported(world: World, who: str, **query: Any) -> list[list[str]]:
    """Kind and amount of the payments found, oldest first."""
    answer = browser(world, who).get(reverse(LIST), {"export": "csv", "sort": "posted_at"} | query)
    text = answer.getvalue().decode("utf-8-sig")
    head, *rows = [line.split(",") for line in text.splitlines()]
    kind, amount = head.index("Kind"), head.index("Amount")
    return [[row[kind], row[amount]] for row in rows]


def test_both_sides_list_what_was_paid(world: World) -> None:
    own, account = world.balance("shop"), paying_account(world)
    post(own, "add_funds", "50")
    post(own, "debit", "7")
    post(own, "credit", "3")
    transfer_funds(
        actor=world.actor("shop"), source=own, target=account, amount=Decimal(9), key=fresh()
    )
    received = [["Opening balance", "100.000000"], ["Add funds", "50.000000"]]
    into = ["Transfer", "9.000000"]
    assert exported(world, "sub_reseller") == received
    assert exported(world, "shop") == [*received, into]
    assert exported(world, "shop", side="made") == received
    assert exported(world, "shop", side="received") == [into]
    assert exported(world, "shop", kind="add_funds") == received[1:]
    assert exported(world, "shop", least="50", most="99") == received[1:]
    assert exported(world, "sub_reseller", customer="nobody") == []
    assert exported(world, "reseller") == []


def test_sums_count_what_was_taken_back_and_follow_the_search(world: World) -> None:
    own = world.balance("shop")
    entry = post(own, "add_funds", "50")
    client = browser(world, "sub_reseller")
    assert "150.00 GBP" in client.get(reverse(LIST)).content.decode()
    reverse_entry(actor=world.actor("sub_reseller"), entry=entry, reason="x", key=fresh())
    assert (
        "Sum of what is found. Received: 100.00 GBP" in client.get(reverse(LIST)).content.decode()
    )
    found = client.get(reverse(LIST), {"kind": "add_funds"}, headers={"HX-Request": "true"})
    assert "Sum of what is found. Received: 50.00 GBP" in found.content.decode()


def test_what_came_in_and_what_went_out_are_no_one_sum(world: World) -> None:
    post(world.balance("shop"), "add_funds", "50")
    post(world.balance("sub_reseller"), "add_funds", "70")
    page = browser(world, "sub_reseller").get(reverse(LIST)).content.decode()
    assert "Received: 150.00 GBP; Made by us: 70.00 GBP" in page
    account = paying_account(world)
    post(account, "add_funds", "9")
    sums = payment_sums(
        payments_with(
            LedgerEntry.objects.filter(balance=account), actor_for(world.account.users.get())
        ),
        actor_for(world.account.users.get()),
    )
    assert [*sums] == [(PaymentSide.MADE, "GBP", Decimal(9))]


def test_others_see_none_of_it(world: World) -> None:
    post(world.balance("shop"), "add_funds", "50")
    for who in ("other_reseller", "sub_customer"):
        assert exported(world, who) == []
    user = signed_in(world.account.users.get())
    assert user.get(reverse(LIST)).status_code == 403


def test_a_payment_is_recorded_once_for_a_direct_customer(world: World) -> None:
    client = browser(world, "sub_reseller")
    address = reverse("billing:payment_create")
    assert address in client.get(reverse(LIST)).content.decode()
    values = {
        "customer": "sho",
        "amount": "12",
        "currency": "EUR",
        "notes": "Bank",
        "idempotency_key": fresh(),
    }
    for _press in range(2):
        assert client.post(address, values).status_code == 302
    entry = LedgerEntry.objects.latest("pk")
    assert (entry.kind, entry.original_amount, entry.notes) == ("add_funds", Decimal(12), "Bank")
    assert amount_of(world.balance("shop")) == 110
    again = values | {"idempotency_key": fresh()}
    for wrong in ({"amount": "0"}, {"customer": "Sub customer"}, {"customer": "Sub reseller"}):
        assert client.post(address, again | wrong).status_code == 422
    assert browser(world, "reseller").post(address, again).status_code == 422


@pytest.fixture
def invoice(world: World) -> Invoice:
    """An issued invoice of the shop, of which 30 are open."""
    balance = world.balance("shop")
    return Invoice.objects.create(
        state="issued",
        issuer=world.sub_reseller,
        customer=world.shop,
        balance=balance,
        mode="postpaid",
        number="INV-000001",
        currency=balance.currency,
        net=40,
        total=40,
        open_amount=30,
        issued_at=now(),
    )


def test_what_is_open_of_an_invoice_is_preset(world: World, invoice: Invoice) -> None:
    address = reverse("billing:maintenance", args=[world.shop.pk])
    client = browser(world, "sub_reseller")
    asked = client.get(address, {"invoice": invoice.pk})
    assert asked.context["form"]["amount"].value() == 30
    for unknown in ("0", "x", "9" * 30):
        form = client.get(address, {"invoice": unknown}).context["form"]
        assert form["amount"].value() is None


def test_a_statement_names_the_source_of_each_entry(world: World, invoice: Invoice) -> None:
    actor, own = world.actor("sub_reseller"), world.balance("shop")
    new = NewBatch(name="Shelf", count=1, value=Decimal(20), currency="GBP")
    batch = create_batch(actor=actor, new=new)
    ((serial, pin),) = export_pins(actor=actor, batch=batch)
    redeem_voucher(actor=world.actor("shop"), balance=own, pin=pin)
    debit = post(own, "debit", "5")
    reversal = reverse_entry(actor=actor, entry=debit, reason="x", key=fresh())
    page = browser(world, "sub_reseller").get(reverse("billing:ledger", args=[world.shop.pk]))
    text = page.content.decode()
    assert reverse("accounts:voucher_batch_detail", args=[batch.pk]) in text
    assert f"Entry {debit.pk}" in text
    detail = browser(world, "shop").get(reverse("billing:entry_detail", args=[reversal.pk]))
    assert reverse("billing:entry_detail", args=[debit.pk]) in detail.content.decode()
    own_page = browser(world, "shop").get(reverse("billing:own_ledger")).content.decode()
    assert reverse("accounts:voucher_batch_detail", args=[batch.pk]) not in own_page
    answer = browser(world, "sub_reseller").get(
        reverse("billing:ledger", args=[world.shop.pk]), {"export": "csv"}
    )
    sheet = answer.getvalue().decode("utf-8-sig")
    assert sheet.splitlines()[0].rstrip().endswith("Source")
    assert serial in sheet
    assert Balance.objects.get(pk=own.pk).amount == 120
