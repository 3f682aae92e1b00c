"""Mail settings, the test mail and a letter in its frame, for every eye; the frame runs nothing."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from notifications.models import Message
from tests.browser.portal import Portal
from tests.browser.test_looks import SIZES, faults_of
from tests.notifications.conftest import letter_of, with_addresses
from tests.notifications.own import with_own_server
from tests.plugins.mail import MailSink
from tests.world import World

EVIL = (
    "<style>p { color: rgb(1, 2, 3) }</style><p>Dear customer</p>"
    "<script>document.body.textContent = 'ran'</script>"
    "<form action='/logout/' method='post'><button>Send</button></form>"
    "<a href='/login/' target='_top'>Out</a>"
)


@pytest.fixture
def letter(stored_world: World, own_sink: MailSink) -> Message:
    """A sent letter of the sub-reseller, which has a server of its own."""
    with_own_server(with_addresses(stored_world), own_sink)
    letter = letter_of(stored_world)
    Message.objects.filter(pk=letter.pk).update(status="sent")
    return letter


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_mail(
    browser: Browser, live_server: Any, letter: Message, own_sink: MailSink, size: str
) -> None:
    width, height = SIZES[size]
    with Portal(
        browser,
        live_server.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    ) as portal:
        portal.sign_in("sub-reseller")
        found: list[str] = []
        for path in ("settings/", f"{letter.pk}/", f"{letter.pk}/bounced/"):
            portal.open(f"/messages/{path}")
            found += faults_of(portal, path)
        portal.open("/messages/settings/")
        portal.press("Send me a test mail")
        expect(portal.page.get_by_role("status")).to_contain_text("has accepted")
        found += faults_of(portal, "test mail")
        own_sink.to_recipient = "550 no such mailbox"
        portal.press("Send me a test mail")
        expect(portal.page.get_by_role("alert")).to_contain_text("was not accepted")
        found += faults_of(portal, "failed test mail")
    assert not found, "\n".join(found)


def test_a_letter_in_its_frame_shows_its_style_and_runs_nothing(
    portal: Portal, letter: Message
) -> None:
    Message.objects.filter(pk=letter.pk).update(html=EVIL)
    portal.sign_in("sub-reseller")
    portal.open(f"/messages/{letter.pk}/")
    here = portal.page.url
    frame = portal.page.frame_locator("iframe")
    text = frame.get_by_text("Dear customer")
    expect(text).to_be_visible()
    expect(text).to_have_css("color", "rgb(1, 2, 3)")
    frame.get_by_role("button", name="Send").click()
    frame.get_by_role("link", name="Out").click()
    expect(text).to_be_visible()
    assert portal.page.url == here
    blocked = [fault for fault in portal.faults if "sandbox" in fault or "Blocked" in fault]
    assert len(blocked) >= 3  # the script, the form, the way out
    portal.faults[:] = [fault for fault in portal.faults if fault not in blocked]
