"""Two-step sign-in, as a person does it: set up, sign in with a code, recover with another."""

import base64

from playwright.sync_api import Page, expect

from customers.models import User
from tests.browser.portal import Portal
from tests.security.people import code_of, next_code, with_second_factor
from tests.world import World


def hexadecimal(text: str) -> str:
    """The key that stands on the page in groups of four letters."""
    return base64.b32decode(text.replace(" ", "")).hex()


def is_in(page: Page) -> None:
    """The user's menu is there for those who are signed in."""
    expect(page.get_by_role("button", name="Account")).to_be_visible()


def set_up(portal: Portal) -> list[str]:
    """Read the key off the page, prove it by a code, keep the recovery codes."""
    page = portal.open("/customers/profile/")
    page.get_by_role("link", name="Two-step sign-in").click()
    page.get_by_role("link", name="Set up").click()
    picture = page.get_by_role("img", name="The key as a QR code")
    assert picture.evaluate("image => image.naturalWidth") > 100
    key = hexadecimal(page.get_by_role("main").locator(".mono").inner_text())
    page.get_by_label("Code").fill(code_of(key, steps=-1))
    portal.press("Turn on")
    codes = page.get_by_role("main").locator("ul.mono li").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    return codes


def enter(portal: Portal, code: str) -> None:
    """Sign in with the password, then with ``code``."""
    page = portal.sign_in("shop")
    expect(page.get_by_role("heading", name="Enter your code")).to_be_visible()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()
    is_in(page)


def test_two_steps_from_set_up_to_recovery(portal: Portal, stored_world: World) -> None:
    page = portal.sign_in("shop")
    is_in(page)
    codes = set_up(portal)
    assert len(codes) == 10
    expect(page.get_by_role("main")).to_contain_text("10 recovery codes are left")
    portal.sign_out()
    enter(portal, next_code(User.objects.get(login="shop")))
    portal.sign_out()
    enter(portal, codes[0])
    portal.open("/customers/profile/second-factor/")
    expect(page.get_by_role("main")).to_contain_text("9 recovery codes are left")
    page.get_by_role("link", name="Sign-ins").click()
    expect(page.get_by_role("row").filter(has_text="Signed in")).to_have_count(3)


def test_the_password_alone_opens_nothing(portal: Portal, stored_world: World) -> None:
    with_second_factor(User.objects.get(login="shop"))
    page = portal.sign_in("shop")
    expect(page.get_by_role("heading", name="Enter your code")).to_be_visible()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".field-error")).to_contain_text("This code is wrong")
    portal.open("/customers/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
