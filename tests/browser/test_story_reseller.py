"""The story of a reseller: opened by a template, invited by mail, with customers of its own."""

from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Account, Host
from billing.models import Balance, LedgerEntry
from customers.models import AuditEvent, Customer, User
from tests.browser.letters import come_in_by_letter
from tests.browser.portal import Portal, money
from tests.plugins.mail import MailSink
from tests.world import World

TEMPLATE, RESELLER, BUSINESS, PERSON = (
    "Regional reseller",
    "Calder Voice",
    "Harbour Freight",
    "Ada Lovett",
)
LINK = "The user sets it, by a link that is mailed"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


@pytest.fixture
def page(portal: Portal) -> Page:
    portal.page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    return portal.page


def test_a_reseller_by_template_opens_limits_funds_and_enters_its_customers(
    portal: Portal, page: Page, mail: MailSink, stored_world: World
) -> None:
    portal.sign_in("operator")
    keep_a_template(portal, page)
    open_by_the_template(portal, page)
    portal.sign_out()

    come_in_by_letter(portal, mail, "calder", "office@calder.example")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    sell_at_a_tariff(portal, page)
    open_a_business_with_a_trunk(portal, page)
    open_a_person_with_an_account(portal, page)
    limit_in_the_list(portal, page)
    add_funds(portal, page, BUSINESS, "80")
    add_funds(portal, page, PERSON, "12.5")
    switch_to_the_business_and_back(portal, page)
    switch_to_the_person_and_back(portal, page)
    check_what_is_stored(stored_world)


def keep_a_template(portal: Portal, page: Page) -> None:
    """A template of a reseller with a credit, whose users are invited by mail."""
    portal.follow("Customers", "Templates")
    page.get_by_role("link", name="New template").first.click()
    portal.fill(name=TEMPLATE)
    portal.press("Save")
    tabs = page.get_by_role("main").get_by_role("link")
    tabs.filter(has_text="Basic Info").click()
    portal.fill(kind="Reseller", tariff="Wholesale", credit_limit="250", call_limit="60")
    portal.press("Save")
    tabs.filter(has_text="Self Service Portal").click()
    page.get_by_label(LINK).check()
    portal.press("Save")
    expect(page.get_by_role("status")).to_contain_text("Saved")


def open_by_the_template(portal: Portal, page: Page) -> None:
    """The wizard by the template: only what identifies the reseller is still to be said."""
    portal.follow("Customers", "Customer list")
    page.get_by_role("link", name="New customer").click()
    page.get_by_role("link", name="By template").click()
    page.get_by_role("button", name=f"Create a customer by it: {TEMPLATE}").click()
    expect(page.get_by_text(f"By the template {TEMPLATE}")).to_be_visible()
    expect(page.get_by_label("Credit limit")).to_have_value("250")
    portal.fill(name=RESELLER, main_email="office@calder.example")
    for step in ("Company Info", "Automatic Report", "Short Call Charge", "Auto Invoice"):
        portal.press("Next")
        expect(page.locator(".steps [aria-current=step]")).to_have_text(step)
    portal.press("Next")
    expect(page.get_by_label(LINK)).to_be_checked()
    portal.fill(login="calder")
    assert not Customer.objects.filter(name=RESELLER).exists()
    portal.press("Submit")
    expect(page.get_by_role("status")).to_contain_text(f"{RESELLER} is open.")
    expect(page.get_by_role("heading", level=1)).to_contain_text(RESELLER)


def sell_at_a_tariff(portal: Portal, page: Page) -> None:
    """Nobody can be opened before there is something to sell."""
    portal.follow("Tariffs & Currencies", "Tariffs")
    expect(page.get_by_role("link", name="Wholesale")).to_have_count(0)
    page.get_by_role("link", name="New tariff").first.click()
    portal.fill(name="Street", currency="USD")
    portal.press("Save & Close")
    page.get_by_role("link", name="New rate").first.click()
    portal.fill(prefix="44", destination="United Kingdom", price_1="0.06", price_n="0.06")
    portal.press("Save")
    expect(page.get_by_role("row").filter(has_text="United Kingdom")).to_contain_text("0.0600")


def open_a_business_with_a_trunk(portal: Portal, page: Page) -> None:
    """By the short form; the trunk has one host."""
    portal.follow("Customers", "Customer list")
    page.get_by_role("link", name="New customer").first.click()
    page.get_by_role("link", name="Short form").click()
    portal.fill(name=BUSINESS, kind="Business", tariff="Street")
    portal.press("Save & Close")
    expect(page.get_by_role("heading", level=1)).to_contain_text(BUSINESS)
    portal.follow("Accounts & Trunks", "Trunks")
    page.get_by_role("link", name="New trunk").first.click()
    portal.fill(customer=BUSINESS, name="Harbour PBX", hosts="192.0.2.10")
    portal.press("Save & Close")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Harbour PBX")
    expect(page.get_by_role("row").filter(has_text="192.0.2.10")).to_be_visible()


def open_a_person_with_an_account(portal: Portal, page: Page) -> None:
    """By the wizard, submitted on its last step; the account is a telephone."""
    portal.follow("Customers", "Customer list")
    page.get_by_role("link", name="New customer").click()
    portal.fill(name=PERSON, kind="Residential", tariff="Street", main_email="ada@home.example")
    for _step in range(5):
        portal.press("Next")
    expect(page.get_by_label("Trunks: add")).to_have_count(0)
    portal.fill(login="ada")
    page.get_by_label(LINK).check()
    portal.press("Next")
    portal.press("Submit")
    expect(page.get_by_role("heading", level=1)).to_contain_text(PERSON)
    portal.follow("Accounts & Trunks", "Accounts")
    page.get_by_role("link", name="New account").first.click()
    portal.fill(customer=PERSON, auth_name="ada-home", sip_password="a secret of ada home")
    portal.press("Save & Close")
    expect(page.get_by_role("heading", level=1)).to_contain_text("ada-home")


