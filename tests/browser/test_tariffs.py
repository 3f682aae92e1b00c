"""A tariff from nothing: created, a rate added by hand, the others from a sheet."""

import subprocess

from playwright.sync_api import expect

from tariffs.models import Rate
from tests.browser.portal import Portal

HEAD = "Prefix,Destination,Price,Billing\n"
WRONG = HEAD + "44,United Kingdom,0.0120,60/6\n49,Germany,cheap,60/60\n"
RIGHT = HEAD + "44,United Kingdom,0.0120,60/6\n49,Germany,0.0210,60/60\n"


def test_a_tariff_gets_its_rates_by_hand_and_from_a_sheet(
    portal: Portal, worker: subprocess.Popen[bytes]
) -> None:
    page = portal.sign_in("operator")
    portal.follow("Tariffs & Currencies", "Tariffs")
    page.get_by_role("link", name="New tariff").click()
    portal.fill(name="Retail 2026", currency="USD", connect_fee="0.01")
    portal.press("Save & Close")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Retail 2026")
    expect(page.get_by_role("heading", name="No rates yet")).to_be_visible()

    page.get_by_role("link", name="New rate").first.click()
    portal.fill(prefix="44", destination="United Kingdom", price_1="0.02", price_n="0.02")
    portal.press("Save")
    expect(page.get_by_role("row").filter(has_text="United Kingdom")).to_contain_text("0.0200")

    page.get_by_role("link", name="Import rates").click()
    portal.upload("wrong.csv", WRONG)
    portal.press("Upload")
    portal.press("Check the sheet")
    expect(page.get_by_role("heading", name="Rejected lines")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="49,Germany,cheap")).to_contain_text("3")
    portal.press("Apply 1 change")
    expect(page.get_by_role("alert").first).to_contain_text("leave them out")
    assert Rate.objects.filter(tariff__name="Retail 2026").count() == 1

    page.get_by_role("link", name="Retail 2026").click()
    page.get_by_role("link", name="Import rates").click()
    portal.upload("right.csv", RIGHT)
    portal.press("Upload")
    portal.press("Check the sheet")
    expect(page.get_by_role("row").filter(has_text="Germany")).to_contain_text("New")
    portal.press("Apply 2 changes")
    page.get_by_role("link", name="Retail 2026").click()
    portal.reload_until(page.get_by_role("row").filter(has_text="Germany"))
    expect(page.get_by_role("row").filter(has_text="Germany")).to_contain_text("0.0210")
