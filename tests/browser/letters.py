"""What people do with the letters that the portal mails them: read, follow the link, sign in."""

import time
from email.message import EmailMessage

from playwright.sync_api import Page, expect

from tests.browser.portal import Portal
from tests.notifications.conftest import link_in
from tests.plugins.mail import MailSink

PASSWORD = "seven quiet lamps"
WAIT = 30  # seconds until a test gives up on a letter


def letter_to(mail: MailSink, address: str) -> EmailMessage:
    """The one letter to ``address``, as soon as the worker has sent it."""
    deadline = time.monotonic() + WAIT
    while True:
        found = [letter for letter in mail.letters if letter["To"] == address]
        if found:
            assert len(found) == 1
            return found[0]
        assert time.monotonic() < deadline, f"no letter to {address}"
        time.sleep(0.1)


def come_in_by_letter(portal: Portal, mail: MailSink, login: str, address: str) -> Page:
    """Set the password under the link in the letter, and sign in with it."""
    link = link_in(letter_to(mail, address))
    page = portal.open(link)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("The password is set. Sign in with it.")).to_be_visible()
    portal.sign_in(login, PASSWORD)
    expect(page.get_by_role("button", name="Account")).to_be_visible()
    return page
