"""Customers and their money: opened, switched to, funded, edited, archived."""

import pytest
from playwright.sync_api import Page, expect

from billing.models import LedgerEntry
from customers.models import Customer
from tests.browser.portal import Portal, money

NAME = "Calder Voice"


@pytest.fixture
def page(portal: Portal) -> Page:
    """The page of the customer NAME, which Root has just opened by the short form."""
    page = portal.sign_in("operator")
    portal.follow("Customers", "Customer list")
    page.get_by_role("link", name="New customer").click()
    page.get_by_role("link", name="Short form").click()
    portal.fill(name=NAME, kind="Reseller", tariff="Wholesale", opening_balance="25")
    portal.fill(login="calder", password="a long password")
    portal.press("Save & Close")
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)
    return page


def test_a_new_customer_is_switched_to_and_left_again(portal: Portal, page: Page) -> None:
    expect(page.get_by_role("status")).to_contain_text("The customer is open")
    portal.press("Switch to this customer")
    banner = page.get_by_role("region", name="Switched customer")
    expect(banner).to_contain_text("Acting as Root")
    expect(banner.get_by_role("strong")).to_have_text(NAME)
    portal.follow("Customers", "Customer list")
    expect(page.get_by_role("heading", name="No customers yet")).to_be_visible()
    banner.get_by_role("button", name="Return").click()
    expect(page.get_by_role("status")).to_contain_text(f"You returned from {NAME}")
    expect(banner).to_have_count(0)


def test_add_funds_moves_the_balance_once(portal: Portal, page: Page) -> None:
    balance = page.get_by_role("region", name="Balance")
    expect(balance).to_contain_text(money("25.00 USD"))
    page.get_by_label("Amount").fill("75.5")
    page.get_by_label("Notes").fill("Bank transfer 7781")
    page.get_by_role("button", name="Save", exact=True).dblclick()
    expect(page.get_by_role("status")).to_contain_text("The balance is 100.50 USD")
    expect(balance).to_contain_text(money("100.50 USD"))
    customer = Customer.objects.get(name=NAME)
    entries = LedgerEntry.objects.filter(customer=customer, kind="add_funds")
    assert entries.count() == 1
    balance.get_by_role("link", name="Ledger").click()
    line = page.get_by_role("row").filter(has_text="Bank transfer 7781")
    expect(line).to_contain_text("75.50")
    expect(line.get_by_role("cell").last).to_have_text("100.50")


def test_a_customer_is_edited_and_archived_after_a_warning(portal: Portal, page: Page) -> None:
    page.get_by_role("link", name="Edit", exact=True).click()
    portal.fill(name="Calder Voice & Data", call_limit="30")
    portal.press("Save & Close")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Calder Voice & Data")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Archive").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Archive Calder Voice & Data?")
    expect(page.get_by_text("There is no undo")).to_be_visible()
    page.get_by_label("Reason").fill("Moved to another operator")
    portal.press("Archive Calder Voice & Data")
    expect(page.get_by_role("status")).to_contain_text("Archived.")
    expect(page.get_by_role("link", name="Calder Voice & Data")).to_have_count(0)
    expect(page.get_by_role("link", name="Other reseller", exact=True)).to_be_visible()


def test_a_mistake_in_a_form_is_named_and_keeps_what_was_typed(portal: Portal) -> None:
    page = portal.sign_in("operator")
    portal.open("/customers/new/")
    portal.fill(name="Shop", company_name="Shop Ltd", opening_balance="12")
    with portal.expecting(422):
        portal.press("Save")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("Not saved")
        alert.get_by_role("link").first.click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.get_by_label("Company")).to_have_value("Shop Ltd")
