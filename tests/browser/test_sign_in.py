"""Signing in and out."""

from playwright.sync_api import expect

from tests.browser.portal import Portal


def test_only_the_right_password_opens_the_dashboard(portal: Portal) -> None:
    page = portal.sign_in("operator", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("Login or password is wrong")
    expect(page.get_by_label("Login")).to_have_value("operator")
    portal.sign_in("operator")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    portal.sign_out()
    portal.open("/customers/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
