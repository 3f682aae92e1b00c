"""The main pages for every eye: WCAG 2.2 AA by axe, light and dark, and no sideways scrolling."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils.timezone import now
from playwright.sync_api import Browser

from billing.models import Balance
from billing.services.alerts import run_alerts
from calls.models import Call
from calls.services.charging import charge_pending
from customers.models import Customer
from customers.services.parameters import set_parameters
from notifications.models import Notice
from tariffs.models import Tariff
from tests.browser.portal import Portal
from tests.calls.stored import store_call
from tests.world import World, customer_of

LONGEST = "Donaudampfschifffahrtsgesellschaftskapitän" * 2 + " Rural Cooperative Telephone Associa"
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {"desk": (1440, 900), "phone": (390, 844)}


def warn(world: World, debtor: Customer) -> None:
    """The debtor has alert rules, and stands as told of by them."""
    values = {
        "notifications": True,
        "low_balance_amount": Decimal(100),
        "credit_thresholds": [50, 80, 95],
        "zero_balance_notice": True,
    }
    set_parameters(actor=world.actor("reseller"), customer=debtor, values=values)
    assert run_alerts(moment=now()) == 1


@pytest.fixture
def full_world(stored_world: World) -> dict[str, str]:
    """Adds the extremes, and gives the addresses of the main pages as the reseller sees them."""
    assert len(LONGEST) == 120
    tariff = Tariff.objects.get(name="Retail")
    debtor = customer_of(
        stored_world.reseller, LONGEST, "business", tariff, opening_balance=Decimal(-1234567)
    )
    Customer.objects.filter(pk=debtor.pk).update(company_name=LONGEST)
    Balance.objects.filter(customer=debtor).update(credit_limit=Decimal(1234567))
    call = store_call(
        stored_world.shop,
        "442079460000",
        61,
        at=now() - timedelta(hours=1),
        account=stored_world.account,
    )
    charge_pending()
    assert Call.objects.count() == 1
    warn(stored_world, debtor)
    for path in ("", f"/customers/{debtor.pk}/"):
        Notice.objects.create(
            recipient=stored_world.reseller,
            event="suspended",
            values={"customer.company": LONGEST},
            path=path,
        )
    return {
        "dashboard": "/",
        "customer list": "/customers/",
        "customer list, searched in vain": "/customers/?name=nobody",
        "limits": "/customers/limits/",
        "move": f"/customers/{debtor.pk}/move/",
        "customer": f"/customers/{debtor.pk}/",
        "customer form": f"/customers/{debtor.pk}/edit/",
        "calls with drawer": f"/calls/{call.id}/",
        "reports": "/calls/reports/?group=destination",
        "tariff": f"/tariffs/{tariff.pk}/",
        "notices": "/messages/notices/",
        "ledger": f"/billing/customers/{debtor.pk}/ledger/",
    }


@pytest.mark.parametrize("size", SIZES)
def test_main_pages(
    browser: Browser, live_server: Any, full_world: dict[str, str], size: str
) -> None:
    width, height = SIZES[size]
    with Portal(
        browser,
        live_server.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    ) as portal:
        portal.open("/login/")
        found = faults_of(portal, "sign in")
        portal.sign_in("reseller")
        for name, path in full_world.items():
            portal.open(path)
            found += faults_of(portal, name)
        portal.context.clear_cookies()
        portal.sign_in("other-reseller")
        for name, path in {"first dashboard": "/", "no customers": "/customers/"}.items():
            portal.open(path)
            found += faults_of(portal, name)
    assert not found, "\n".join(found)


@pytest.mark.usefixtures("full_world")
def test_lists_fit_into_windows_between_telephone_and_desk(portal: Portal) -> None:
    """Columns leave before the page is too narrow for them, whatever stands in them."""
    portal.sign_in("reseller")
    wide = []
    for path in ("/customers/?show=all", "/customers/limits/", "/customers/tree/", "/accounts/"):
        portal.open(path)
        for width in (320, 560, 800, 1040, 1120, 1280, 1376):
            portal.page.set_viewport_size({"width": width, "height": 800})
            wide += [(path, width)] if portal.scrolls_sideways() else []
    assert not wide


def faults_of(
    portal: Portal, name: str, schemes: Sequence[Literal["light", "dark"]] = SCHEMES
) -> list[str]:
    """What is wrong with the page shown: its width, and what axe finds in light and dark."""
    found = [f"{name}: scrolls sideways"] if portal.scrolls_sideways() else []
    for scheme in schemes:
        portal.page.emulate_media(color_scheme=scheme)
        violations = Axe().run(portal.page, options={"runOnly": RULES}).response["violations"]
        found += [
            f"{name}, {scheme}: {violation['id']}: {node['html'][:200]} {node['any'][:1]}"
            for violation in violations
            for node in violation["nodes"]
        ]
    return found
