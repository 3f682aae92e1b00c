"""The same work with JavaScript switched off: HTMX only makes it faster."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.portal import Portal, money
from tests.world import World


@pytest.fixture
def portal(browser: Browser, live_server: Any, stored_world: World) -> Iterator[Portal]:
    """A visitor whose browser runs no scripts."""
    with Portal(browser, live_server.url, java_script_enabled=False) as visitor:
        yield visitor


def test_customers_are_found_opened_and_funded(portal: Portal) -> None:
    page = portal.sign_in("operator")
    portal.follow("Customers", "Customer list")
    portal.fill(name="other")
    portal.press("Search")
    expect(page.get_by_role("link", name="Other reseller", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Reseller", exact=True)).to_have_count(0)

    page.get_by_role("link", name="Reset").click()
    page.get_by_role("link", name="New customer").click()
    page.get_by_role("link", name="Short form").click()
    portal.fill(name="Calder Voice", kind="Business", tariff="Wholesale", opening_balance="25")
    portal.press("Save & Close")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Calder Voice")

    page.get_by_role("region", name="Balance").get_by_label("Amount").fill("75.5")
    portal.press("Save")
    expect(page.get_by_role("status")).to_contain_text("The balance is 100.50 USD")
    expect(page.get_by_role("region", name="Balance")).to_contain_text(money("100.50 USD"))
