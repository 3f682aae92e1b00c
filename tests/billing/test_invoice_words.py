"""What pages of invoices say: whose the sums are, countries by name, what is left of a credit."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import override

from billing.models import Balance, LedgerEntry
from billing.selectors.balances import display_currency
from billing.selectors.document_parts import Party
from billing.selectors.invoices import OpenSums, open_sums
from billing.selectors.online import payment_currencies
from billing.services.accounts import AccountTariff, set_charging
from billing.services.issuing import issue_invoice
from calls.services.charging import charge_pending
from customers.models import User
from softswitch.core.templatetags.formats import own_way
from tariffs.models import Rate, Tariff
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
from tests.billing.drafts import LONDON, PARIS, call, drafted, settings_of
from tests.billing.invoices import draft_of, post
from tests.world import World


def account_invoice(world: World, amount: str = "-5") -> Any:
    """An invoice of the shop's account, charged by itself."""
    shop = world.actor("shop")
    street = AccountTariff(Tariff.objects.get(name="Street"))
    set_charging(actor=shop, account=world.account, by_itself=street)
    balance = Balance.objects.get(account=world.account)
    post(balance, "debit", amount, now())
    return issue_invoice(actor=shop, invoice=draft_of(balance, now()))


def footer(page: str) -> str:
    return page.partition("<tfoot>")[2].partition("</tfoot>")[0]


# Sums --------------------------------------------------------------------------------------------
def test_a_page_with_both_sides_has_a_sum_of_each(world: World) -> None:
    issued(world, 0, debit="100")  # 120, of which 100 are paid
    account_invoice(world)
    sums = footer(browser(world, "shop").get(url("invoice_list")).content.decode())
    assert '5.00 <span class="cur">GBP</span><span class="sub">to receive</span>' in sums
    assert '20.00 <span class="cur">GBP</span><span class="sub">to pay</span>' in sums
    assert "30.00" in sums  # of the other currency: 20 GBP at 1.5 USD


def test_what_others_below_owe_each_other_is_not_called_ours(world: World) -> None:
    issued(world, 0, debit="100")
    client = browser(world, "reseller")
    page = client.get(url("invoice_list")).content.decode()
    assert "30.00 USD between others below" in page
    assert "to receive" not in page
    account_invoice(world)
    operator = world.actor("operator")
    rows = client.get(url("invoice_list")).context["view"].found
    sums = open_sums(rows, operator, display_currency(operator))
    assert sums == OpenSums(Decimal(0), Decimal(0), Decimal("37.50"), ())


def test_an_account_is_told_what_it_has_to_pay(world: World) -> None:
    account_invoice(world)
    page = signed_in(User.objects.get(login="shop-1")).get(url("invoice_list")).content.decode()
    assert "to pay" in page
    assert "to receive" not in page


# Lists of an account -----------------------------------------------------------------------------
def test_the_aging_of_an_account_leads_to_its_own_invoices(world: World) -> None:
    invoice = account_invoice(world)
    issued(world)
    client = browser(world, "shop")
    address = url("account_invoices", world.account.pk)
    assert f'href="{address}"' in client.get(url("aging")).content.decode()
    page = client.get(reverse("accounts:account_detail", args=[world.account.pk])).content.decode()
    assert f'href="{address}"' in page
    assert titles(client.get(address)) == [invoice.number]
    assert browser(world, "other_reseller").get(address).status_code == 404
    assert titles(signed_in(User.objects.get(login="shop-1")).get(address)) == [invoice.number]


# One document ------------------------------------------------------------------------------------
def test_lines_by_country_have_its_name_and_keep_its_code(world: World) -> None:
    Rate.objects.filter(prefix__startswith="44").update(country="GB")
    Rate.objects.filter(prefix="33").update(country="FR")
    settings_of(world, grouping="country")
    for number in (LONDON, PARIS):
        call(world, number)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    page = shown(browser(world, "sub_reseller"), invoice)
    for name in ("United Kingdom", "France"):
        assert f"<bdi>{name}</bdi>" in page
    assert "<bdi>FR</bdi>" not in page
    assert sorted(line.description for line in invoice.lines.all()) == ["FR", "GB"]


@pytest.mark.parametrize(
    ("debit", "used", "left"), [("50", "0.00", "12.00"), ("100", "12.00", "0.00")]
)
def test_a_credit_note_says_what_is_left_of_it(
    world: World, debit: str, used: str, left: str
) -> None:
    invoice = issued(world, 0, debit=debit)  # of 100 that it opened with
    note = credit_note(world, invoice, "12")
    page = shown(browser(world, "shop"), note)
    assert "Credited" in page
    assert ">Paid<" not in page
    table = page.partition('aria-labelledby="spent"')[2].partition("</section>")[0]
    foot = footer(table)
    assert used in foot.partition("Left for other invoices")[0]
    assert left in foot.partition("Left for other invoices")[2]


def test_an_invoice_has_no_rest_to_use(world: World) -> None:
    for invoice in (issued(world), shop_draft(world, 1)):
        assert "Left for other invoices" not in shown(browser(world, "sub_reseller"), invoice)


def test_an_open_invoice_leads_to_its_payment_and_the_payment_back(world: World) -> None:
    invoice = issued(world, 0, debit="100")  # 120, of which 100 are paid
    client = browser(world, "sub_reseller")
    address = f"{url('maintenance', world.shop.pk)}?invoice={invoice.pk}"
    assert f'href="{address}"' in shown(client, invoice)
    assert 'value="20.00"' in client.get(address).content.decode()
    assert address not in shown(browser(world, "shop"), invoice)
    opening = LedgerEntry.objects.get(balance=invoice.balance, kind="opening")
    page = client.get(url("entry_detail", opening.pk)).content.decode()
    settled = page.partition('aria-labelledby="settled"')[2].partition("</section>")[0]
    assert f'{url("invoice_detail", invoice.pk)}">{invoice.number}</a>' in settled
    assert "100.00" in settled
    assert "Left for later" in settled


def test_a_paid_invoice_asks_for_no_payment(world: World) -> None:
    page = shown(browser(world, "sub_reseller"), issued(world, 0, debit="50"))
    assert "Record a payment" not in page


@pytest.mark.parametrize(
    ("language", "text", "marked"),
    [
        ("ar", "7 Exchange Street", "\u200e7 Exchange Street\u200e"),
        ("ar", "\u0634\u0627\u0631\u0639 7", "\u0634\u0627\u0631\u0639 7"),
        ("en", "\u0634\u0627\u0631\u0639 7", "\u200f\u0634\u0627\u0631\u0639 7\u200f"),
        ("en", "7 Exchange Street", "7 Exchange Street"),
        ("ar", "12 345", "12 345"),
    ],
)
def test_text_keeps_its_direction(language: str, text: str, marked: str) -> None:
    with override(language):
        assert own_way(text) == marked


def test_a_country_that_the_address_names_is_not_said_twice() -> None:
    there = Party("Halyard", ("7 Exchange Street", "Leeds, United Kingdom"), "GB")
    with override("ar"):
        assert there.country_name == ""
        assert Party("Halyard", ("Leeds",), "GB").country_name == "المملكة المتحدة"


def test_only_currencies_that_can_be_paid_in_are_offered(world: World) -> None:
    offered = dict(payment_currencies(world.actor("sub_reseller")))
    assert {"GBP", "USD"} <= offered.keys()
    assert "DEM" not in offered
