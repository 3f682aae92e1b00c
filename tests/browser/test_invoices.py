"""Invoices in a browser: an issuer issues a draft and credits a part, its customer reads both."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from billing.models import Invoice
from billing.services.issuing import issue_invoice
from billing.services.voiding import void_invoice
from tests.billing.invoices import MARCH, draft_of, post
from tests.browser.portal import Portal
from tests.browser.test_looks import SIZES, faults_of
from tests.world import World

MONTH = timedelta(days=31)


def draft(world: World, number: int = 0, debit: str = "100") -> Invoice:
    """A draft for the shop, with 20 % tax."""
    at = MARCH + number * MONTH
    balance = world.balance("shop")
    post(balance, "debit", f"-{debit}", at, notes="Set-up of a trunk")
    return draft_of(balance, at, taxes=["20"], fee="12.50")


def test_an_issuer_issues_and_credits_and_the_customer_reads_it(
    portal: Portal, stored_world: World
) -> None:
    draft(stored_world)
    page = portal.sign_in("sub-reseller")
    portal.follow("Billing", "Invoices")
    page.get_by_role("link", name="Not numbered", exact=True).click()
    expect(page.get_by_role("heading", name="Draft invoice")).to_be_visible()
    page.get_by_role("link", name="Issue", exact=True).click()
    page.get_by_role("button", name="Issue", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Issued as INV-000001.")).to_be_visible()
    page.get_by_role("link", name="Credit note").click()
    portal.fill(amount="35.00", reason="Agreed by telephone")
    page.get_by_role("button", name="Issue credit note").click()
    expect(page.get_by_text("Credit note CN-000001 is issued.")).to_be_visible()
    portal.sign_out()
    portal.sign_in("shop")
    portal.follow("Billing", "Invoices")
    page.get_by_role("link", name="INV-000001", exact=True).click()
    settled = page.get_by_role("region", name="Settled by")
    expect(settled.get_by_role("row", name=re.compile("^Settled"))).to_contain_text("135.00")
    expect(settled.get_by_role("row", name=re.compile("^Open"))).to_contain_text("0.00")
    expect(page.get_by_role("link", name="Void")).to_have_count(0)
    page.get_by_role("region", name="Credit notes").get_by_role("link").click()
    expect(page.get_by_text("Agreed by telephone")).to_be_visible()


def test_a_search_changes_tabs_with_the_rows(portal: Portal, stored_world: World) -> None:
    issue_invoice(actor=stored_world.actor("sub_reseller"), invoice=draft(stored_world))
    draft(stored_world, 1)
    page = portal.sign_in("sub-reseller")
    portal.follow("Billing", "Invoices")
    tabs = page.get_by_role("navigation", name="Invoices")
    expect(tabs.get_by_role("link", name="Draft 1")).to_be_visible()
    portal.fill(text="INV-")
    page.get_by_role("button", name="Search").click()
    expect(tabs.get_by_role("link", name="Draft 0")).to_be_visible()
    expect(page.get_by_role("link", name="INV-000001", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Not numbered", exact=True)).to_have_count(0)


def pages(world: World) -> dict[str, list[str]]:
    """Lists, an invoice in each state and the questions about it, by who opens them."""
    actor = world.actor("sub_reseller")
    first = issue_invoice(actor=actor, invoice=draft(world))
    late = issue_invoice(actor=actor, invoice=draft(world, 1, "60"))
    void = issue_invoice(actor=actor, invoice=draft(world, 2, "7.35"))
    void_invoice(actor=actor, invoice=void, reason="Wrong rates")
    waiting = draft(world, 3)
    Invoice.objects.filter(pk=waiting.pk).update(problem="The period has changed.")
    url = "/billing/invoices/"
    of_all = [url, *(f"{url}{row.pk}/" for row in (first, late, void))]
    asked = [f"{url}{waiting.pk}/", f"{url}{waiting.pk}/issue/", f"{url}{waiting.pk}/discard/"]
    asked += [f"{url}{late.pk}/void/", f"{url}{late.pk}/credit/", f"{url}new/"]
    return {"sub-reseller": [*of_all, *asked], "shop": of_all}


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_of_invoices_for_every_eye(
    browser: Browser, live_server: Any, stored_world: World, size: str
) -> None:
    width, height = SIZES[size]
    found: list[str] = []
    viewport: Any = {"width": width, "height": height}
    with Portal(browser, live_server.url, viewport=viewport, reduced_motion="reduce") as portal:
        for who, paths in pages(stored_world).items():
            portal.sign_in(who)
            expect(portal.page.get_by_role("button", name="Account")).to_be_visible()
            for path in paths:
                portal.open(path)
                found += faults_of(portal, f"{who}: {path}")
            portal.context.clear_cookies()
    assert not found, "\n".join(found)
