"""The pages of invoices, as issuer, recipient, account user, those above and strangers see them."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import now

from billing.choices import InvoiceState, InvoiceStatus
from billing.models import Balance, Invoice, LedgerEntry
from billing.selectors.invoices import status_counts
from billing.services.accounts import AccountTariff, set_charging
from billing.services.issuing import issue_invoice
from billing.services.voiding import void_invoice
from customers.choices import Role
from customers.models import User
from customers.services.customers import edit_profile
from customers.services.permissions import delegated_rights, set_rights
from customers.services.users import create_user
from tariffs.models import Tariff
from tests.billing.browsing import (
    browser,
    credit_note,
    issued,
    shop_draft,
    shown,
    signed_in,
    titles,
    url,
)
from tests.billing.invoices import draft_of, post
from tests.billing.test_move import beside, move
from tests.sql import count_queries
from tests.world import PASSWORD, World

__all__ = ["beside"]


# The list ----------------------------------------------------------------------------------------
def test_the_issuer_and_those_above_see_drafts_and_the_customer_only_what_is_issued(
    world: World,
) -> None:
    first, draft = issued(world), shop_draft(world, 1)
    for who in ("operator", "reseller", "sub_reseller"):
        answer = browser(world, who).get(url("invoice_list"))
        assert titles(answer) == ["Not numbered", first.number], who
    assert titles(browser(world, "shop").get(url("invoice_list"))) == [first.number]
    for stranger in ("other_reseller", "sub_customer"):
        client = browser(world, stranger)
        assert titles(client.get(url("invoice_list"))) == []
        for row in (first, draft):
            assert client.get(url("invoice_detail", row.pk)).status_code == 404
    assert browser(world, "shop").get(url("invoice_detail", draft.pk)).status_code == 404


def test_tabs_count_each_status_and_lead_to_it(world: World) -> None:
    paid = issued(world, 0, debit="50")  # of the 100 that it opened with
    part = issued(world, 1, debit="100")
    late = issue_invoice(
        actor=world.actor("sub_reseller"),
        invoice=shop_draft(world, 2),
        issued_on=now().date() - timedelta(days=60),
    )
    assert part.number < late.number  # in the order of their periods, whatever their dates
    void_invoice(actor=world.actor("sub_reseller"), invoice=issued(world, 3), reason="wrong")
    shop_draft(world, 4)
    note = credit_note(world, paid, "10")
    client = browser(world, "sub_reseller")
    tabs = client.get(url("invoice_list")).context["tabs"]
    assert {str(tab.label): tab.count for tab in tabs} == {
        "All": 6, "Draft": 1, "Issued": 0, "Partly paid": 1, "Overdue": 1, "Paid": 1,
        "Credited": 1, "Void": 1,
    }  # fmt: skip
    for tab in tabs:
        answer = client.get(url("invoice_list") + tab.url)
        assert len(titles(answer)) == tab.count
        assert [one.count for one in answer.context["tabs"]] == [one.count for one in tabs]
        assert [one.label for one in answer.context["tabs"] if one.is_current] == [tab.label]
    assert titles(client.get(url("invoice_list"), {"status": "paid"})) == [paid.number]
    assert titles(client.get(url("invoice_list"), {"status": "credited"})) == [note.number]


@pytest.mark.parametrize("status", InvoiceStatus.values)
def test_the_two_ways_to_say_a_status_agree(world: World, status: str) -> None:
    for number in range(2):
        issued(world, number)
    credit_note(world, issued(world, 2), "5")
    shop_draft(world, 3)
    today = now().date()
    for shift in (-30, 0, 30):
        rows: Any = Invoice.objects.with_status(today + timedelta(days=shift))
        asked = Invoice.objects.in_status(status, today + timedelta(days=shift))
        assert {row.pk for row in rows if row.status == status} == {row.pk for row in asked}


def test_the_query_finds_by_number_customer_day_currency_kind_and_side(world: World) -> None:
    first, second = issued(world), issued(world, 1)
    note = credit_note(world, second, "10")
    client = browser(world, "sub_reseller")

    def found(**asked: str) -> list[str]:
        return sorted(titles(client.get(url("invoice_list"), asked)))

    everything = sorted([first.number, second.number, note.number])
    assert found(text=first.number.lower()) == [first.number]
    assert found(text="sho") == everything
    assert found(text="nobody") == found(text="100%") == []
    assert found(kind="credit_note") == [note.number]
    assert found(currency="GBP") == everything
    assert found(currency="EUR") == []
    today = now().date()
    assert found(since=str(today - timedelta(days=1)), until=str(today + timedelta(days=1))) == (
        everything
    )
    assert found(since=str(today + timedelta(days=2))) == []
    assert found(side="issued") == everything
    assert found(side="received") == found(side="below") == []
    above = browser(world, "reseller")
    assert len(titles(above.get(url("invoice_list"), {"side": "below"}))) == 3


def test_an_owner_that_a_customer_has_left_finds_it_by_the_name_that_it_knew(
    world: World, beside: Tariff
) -> None:
    balance = world.balance("sub_reseller")
    post(balance, "debit", "-60")
    first = issue_invoice(actor=world.actor("reseller"), invoice=draft_of(balance))
    moved = move(world, beside)
    edit_profile(actor=world.actor("other_reseller"), customer=moved, values={"name": "Bazaar"})
    client = browser(world, "reseller")
    assert titles(client.get(url("invoice_list"), {"text": "bazaar"})) == []
    assert titles(client.get(url("invoice_list"), {"text": "sub res"})) == [first.number]
    assert "Bazaar" not in client.get(url("invoice_list")).content.decode()
    assert "Bazaar" not in shown(client, first)
    assert titles(browser(world, "other_reseller").get(url("invoice_list"))) == []
    own = browser(world, "sub_reseller").get(url("invoice_list"), {"text": "bazaar"})
    assert titles(own) == [first.number]


def test_sums_stand_under_the_page_and_above_all_of_it(world: World) -> None:
    issued(world, 0, debit="100")  # 120, of which 100 are paid
    issued(world, 1, debit="10")
    client = browser(world, "sub_reseller")
    page = client.get(url("invoice_list")).content.decode()
    assert "32.00 <span" in page  # 20 and 12 GBP
    assert "48.00 USD to receive" in page  # 32 GBP at 1.5
    assert "to pay" in browser(world, "shop").get(url("invoice_list")).content.decode()


def test_what_is_open_is_of_those_who_bill_and_pay_each_other(world: World) -> None:
    """Neither what others below owe each other, nor, for an account, what it owes its customer."""
    issued(world, 0, debit="110")  # 132, of which 100 are paid
    shop = world.actor("shop")
    by_itself = AccountTariff(Tariff.objects.get(name="Street"))
    set_charging(actor=shop, account=world.account, by_itself=by_itself)
    balance = Balance.objects.get(account=world.account)
    post(balance, "debit", "-5", now())
    issue_invoice(actor=shop, invoice=draft_of(balance, now()))
    for who in ("reseller", "operator"):
        assert "to receive" not in browser(world, who).get(url("invoice_list")).content.decode()
    page = browser(world, "shop").get(url("invoice_list")).content.decode()
    assert "48.00 USD to pay" in page
    assert "7.50 USD to receive" in page
    client = signed_in(User.objects.get(login="shop-1"))
    page = client.get(url("invoice_list")).content.decode()
    assert "7.50 USD to pay" in page
    assert "to receive" not in page


def test_the_list_is_exported_as_it_is_searched(world: World) -> None:
    first = issued(world)
    shop_draft(world, 1)
    client = browser(world, "sub_reseller")
    text = client.get(url("invoice_list"), {"export": "csv", "status": "paid"}).getvalue()
    lines = text.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert first.number in lines[1]
    assert "Shop" in lines[1]
    book = client.get(url("invoice_list"), {"export": "xlsx"})
    assert book.getvalue().startswith(b"PK")


def test_more_invoices_cost_no_more_statements(world: World) -> None:
    client = browser(world, "sub_reseller")
    issued(world)
    client.get(url("invoice_list"))
    few = count_queries(lambda: client.get(url("invoice_list"), {"text": "sho"}))
    for number in range(1, 5):
        issued(world, number)
    many = count_queries(lambda: client.get(url("invoice_list"), {"text": "sho"}))
    assert many == few


def test_counts_stop_at_the_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        issued(world, number)
    monkeypatch.setattr("billing.selectors.invoices.COUNT_LIMIT", 2)
    counts = status_counts(Invoice.objects.all(), world.actor("sub_reseller"))
    assert counts[""] == 3
    monkeypatch.setattr("billing.views.invoices.COUNT_LIMIT", 2)
    tabs = browser(world, "sub_reseller").get(url("invoice_list")).context["tabs"]
    assert tabs[0].count == "2+"


def test_many_drafts_are_issued_and_discarded_at_once(world: World) -> None:
    done = issued(world)
    drafts = [shop_draft(world, number) for number in (1, 2, 3)]
    client = browser(world, "sub_reseller")
    sent = {"do": "issue", "pk": [row.pk for row in (*drafts[:2], done)], "confirmed": "1"}
    answer = client.post(url("invoice_list"), sent, follow=True)
    assert "3 issued." in answer.content.decode()  # what is issued already is issued
    sent = {"do": "discard", "pk": [drafts[2].pk, done.pk], "confirmed": "1", "reason": "no"}
    answer = client.post(url("invoice_list"), sent, follow=True)
    assert "1 discarded, 1 skipped" in answer.content.decode()
    assert not Invoice.objects.filter(pk=drafts[2].pk).exists()


def test_nobody_else_issues_in_bulk(world: World) -> None:
    draft = shop_draft(world)
    sent = {"do": "issue", "pk": [draft.pk], "confirmed": "1"}
    answer = browser(world, "reseller").post(url("invoice_list"), sent, follow=True)
    assert "not yours to change" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.state == InvoiceState.DRAFT


def test_the_list_of_one_customer_holds_its_own_alone(world: World) -> None:
    first = issued(world)
    client = browser(world, "sub_reseller")
    page = client.get(reverse("customers:customer_detail", args=[world.shop.pk])).content.decode()
    assert url("invoice_list_of", world.shop.pk) in page
    assert titles(client.get(url("invoice_list_of", world.shop.pk))) == [first.number]
    other = browser(world, "reseller").get(url("invoice_list_of", world.sub_customer.pk))
    assert titles(other) == []
    stranger = browser(world, "other_reseller")
    assert stranger.get(url("invoice_list_of", world.shop.pk)).status_code == 404


# One invoice -------------------------------------------------------------------------------------
def test_the_page_shows_how_the_invoice_adds_up(world: World) -> None:
    invoice = issued(world, 0, debit="100")
    page = shown(browser(world, "sub_reseller"), invoice)
    for text in ("Set-up 0", "Tax 1 20 % on 100.00", "120.00", "Opening balance", "Open"):
        assert text in page, text
    invoice.refresh_from_db()
    assert invoice.open_amount == 20
    answer = browser(world, "sub_reseller").get(url("invoice_detail", invoice.pk))
    context = answer.context
    assert sum(group.amount for group in context["groups"]) == context["lines_amount"] == 100
    taxed = sum(tax.amount for tax in context["taxes"])
    assert context["lines_amount"] + taxed == invoice.total
    whole = invoice.previous_balance + invoice.payments + invoice.other + context["owed"]
    assert whole == invoice.closing_balance
    for entry in LedgerEntry.objects.filter(invoice=invoice):
        assert url("entry_detail", entry.pk) in page


def test_an_entry_leads_to_its_invoice(world: World) -> None:
    invoice = issued(world)
    entry = LedgerEntry.objects.get(invoice=invoice, kind="tax")
    page = browser(world, "shop").get(url("entry_detail", entry.pk)).content.decode()
    assert url("invoice_detail", invoice.pk) in page


def test_the_recipient_reads_the_invoice_without_what_is_its_issuers(world: World) -> None:
    invoice = issued(world, 0, debit="10")
    world.sub_reseller.name = "Zanzibar"
    world.sub_reseller.save()
    page = shown(browser(world, "shop"), invoice)
    assert "Your provider" in page
    assert "Zanzibar" not in page
    assert "Drafted" not in page
    for name in ("invoice_void", "invoice_credit"):
        assert url(name, invoice.pk) not in page
    void_invoice(actor=world.actor("sub_reseller"), invoice=invoice, reason="slip")
    assert "Voided by Your provider" in shown(browser(world, "shop"), invoice)


def test_without_the_right_to_see_the_balance_nothing_leads_to_the_ledger(world: World) -> None:
    invoice = issued(world, 0, debit="10")
    left = delegated_rights(world.shop) - {"balance.view"}
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=left)
    user = create_user(
        actor=world.actor("shop"),
        customer=world.shop,
        login="reader",
        password=PASSWORD,
        role=Role.READ_ONLY,
    )
    page = shown(signed_in(user), invoice)
    assert "Settled" in page
    assert "/billing/entries/" not in page


def test_an_account_user_reads_the_invoices_of_its_account(world: World) -> None:
    shop = world.actor("shop")
    street = AccountTariff(Tariff.objects.get(name="Street"))
    set_charging(actor=shop, account=world.account, by_itself=street)
    balance = Balance.objects.get(account=world.account)
    post(balance, "debit", "-5", now())
    invoice = issue_invoice(actor=shop, invoice=draft_of(balance, now()))
    issued(world)
    client = signed_in(User.objects.get(login="shop-1"))
    assert titles(client.get(url("invoice_list"))) == [invoice.number]
    page = shown(client, invoice)
    assert "Your provider" in page
    assert url("invoice_void", invoice.pk) not in page


def test_those_above_read_and_are_told_who_acts(world: World) -> None:
    draft = shop_draft(world)
    page = shown(browser(world, "reseller"), draft)
    assert "Sub reseller issues this. Switch to Sub reseller to change it." in page
    assert url("invoice_issue", draft.pk) not in page
    for name in ("invoice_issue", "invoice_discard", "invoice_void", "invoice_credit"):
        answer = browser(world, "reseller").get(url(name, draft.pk))
        assert answer.status_code == 403
        assert "Switch to the issuer first" in answer.content.decode()
        assert browser(world, "other_reseller").get(url(name, draft.pk)).status_code == 404
    for name in ("invoice_refresh", "invoice_reissue"):
        assert browser(world, "reseller").post(url(name, draft.pk)).status_code == 403


def test_a_draft_says_what_holds_it_back(world: World) -> None:
    draft = shop_draft(world, 0, problem="The period has changed.", issue_after=now())
    page = shown(browser(world, "sub_reseller"), draft)
    assert "The period has changed." in page
    assert "issued by itself after" in page


def test_very_many_lines_are_cut_and_their_sum_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    balance = world.balance("shop")
    for number in range(5):
        post(balance, "debit", "-2", notes=f"Item {number}")
    draft = draft_of(balance)
    monkeypatch.setattr("billing.selectors.invoice_parts.SHOWN_LINES", 3)
    client = browser(world, "sub_reseller")
    page = shown(client, draft)
    assert "Item 2" in page
    assert "Item 4" not in page
    assert "2 more lines" in page
    assert "10.00" in page
    assert (
        "Item 4" in client.get(url("invoice_detail", draft.pk), {"lines": "all"}).content.decode()
    )
