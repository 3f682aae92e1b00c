"""Whoever a customer has left goes on reading the name that it knew, and no later one."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import Voucher
from accounts.services.vouchers import NewBatch, create_batch, export_pins
from billing.models import Balance, Invoice, LedgerEntry
from billing.selectors.parties import payer_data
from billing.services.documents import deliver_invoice
from billing.services.move import NewTerms, move_customer
from billing.services.settlement import settle_balance
from billing.services.vouchers import redeem_voucher
from calls.models import Call
from calls.services.charging import charge_pending
from customers.models import AuditEvent, Customer, FormerName
from customers.services.customers import edit_profile
from notifications.models import Message, MessageTemplate, Webhook, WebhookDelivery
from tariffs.models import Tariff
from tests.billing.test_move import beside, fresh, move
from tests.billing.test_move_sight import client_of, history
from tests.world import World, tariff_with_rates

__all__ = ["beside", "history"]
SECRET = "Zanzibar"
SINCE = {"since": "2026-01-01T00:00"}
PAGES = [
    "billing:former_list",
    "billing:entry_list",
    "calls:call_list",
    "calls:unrated_list",
    "customers:audit_list",
    "notifications:message_list",
    "accounts:voucher_list",
    "dashboard",
]


def rename(actor: Any, customer: Customer, name: str) -> None:
    edit_profile(actor=actor, customer=fresh(customer), values={"name": name})


@pytest.fixture
def renamed(world: World, history: dict[str, Call]) -> dict[str, Call]:
    """The sub-reseller has moved; then its new owner renames it, and it its shop."""
    rename(world.actor("other_reseller"), world.sub_reseller, f"{SECRET} Ltd")
    rename(world.actor("sub_reseller"), world.shop, f"{SECRET} Shop")
    return history


@pytest.fixture
def letter(world: World, history: dict[str, Call]) -> Message:
    """A letter of the old owner to the sub-reseller."""
    return Message.objects.create(
        owner=world.reseller,
        customer=world.sub_reseller,
        event="test",
        recipient="sub@example.com",
        language="en",
        subject="Hello",
        message_id="<letter@example.com>",
        created_at=Balance.objects.closed().get().opened_at,
    )


def body(answer: Any) -> str:
    assert answer.status_code == 200
    content = b"".join(answer) if answer.streaming else answer.content
    return str(content.decode())


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("query", [{}, {"export": "csv"}])
def test_no_list_and_no_export_tells_the_old_owner_a_later_name(
    world: World, letter: Message, renamed: dict[str, Call], page: str, query: dict[str, str]
) -> None:
    asked = SINCE | query if page.startswith("calls:") else query
    assert SECRET not in body(client_of(world, "reseller").get(reverse(page), asked))


@pytest.mark.parametrize(
    ("page", "known"),
    [
        ("billing:former_list", "Sub reseller"),
        ("billing:entry_list", "Sub reseller"),
        ("calls:call_list", "Shop"),
        ("calls:unrated_list", "Shop"),
        ("notifications:message_list", "Sub reseller"),
    ],
)
def test_the_old_owner_reads_and_finds_the_name_that_it_knew(
    world: World, letter: Message, renamed: dict[str, Call], page: str, known: str
) -> None:
    client, asked = client_of(world, "reseller"), SINCE if page.startswith("calls:") else {}
    assert known in body(client.get(reverse(page), asked))
    if page in ("billing:entry_list", "calls:unrated_list", "notifications:message_list"):
        rows = 2 if page == "billing:entry_list" else 1  # the final invoice's, and what settles it
        for text, count in ((known, rows), (SECRET, 0)):
            found = client.get(reverse(page), asked | {"customer": text})
            assert len(found.context["table"].rows) == count, text


@pytest.mark.parametrize("query", [{}, {"export": "csv"}])
def test_nor_does_a_report(world: World, renamed: dict[str, Call], query: dict[str, str]) -> None:
    charge_pending()
    client, days = client_of(world, "reseller"), {"since": "2026-01-01", "until": "2199-12-31"}
    for group in ("customer", "account", "trunk"):
        answer = client.get(reverse("calls:report"), days | query | {"group": group})
        shown = body(answer)
        assert SECRET not in shown
        if not query:  # nothing leads to a search that would find nobody
            assert not any(map(answer.context["table"].lead, answer.context["table"].data.data))
        assert ("Sub reseller" in shown) == (group == "customer")
    seen = client_of(world, "other_reseller").get(reverse("calls:report"), days)
    assert f"{SECRET} Ltd" in body(seen)


def test_nor_does_the_simulator_of_a_time_before(
    world: World, renamed: dict[str, Call], beside: Tariff
) -> None:
    """A shop below the old owner once paid through the one that has left."""
    actor, shop = world.actor("operator"), fresh(world.shop)
    retail = Tariff.objects.get(name="Retail")
    terms = NewTerms(retail)
    move_customer(
        actor=actor, customer=shop, owner=world.reseller, terms=terms, surplus="pay_out", reason="x"
    )
    asked = {"numbers": "442079460000", "customer": shop.name, "at": "2026-03-10T12:00"}
    answer = client_of(world, "reseller").get(
        reverse("tariffs:simulator"), asked | {"duration": "60"}
    )
    (call,) = answer.context["calls"]
    levels = [item["level"] for item in call["levels"]]
    assert [level.customer.name for level in levels[1:]] == ["Sub reseller", "Reseller"]
    assert (levels[1].available, levels[1].longest) == (None, None)
    assert levels[2].longest is not None
    assert f"{SECRET} Ltd" not in body(answer)


def test_nor_do_the_pages_of_one_row(
    world: World, letter: Message, renamed: dict[str, Call]
) -> None:
    client = client_of(world, "reseller")
    closed = Balance.objects.closed().get()
    entry = LedgerEntry.objects.get(balance=closed, kind="write_off")
    statement = reverse("billing:former_ledger", args=[closed.pk])
    pages = {
        statement: "Closed balance of Sub reseller",
        reverse("billing:entry_detail", args=[entry.pk]): "Sub reseller",
        reverse("calls:call_detail", args=[renamed["before"].id]): "Sub reseller",
        reverse("calls:call_detail", args=[renamed["unrated before"].id]): "Shop",
        reverse("notifications:message_detail", args=[letter.pk]): "Sub reseller",
    }
    for page, known in pages.items():
        shown = body(client.get(page))
        assert SECRET not in shown, page
        assert known in shown, page
    export = client.get(statement, {"export": "csv"})
    assert SECRET not in body(export)
    assert "statement-sub-reseller" in export.headers["Content-Disposition"]


@pytest.mark.parametrize("who", ["operator", "other_reseller", "sub_reseller"])
def test_whoever_has_it_below_reads_its_present_name(
    world: World, renamed: dict[str, Call], who: str
) -> None:
    client = client_of(world, who)
    assert f"{SECRET} Shop" in body(client.get(reverse("calls:call_list"), SINCE))
    if who != "other_reseller":
        assert f"{SECRET} Ltd" in body(client.get(reverse("billing:former_list")))


def test_the_event_of_a_settlement_names_it_as_it_was(
    world: World, renamed: dict[str, Call]
) -> None:
    charge_pending()
    closed = Balance.objects.closed().get()
    actor = world.actor("reseller")
    page = reverse("billing:settle", args=[closed.pk])
    assert SECRET not in body(client_of(world, "reseller").get(page))
    settle_balance(actor=actor, balance=closed, kind="write_off", reason="Late", key="late")
    assert AuditEvent.objects.get(action="balance_settled").subject == "Sub reseller"


def test_each_owner_reads_the_name_of_its_own_time(world: World, beside: Tariff) -> None:
    move(world, beside)
    rename(world.actor("other_reseller"), world.sub_reseller, "Second")
    own = tariff_with_rates(world.root, "Direct", "GBP")
    move(world, own, owner=world.root, customer=fresh(world.sub_reseller))
    rename(world.actor("operator"), world.sub_reseller, "Third")
    for who, name in (("reseller", "Sub reseller"), ("other_reseller", "Second")):
        shown = body(client_of(world, who).get(reverse("billing:former_list")))
        assert name in shown
        assert "Third" not in shown
        assert ("Second" in shown) is (who == "other_reseller")


def test_who_comes_back_is_called_by_its_present_name(world: World, beside: Tariff) -> None:
    move(world, beside)
    rename(world.actor("other_reseller"), world.sub_reseller, "Second")
    retail = Tariff.objects.get(owner=world.reseller)
    move(world, retail, owner=world.reseller, customer=fresh(world.sub_reseller))
    assert "Second" in body(client_of(world, "reseller").get(reverse("billing:former_list")))


def test_a_voucher_is_told_to_have_gone_to_whom_its_issuer_knew(
    world: World, beside: Tariff
) -> None:
    actor = world.actor("reseller")
    batch = create_batch(actor=actor, new=NewBatch("Shelf", 1, Decimal(5), "GBP"))
    pin = export_pins(actor=actor, batch=batch)[0][1]
    redeem_voucher(actor=actor, balance=world.balance("sub_reseller"), pin=pin)
    move(world, beside)
    rename(world.actor("other_reseller"), world.sub_reseller, SECRET)
    shown = body(client_of(world, "reseller").get(reverse("accounts:voucher_list")))
    assert SECRET not in shown
    assert "Sub reseller" in shown
    assert Voucher.objects.get().used_at is not None


def test_only_a_new_name_makes_a_former_one(world: World) -> None:
    shop = fresh(world.shop)
    shop.save()
    rename(world.actor("sub_reseller"), shop, "Shop")
    assert not FormerName.objects.exists()
    rename(world.actor("sub_reseller"), shop, "Store")
    former = FormerName.objects.get()
    assert (former.customer, former.name) == (shop, "Shop")
    assert abs(former.until - now()) < timedelta(minutes=1)


def test_a_later_letter_about_an_old_invoice_names_it_as_it_was(
    world: World, renamed: dict[str, Call]
) -> None:
    closed = Balance.objects.closed().get()
    closed.closed_as = payer_data(closed) | {"email": "then@sub.example"}
    closed.save(update_fields=["closed_as"])
    Customer.objects.filter(pk=world.sub_reseller.pk).update(contact=SECRET, company_name=SECRET)
    MessageTemplate.objects.create(
        owner=world.reseller,
        event="invoice",
        language="en",
        subject="{{ customer.company }}",
        body="{{ customer.name }} {{ contact.name }}",
    )
    Webhook.objects.create(
        owner=world.reseller, name="n", url="https://x.example", events=["invoice"], secret=b"s"
    )
    invoice = Invoice.objects.get(balance=closed)
    Invoice.objects.filter(pk=invoice.pk).update(mailed_at=None)
    deliver_invoice(invoice_id=invoice.pk)
    letter = Message.objects.get(event="invoice", recipient="then@sub.example")
    assert (letter.subject, letter.text) == ("Sub reseller", "Sub reseller Sub reseller\n")
    payload = json.loads(WebhookDelivery.objects.get().payload)
    assert payload["customer"]["name"] == "Sub reseller"
    assert SECRET not in json.dumps(payload)
