"""A tariff from nothing, by hand and from a sheet; rates edited in place, closed, recalled."""

import re
import subprocess

from playwright.sync_api import Locator, Page, expect

from tariffs.models import Rate, Tariff
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


def row_of(page: Page, prefix: str) -> Locator:
    """The row of a rate that can be ticked: of no other prefix that begins alike."""
    tick = page.get_by_role("checkbox", name=f"Select {prefix}", exact=True)
    return page.get_by_role("row").filter(has=tick)


def open_retail(portal: Portal) -> Page:
    """The reseller's tariff, by which others pay, so that its past is fixed."""
    page = portal.sign_in("reseller")
    portal.follow("Tariffs & Currencies", "Tariffs")
    page.get_by_role("link", name="Retail", exact=True).click()
    return page


def test_a_price_is_changed_in_its_row_and_the_history_tells(portal: Portal) -> None:
    page = open_retail(portal)
    expect(row_of(page, "44")).to_contain_text("0.0400")
    for price, button, shown in (("9", "Cancel", "0.0400"), ("0.07", "Save", "0.0700")):
        page.get_by_role("link", name="Change price: 44", exact=True).click()
        form = page.get_by_role("form", name="Change the price of 44", exact=True)
        for label in ("Price 1", "Price N"):
            expect(form.get_by_label(label, exact=True)).to_have_value("0.04")
            form.get_by_label(label, exact=True).fill(price)
        form.get_by_text(button, exact=True).click()
        expect(form).to_have_count(0)
        expect(row_of(page, "44").get_by_text(shown, exact=True)).to_have_count(2)
    expect(row_of(page, "4420")).to_contain_text("0.0300")
    first, second = Rate.objects.filter(tariff__name="Retail", prefix="44").order_by("valid_from")
    assert first.valid_till == second.valid_from

    page.get_by_role("link", name="History: 44", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("History of 44")
    expect(page.get_by_role("img", name=re.compile("from 0.04 to 0.07"))).to_be_visible()
    rates = page.locator("#rows").get_by_role("row")
    expect(rates).to_have_count(3)
    expect(rates.nth(1)).to_contain_text("+75.0 %")
    expect(rates.nth(1)).to_contain_text("Current")
    expect(rates.nth(2)).to_contain_text("Closed")
    events = page.get_by_role("region", name="Who changed it").get_by_role("row")
    expect(events.nth(1).get_by_role("cell", name="reseller", exact=True)).to_be_visible()
    expect(events.nth(1)).to_contain_text("price: – → 0.07 / 0.07")


def test_ticked_rates_are_closed_together_and_countries_are_whole(portal: Portal) -> None:
    Rate.objects.filter(tariff__name="Retail").update(country="US")
    page = open_retail(portal)
    page.set_viewport_size({"width": 1440, "height": 900})
    country = row_of(page, "44").get_by_text("United States", exact=True)
    assert country.evaluate("cell => cell.scrollWidth <= cell.clientWidth")
    assert not portal.scrolls_sideways()
    for prefix in ("44", "447"):
        row_of(page, prefix).get_by_role("checkbox").check()
    bar = page.get_by_role("group", name="Actions on the selected rows")
    bar.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Close?")
    portal.press("Close")
    expect(page.get_by_role("status").filter(has_text="2 closed")).to_be_visible()
    for prefix, count in (("44", 0), ("447", 0), ("4420", 1), ("33", 1)):
        expect(row_of(page, prefix)).to_have_count(count)
    tariff = Tariff.objects.get(name="Retail")
    closed = tariff.rates.filter(valid_till__isnull=False)
    assert sorted(closed.values_list("prefix", flat=True)) == ["44", "447"]
