"""The story of one call at home and one at an office: who sees which, and what it cost whom."""

import json
import urllib.request
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from accounts.services.hosts import NewHost
from accounts.services.trunks import create_trunk
from billing.models import Balance
from billing.services.accounts import open_account
from billing.services.customers import Login, Terms, open_customer
from calls.models import Call
from customers.models import Customer
from tariffs.models import Tariff
from tests.browser.letters import come_in_by_letter
from tests.browser.portal import Portal, money
from tests.plugins.mail import MailSink
from tests.world import OPENED, World

PERSON, BUSINESS = "Ada Lovett", "Harbour Freight"
AT_HOME, AT_WORK = "442079460000", "33199990000"
# By the tariffs in tests.world: a minute to 4420 and two to 33. The reseller pays 0.015 and 0.06
# USD in EUR; its customers pay it 0.03 and 0.12 EUR.
HOME_PRICE, WORK_PRICE, HOME_COST, WORK_COST = "0.0300", "0.1200", "0.0120", "0.0480"
PRICES = (HOME_PRICE, WORK_PRICE, HOME_COST, WORK_COST)
OWN_MENU = {"Dashboard", "Accounts", "My rates", "CDRs", "Statement", "My company"}
OWNERS_MENU = {
    "Customer list",
    "Customer tree",
    "Limits",
    "Classes",
    "Trunks",
    "Hosts",
    "Voucher batches",
    "Tariffs",
    "CDR deliveries",
    "Switches",
}


class Neighbours(NamedTuple):
    """Two customers of the reseller, who know nothing of each other."""

    person: Customer
    business: Customer


@pytest.fixture
def neighbours(stored_world: World, mail: MailSink) -> Neighbours:
    """A person with a telephone and a business with a trunk; the letters are on their way."""
    actor = stored_world.actor("reseller")
    tariff = Tariff.objects.get(name="Retail")
    person = open_customer(
        actor=actor,
        name=PERSON,
        kind="residential",
        terms=Terms(tariff=tariff, opening_balance=Decimal(10)),
        login=Login("ada", None, email="ada@home.example"),
        opened_at=OPENED,
    )
    business = open_customer(
        actor=actor,
        name=BUSINESS,
        kind="business",
        terms=Terms(tariff=tariff, opening_balance=Decimal("77.77")),
        opened_at=OPENED,
    )
    open_account(actor=actor, customer=person, auth_name="ada-home", opened_at=OPENED)
    create_trunk(
        actor=actor,
        customer=business,
        name="Harbour PBX",
        hosts=[NewHost("192.0.2.10")],
        opened_at=OPENED,
    )
    return Neighbours(person, business)


def test_each_sees_its_own_calls_and_balance_alone(
    portal: Portal, mail: MailSink, neighbours: Neighbours
) -> None:
    deliver(portal, switch_token(portal))
    calls = {call.called_number: call for call in Call.objects.all()}
    person, business = neighbours
    assert calls[AT_HOME].customer == person
    assert calls[AT_WORK].customer == business

    page = come_in_by_letter(portal, mail, "ada", "ada@home.example")
    the_person_sees(portal, page, neighbours, calls[AT_HOME].id, calls[AT_WORK].id)
    invite_to_the_telephone(portal, page)
    portal.sign_out()
    come_in_by_letter(portal, mail, "kitchen", "kitchen@home.example")
    the_telephone_sees(portal, page, neighbours, calls[AT_HOME].id, calls[AT_WORK].id)
    portal.sign_out()
    portal.sign_in("reseller")
    the_reseller_sees(portal, page, neighbours)
    portal.sign_out()
    portal.sign_in("other-reseller")
    a_stranger_sees_nothing(portal, page, neighbours, [call.id for call in calls.values()])

    assert Balance.objects.get(customer=person).amount == Decimal("9.97")
    assert Balance.objects.get(customer=business).amount == Decimal("77.65")


def switch_token(portal: Portal) -> str:
    """A token of a new switch, as its page shows it to Root's operator, once."""
    page = portal.sign_in("operator")
    portal.follow("System", "Switches")
    page.get_by_role("link", name="New switch").first.click()
    portal.fill(name="core-1")
    portal.press("Save")
    shown = page.get_by_role("status").filter(has_text="Token of the switch").inner_text()
    portal.sign_out()
    return shown.rpartition(":")[2].strip()


