"""The editor of letters for every eye, and its fields and preview while somebody types."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from notifications.choices import Event
from notifications.services.templates import save_words
from tests.browser.portal import Portal, money
from tests.browser.test_looks import SIZES, faults_of
from tests.world import World

EDITOR = "/messages/templates/edit/"
WIDE = ("x" * 200, "{{ customer.name }}" + "y" * 300 + "\n\nTotal  {{ available }}\n\n{{ today }}")


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_letters(
    browser: Browser, live_server: Any, stored_world: World, size: str
) -> None:
    width, height = SIZES[size]
    viewport: Any = {"width": width, "height": height}
    actor = stored_world.actor("reseller")
    save_words(actor=actor, event=Event.LOW_BALANCE, language="en", words=WIDE)
    with Portal(browser, live_server.url, viewport=viewport, reduced_motion="reduce") as portal:
        portal.sign_in("reseller")
        found = []
        for path in (
            "/messages/templates/",
            f"{EDITOR}?event=low_balance&language=en",
            f"{EDITOR}?event=usage_summary&language=ar",
            f"{EDITOR}?event=set_password&language=es",
        ):
            portal.open(path)
            found += faults_of(portal, path)
    assert not found, "\n".join(found)


def test_a_field_is_inserted_and_the_preview_follows(portal: Portal, stored_world: World) -> None:
    page = portal.sign_in("reseller")
    portal.follow("System", "Message templates")
    page.get_by_role("link", name="Low balance", exact=True).click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("3,519.45 EUR")
    portal.fill(body="Only ", customer="Sub reseller")
    expect(preview.locator(".mail-paper")).to_have_text("Only")
    page.get_by_role("textbox", name="Text").focus()
    portal.press("available")
    expect(page.get_by_role("textbox", name="Text")).to_have_value("Only {{ available }}")
    expect(preview.locator("strong")).to_have_text(money("0.00 GBP"))
    portal.fill(body="{{ nope }}")
    expect(preview).to_contain_text("“nope” is no field of this message.")
    portal.fill(body="Only {{ available }} left.")
    portal.press("Save")
    expect(page.get_by_role("status").first).to_contain_text("It counts from the next letter.")
    portal.press("Back to the default")
    expect(page.get_by_role("status").first).to_contain_text("words count again")
