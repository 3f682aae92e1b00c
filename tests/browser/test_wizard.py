"""The wizard in a browser: its steps with reloads in the middle, wide and narrow, in dark."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from billing.models import Balance
from customers.models import Customer, CustomerDraft, User
from tests.browser.portal import Portal
from tests.browser.test_looks import SIZES, faults_of
from tests.world import PASSWORD, World

NAME = "Calder Voice"
STEPS = (
    "basic",
    "company",
    "report",
    "short-calls",
    "invoice",
    "portal",
    "notifications",
)


def at_step(page: Page, label: str) -> None:
    """Check that the page shows the step ``label``."""
    expect(page.locator(".steps [aria-current=step]")).to_contain_text(label)


def to_the_company(portal: Portal) -> Page:
    """Open the wizard and answer its first step."""
    page = portal.sign_in("operator")
    portal.open("/customers/new/")
    page.get_by_role("link", name="Wizard").click()
    portal.fill(name=NAME, kind="Reseller", tariff="Wholesale", mode="Postpaid")
    portal.fill(credit_limit="300", main_email="office@calder.example")
    portal.press("Next")
    at_step(page, "Company Info")
    return page


def test_back_and_a_reload_keep_what_was_typed(portal: Portal) -> None:
    page = to_the_company(portal)
    expect(page.get_by_role("region", name="So far")).to_contain_text(NAME)
    portal.fill(company_name="Calder Voice Ltd", billing_email="nobody")
    portal.press("Back")
    at_step(page, "Basic Info")
    expect(page.get_by_label("Name", exact=True)).to_have_value(NAME)
    page.reload()
    expect(page.get_by_label("Credit limit")).to_have_value("300")
    portal.press("Next")
    at_step(page, "Company Info")
    page.reload()
    expect(page.get_by_label("Billing e-mail")).to_have_value("nobody")
    with portal.expecting(422):
        portal.press("Next")
        page.get_by_role("alert").get_by_role("link", name="Billing e-mail").click()
    expect(page.get_by_label("Billing e-mail")).to_be_focused()


def test_a_customer_is_opened_in_seven_steps(portal: Portal) -> None:
    page = to_the_company(portal)
    portal.fill(billing_email="accounts@calder.example")
    portal.press("Next")
    at_step(page, "Automatic Report")
    portal.fill(usage_summary="Yes")
    for _step in range(3):
        portal.press("Next")
    at_step(page, "Self Service Portal")
    portal.fill(login="calder")
    page.get_by_label("Accounts: add").uncheck()
    portal.press("Next")
    at_step(page, "Notification Setting")
    assert not Customer.objects.filter(name=NAME).exists()
    page.reload()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Submit").dblclick()

    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)
    made = Customer.objects.get(name=NAME)
    assert (made.kind, made.billing_email) == ("reseller", "accounts@calder.example")
    assert Balance.objects.get(customer=made).credit_limit == 300
    assert User.objects.get(login="calder").customer == made
    portal.press("Switch to this customer")
    expect(page.get_by_role("region", name="Switched customer")).to_contain_text(NAME)


def test_enter_goes_on_and_cancel_forgets(portal: Portal) -> None:
    page = portal.sign_in("operator")
    portal.open("/customers/new/wizard/basic/")
    portal.fill(name=NAME)
    page.get_by_label("Name", exact=True).press("Enter")
    at_step(page, "Company Info")
    page.get_by_label("Tax id").press("Enter")
    at_step(page, "Automatic Report")
    portal.press("Cancel")
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers")
    assert not CustomerDraft.objects.exists()


@pytest.mark.parametrize("size", SIZES)
def test_its_pages_suit_every_eye(
    browser: Browser, live_server: Any, stored_world: World, size: str
) -> None:
    width, height = SIZES[size]
    shop = stored_world.sub_customer
    viewport = {"width": width, "height": height}
    with Portal(browser, live_server.url, viewport=viewport, reduced_motion="reduce") as portal:
        portal.sign_in("reseller")
        portal.open("/customers/new/wizard/basic/")
        portal.fill(name=NAME)
        portal.press("Next")
        found = []
        for step in STEPS:
            portal.open(f"/customers/new/wizard/{step}/")
            found += faults_of(portal, f"wizard, {step}")
            path = "" if step == "basic" else f"{step}/"
            portal.open(f"/customers/{shop.pk}/edit/{path}")
            found += faults_of(portal, f"edit, {step}")
        portal.open("/customers/templates/")
        found += faults_of(portal, "templates")
    assert not found, "\n".join(found)