def deliver(portal: Portal, token: str) -> None:
    """The switch posts both calls, of an hour ago."""
    start = now() - timedelta(hours=1)
    body = {
        "calls": [
            call("home", AT_HOME, start, 60, auth_name="ada-home"),
            call("work", AT_WORK, start, 120, source_ip="192.0.2.10"),
        ]
    }
    request = urllib.request.Request(
        f"{portal.url}/api/v1/cdrs",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        report = json.load(answer)
    assert (report["accepted"], report["rejected"]) == (2, [])


def call(name: str, called: str, setup: datetime, seconds: int, **source: str) -> dict[str, object]:
    """A call of ``seconds`` as the switch posts it."""
    return {
        "call_id": name,
        "setup_at": setup.isoformat(),
        "answered_at": (setup + timedelta(seconds=3)).isoformat(),
        "ended_at": (setup + timedelta(seconds=3 + seconds)).isoformat(),
        "duration": seconds,
        "caller": "4420111222",
        "called": called,
        **source,
    }


def the_person_sees(
    portal: Portal, page: Page, neighbours: Neighbours, own: int, other: int
) -> None:
    """Its call at its price, what is left of its money, and nothing of anybody else."""
    funds = page.get_by_role("region", name="Available funds")
    portal.reload_until(funds.get_by_text(money("9.97 EUR")).first)
    check_seen(page, {AT_HOME, HOME_PRICE}, {AT_WORK, BUSINESS, "77."})
    menu = menu_of(page)
    assert not OWN_MENU - menu
    assert not OWNERS_MENU & menu
    open_calls(portal, page)
    check_seen(page, {AT_HOME, HOME_PRICE}, {AT_WORK, BUSINESS})
    portal.open(f"/calls/{own}/")
    check_seen(page, {AT_HOME, HOME_PRICE}, {AT_WORK, "Wholesale", "Reseller"})
    portal.follow("Billing", "Statement")
    expect(page.get_by_role("rowheader").first).to_be_visible()
    check_seen(page, {"10.00", "9.97"}, {BUSINESS, "77."})
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/", "/calls/", f"/calls/{own}/", "/billing/statement/"):
        portal.open(path)
        assert not portal.scrolls_sideways(), path
    page.set_viewport_size({"width": 1440, "height": 900})
    for path in (f"/calls/{other}/", *pages_of(neighbours.business)):
        refused(portal, path)
    refused(portal, f"/accounts/trunks/{neighbours.business.trunks.get().pk}/", status=403)


def invite_to_the_telephone(portal: Portal, page: Page) -> None:
    """The person gives the telephone a login of its own, by a mailed link."""
    portal.follow("Accounts & Trunks", "Accounts")
    page.get_by_role("link", name="ada-home", exact=True).click()
    page.get_by_role("main").get_by_role("link", name="Logins").click()
    page.get_by_role("link", name="Add login").first.click()
    portal.fill(login="kitchen", email="kitchen@home.example")
    portal.press("Add login")
    expect(page.get_by_role("row").filter(has_text="kitchen")).to_be_visible()


def the_telephone_sees(
    portal: Portal, page: Page, neighbours: Neighbours, own: int, other: int
) -> None:
    """The call that its customer pays, without a price; neither money nor the customer's pages."""
    check_seen(page, {AT_HOME}, {AT_WORK, BUSINESS, "EUR", "9.97"}, prices=())
    menu = menu_of(page)
    assert OWN_MENU & menu == {"Dashboard", "CDRs"}
    assert not OWNERS_MENU & menu
    open_calls(portal, page)
    check_seen(page, {AT_HOME}, {AT_WORK, BUSINESS, "EUR"}, prices=())
    portal.open(f"/calls/{own}/")
    check_seen(page, {AT_HOME}, {AT_WORK, "EUR", "Retail"}, prices=())
    for path in (f"/calls/{other}/", *pages_of(neighbours.person), *pages_of(neighbours.business)):
        refused(portal, path)


def the_reseller_sees(portal: Portal, page: Page, neighbours: Neighbours) -> None:
    """Both calls with what they earn and cost it, and both balances; not what Root pays."""
    open_calls(portal, page)
    both = {AT_HOME, AT_WORK, PERSON, BUSINESS, HOME_PRICE, WORK_PRICE}
    check_seen(page, both, set(), prices=PRICES)
    for customer, balance in ((neighbours.person, "9.97"), (neighbours.business, "77.65")):
        portal.open(f"/customers/{customer.pk}/")
        region = page.get_by_role("region", name="Balance")
        expect(region).to_contain_text(money(f"{balance} EUR"))


def a_stranger_sees_nothing(
    portal: Portal, page: Page, neighbours: Neighbours, calls: list[int]
) -> None:
    open_calls(portal, page)
    expect(page.get_by_role("heading", name="No calls in the last days")).to_be_visible()
    paths = [f"/calls/{pk}/" for pk in calls]
    for customer in neighbours:
        paths += pages_of(customer)
    for path in paths:
        refused(portal, path)


def open_calls(portal: Portal, page: Page) -> None:
    portal.follow("Calls", "CDRs")
    expect(page.get_by_role("heading", level=1)).to_have_text("CDRs")


def pages_of(customer: Customer) -> list[str]:
    """Pages about a customer that are not there for who does not own it."""
    return [f"/customers/{customer.pk}/", f"/billing/customers/{customer.pk}/ledger/"]


def refused(portal: Portal, path: str, *, status: int = 404) -> None:
    """A typed address is answered with ``status``, and nothing of what would stand there."""
    with portal.expecting(status):
        page = portal.open(path)
    text = page.locator("body").inner_text()
    assert not [word for word in (AT_WORK, BUSINESS, *PRICES) if word in text], path


def check_seen(
    page: Page, shown: set[str], hidden: set[str], *, prices: tuple[str, ...] = (HOME_PRICE,)
) -> None:
    """The main part has ``shown`` and none of ``hidden``; of PRICES only ``prices`` may stand."""
    for word in shown:
        expect(page.get_by_role("main")).to_contain_text(word)
    html = page.content()
    assert not [word for word in hidden | (set(PRICES) - set(prices)) if word in html]


def menu_of(page: Page) -> set[str]:
    """The links of the main menu, those of closed groups too."""
    links = page.get_by_role("navigation", name="Main menu").get_by_role(
        "link", include_hidden=True
    )
    return {text.strip() for text in links.all_text_contents()}