def limit_in_the_list(portal: Portal, page: Page) -> None:
    """In the rows of the list of limits: at a desk, and on a telephone."""
    portal.follow("Customers", "Limits")
    set_limits(page, BUSINESS, credit_limit="40", call_limit="12", cps_limit="3")
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    set_limits(page, PERSON, call_limit="2", cps_limit="1")
    assert not portal.scrolls_sideways()
    page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    expect(row_of(page, BUSINESS)).to_contain_text(money("40.00 USD"))
    expect(row_of(page, BUSINESS).get_by_role("cell").nth(3)).to_have_text("12")
    expect(row_of(page, PERSON).get_by_role("cell").nth(3)).to_have_text("2")


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def set_limits(page: Page, name: str, **values: str) -> None:
    """Open the row of ``name`` as a form, fill it in, and see the row again."""
    page.get_by_role("link", name=f"Edit limits: {name}").click()
    form = page.get_by_role("form", name=f"Limits of {name}")
    for field, value in values.items():
        form.locator(f"[name={field}]").fill(value)
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    expect(row_of(page, name)).to_be_visible()


def open_customer_page(portal: Portal, page: Page, name: str) -> None:
    portal.follow("Customers", "Customer list")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def add_funds(portal: Portal, page: Page, name: str, amount: str) -> None:
    """By the Maintenance of the customer's page."""
    open_customer_page(portal, page, name)
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Notes").fill(f"First payment of {name}")
    page.get_by_role("button", name="Save", exact=True).click()
    shown = f"{Decimal(amount):.2f} USD"
    expect(page.get_by_role("status")).to_contain_text(f"The balance is {shown}")
    expect(page.get_by_role("region", name="Balance")).to_contain_text(money(shown))


def switch_to(portal: Portal, page: Page, name: str) -> Locator:
    """Switch to ``name`` from its page; its banner."""
    open_customer_page(portal, page, name)
    portal.press("Switch to this customer")
    banner = page.get_by_role("region", name="Switched customer")
    expect(banner).to_contain_text(f"Acting as {RESELLER}")
    expect(banner.get_by_role("strong")).to_have_text(name)
    return banner


def return_from(page: Page, banner: Locator, name: str) -> None:
    banner.get_by_role("button", name="Return").click()
    expect(page.get_by_role("status")).to_contain_text(f"You returned from {name}")
    expect(banner).to_have_count(0)


def switch_to_the_business_and_back(portal: Portal, page: Page) -> None:
    """It has its trunk, and nothing of the person's."""
    banner = switch_to(portal, page, BUSINESS)
    portal.follow("Accounts & Trunks", "Trunks")
    expect(page.get_by_role("link", name="Harbour PBX", exact=True)).to_be_visible()
    portal.follow("Accounts & Trunks", "Accounts")
    expect(page.get_by_role("heading", name="No accounts yet")).to_be_visible()
    return_from(page, banner, BUSINESS)


def switch_to_the_person_and_back(portal: Portal, page: Page) -> None:
    """It has its account and its money, and no trunks at all."""
    banner = switch_to(portal, page, PERSON)
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu.get_by_role("link", name="Trunks", exact=True, include_hidden=True)).to_have_count(
        0
    )
    portal.follow("Accounts & Trunks", "Accounts")
    expect(page.get_by_role("link", name="ada-home", exact=True)).to_be_visible()
    portal.follow("Billing", "Statement")
    line = page.get_by_role("row").filter(has_text=f"First payment of {PERSON}")
    expect(line).to_contain_text("12.50")
    return_from(page, banner, PERSON)


def check_what_is_stored(world: World) -> None:
    """The tree, the limits, the ledger and the audit log say what the pages said."""
    reseller = Customer.objects.get(name=RESELLER)
    assert (reseller.owner, reseller.kind, reseller.call_limit) == (world.root, "reseller", 60)
    assert Balance.objects.get(customer=reseller).credit_limit == 250
    assert User.objects.get(login="calder").customer == reseller
    business, person = (Customer.objects.get(name=name) for name in (BUSINESS, PERSON))
    for customer, kind, limits, credit, funds in (
        (business, "business", (12, 3), Decimal(40), Decimal(80)),
        (person, "residential", (2, 1), Decimal(0), Decimal("12.5")),
    ):
        assert (customer.owner, customer.kind) == (reseller, kind)
        assert (customer.call_limit, customer.cps_limit) == limits
        balance = Balance.objects.get(customer=customer)
        assert (balance.amount, balance.credit_limit) == (funds, credit)
        entry = LedgerEntry.objects.get(customer=customer)
        assert (entry.kind, entry.amount, entry.balance_after) == ("add_funds", funds, funds)
        assert (entry.user, entry.acting_as) == (User.objects.get(login="calder"), reseller)
        assert AuditEvent.objects.filter(customer=customer, action="switched_to").count() == 1
    assert Host.objects.get(network="192.0.2.10/32").trunk.customer == business
    assert Account.objects.get(auth_name="ada-home").customer == person
