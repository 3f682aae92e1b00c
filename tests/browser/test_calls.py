"""Calls from a switch's file to the price that each viewer sees."""

import subprocess
from datetime import timedelta

from django.utils.timezone import now
from playwright.sync_api import expect

from calls.models import Call
from tariffs.models import Rate
from tests.browser.portal import Portal
from tests.calls.deliveries import HEADER, make_switch
from tests.world import World

CALLED = "442079460000"
UNRATED = "493090182000"
# One minute to CALLED as each level pays it, by prefix 4420 of the tariffs in tests.world and in
# the currency of its balance: 0.015 USD in EUR, 0.03 EUR in GBP, 0.045 GBP.
RESELLER, SUB_RESELLER, SHOP = "0.0120", "0.0250", "0.0450"


def cdr_file(*calls: tuple[str, str, str]) -> str:
    """A file with calls of a minute, an hour ago: (called number, auth name, source IP)."""
    lines = []
    for number, (called, auth_name, source_ip) in enumerate(calls, start=1):
        setup = now() - timedelta(hours=1, seconds=number)
        times = ",".join((setup + timedelta(seconds=s)).isoformat() for s in (0, 5, 65))
        lines.append(f"call-{number},{times},60,4420111222,{called},{auth_name},{source_ip}\n")
    return HEADER + "".join(lines)


def upload(portal: Portal, name: str, text: str) -> None:
    """As somebody who may, upload a CDR file and watch it until it is read."""
    portal.follow("Calls", "CDR deliveries")
    portal.page.get_by_role("link", name="Upload CDRs").first.click()
    portal.upload(name, text)
    portal.fill(switch="core-1")
    portal.press("Upload")
    expect(portal.page.get_by_role("heading", level=1)).to_contain_text("Done", timeout=20_000)


def test_an_account_and_a_trunk_own_the_calls_of_a_file_read_twice(
    portal: Portal, stored_world: World, worker: subprocess.Popen[bytes]
) -> None:
    make_switch()
    page = portal.sign_in("shop")
    portal.follow("Accounts & Trunks", "Accounts")
    page.get_by_role("link", name="New account").first.click()
    portal.fill(auth_name="desk-2", sip_password="a secret of desk 2", since="2026-03-01T00:00")
    portal.press("Save & Close")
    expect(page.get_by_role("heading", level=1)).to_contain_text("desk-2")
    portal.follow("Accounts & Trunks", "Trunks")
    page.get_by_role("link", name="New trunk").first.click()
    portal.fill(name="Office", hosts="192.0.2.10", since="2026-03-01T00:00")
    portal.press("Save & Close")
    expect(page.get_by_role("row").filter(has_text="192.0.2.10")).to_be_visible()
    portal.sign_out()

    portal.sign_in("operator")
    text = cdr_file((CALLED, "desk-2", ""), (CALLED, "", "192.0.2.10"))
    upload(portal, "first.csv", text)
    upload(portal, "again.csv", text)
    assert Call.objects.count() == 2
    portal.follow("Calls", "CDR deliveries")
    expect(page.get_by_role("row").filter(has_text="first.csv")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="again.csv")).to_be_visible()
    portal.sign_out()

    portal.sign_in("shop")
    portal.follow("Calls", "CDRs")
    calls = page.get_by_role("row").filter(has_text=CALLED)
    portal.reload_until(calls.filter(has_text=SHOP).nth(1))
    expect(calls).to_have_count(2)


def test_each_level_sees_its_price_and_those_below_never_one_above(
    portal: Portal, stored_world: World, worker: subprocess.Popen[bytes]
) -> None:
    make_switch()
    page = portal.sign_in("operator")
    upload(portal, "calls.csv", cdr_file((CALLED, "shop-1", "")))
    portal.follow("Calls", "CDRs")
    row = page.get_by_role("row").filter(has_text=CALLED)
    portal.reload_until(row.filter(has_text=RESELLER))
    portal.sign_out()

    seen = {
        "operator": {RESELLER, SUB_RESELLER, SHOP},
        "reseller": {RESELLER, SUB_RESELLER, SHOP},
        "sub-reseller": {SUB_RESELLER, SHOP},
        "shop": {SHOP},
        "shop-1": set(),
    }
    for who, prices in seen.items():
        portal.sign_in(who)
        portal.follow("Calls", "CDRs")
        row.get_by_role("link").first.click()
        drawer = page.get_by_role("complementary")
        expect(drawer).to_contain_text(CALLED)
        text = page.get_by_role("main").inner_text()
        assert {price for price in (RESELLER, SUB_RESELLER, SHOP) if price in text} == prices, who
        portal.sign_out()


def test_an_unrated_call_is_rated_again_once_its_rate_is_there(
    portal: Portal, stored_world: World, worker: subprocess.Popen[bytes]
) -> None:
    make_switch()
    Rate.objects.filter(tariff__name="Street", prefix="").delete()
    page = portal.sign_in("operator")
    upload(portal, "calls.csv", cdr_file((UNRATED, "shop-1", "")))
    portal.sign_out()

    portal.sign_in("sub-reseller")
    portal.follow("Calls", "Unrated calls")
    row = page.get_by_role("row").filter(has_text=UNRATED)
    portal.reload_until(row)
    expect(row).to_contain_text("No rate")
    portal.follow("Tariffs & Currencies", "Tariffs")
    page.get_by_role("link", name="Street", exact=True).click()
    page.get_by_role("link", name="New rate").click()
    portal.fill(prefix="49", destination="Germany", price_1="0.84", price_n="0.84")
    portal.fill(valid_from="2026-03-01T00:00")
    portal.press("Save")
    portal.follow("Calls", "Unrated calls")
    portal.press("Rate all again")
    expect(page.get_by_role("status")).to_contain_text("1 call is rated again.")
    portal.follow("Calls", "CDRs")
    portal.reload_until(row.filter(has_text="0.8400"))

    page.get_by_role("button", name="Export").click()
    exported = portal.download("CSV, all found").splitlines()
    assert len(exported) == 2
    assert UNRATED in exported[1]
