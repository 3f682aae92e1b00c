"""Tax settings, fees, aging and revenue for every eye, as test_looks has it for the main pages."""

from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from billing.models import Fee, Tax
from billing.services.tax_settings import create_tax
from tests.billing.issued import issued
from tests.billing.test_fee_pages import fee_of
from tests.billing.test_tax_settings import CANADA
from tests.browser.portal import Portal
from tests.browser.test_looks import SIZES, faults_of
from tests.world import World


@pytest.fixture
def pages(stored_world: World) -> list[str]:
    """What the reseller opens: old and new debts in two currencies, a fee, a tax of two rates."""
    actor = stored_world.actor("reseller")
    tax: Tax = create_tax(actor=actor, name="Quebec", rates=CANADA)
    fee: Fee = fee_of(stored_world, "sub_customer")
    for who in ("sub_customer", "sub_reseller"):
        for month in range(1, 7):
            issued(stored_world.balance(who), "1234.56", date(2026, month, 3))
    customer = stored_world.sub_customer.pk
    return [
        "/billing/taxes/",
        "/billing/taxes/new/",
        f"/billing/taxes/{tax.pk}/",
        f"/billing/customers/{customer}/fees/",
        f"/billing/customers/{customer}/fees/new/",
        f"/billing/fees/{fee.pk}/",
        f"/billing/fees/{fee.pk}/end/",
        "/billing/aging/",
        "/billing/revenue/",
    ]


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_taxes_fees_and_debts(
    browser: Browser, live_server: Any, pages: list[str], size: str
) -> None:
    width, height = SIZES[size]
    viewport: Any = {"width": width, "height": height}
    with Portal(browser, live_server.url, viewport=viewport, reduced_motion="reduce") as portal:
        portal.sign_in("reseller")
        found = []
        for path in pages:
            portal.open(path)
            found += faults_of(portal, path)
    assert not found, "\n".join(found)


def test_rates_show_what_they_make_of_an_amount_while_they_are_typed(
    portal: Portal, stored_world: World
) -> None:
    portal.sign_in("reseller")
    page = portal.open("/billing/taxes/new/")
    page.get_by_label("Name", exact=True).fill("VAT 20")
    page.get_by_label("Name of rate 1").fill("VAT")
    page.get_by_label("Percent of rate 1").fill("20")
    expect(page.locator("#preview")).to_contain_text("120.00")
    portal.press("Save & Close")
    expect(page.locator("#rows")).to_contain_text("VAT 20 %")
