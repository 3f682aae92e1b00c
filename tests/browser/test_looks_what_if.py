"""The pages of what-ifs for every eye: asked, answered, led further, compared."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser

from calls.services.charging import charge_pending
from calls.services.what_if.questions import Change
from tariffs.models import Rate, Tariff
from tests.browser.portal import Portal
from tests.browser.test_looks import SIZES, faults_of
from tests.calls.stored import START, store_call
from tests.calls.what_if import asked
from tests.world import World, tariff_with_rates

LONG = "Wholesale gold for all who have stayed with us for long"
NUMBERS = ("442071234567", "12125550100", "33199990000", "447911123456")


@pytest.fixture
def paths(stored_world: World) -> list[str]:
    """The pages of two what-ifs about calls of several customers, one with losses."""
    world = stored_world
    cheap = tariff_with_rates(world.reseller, LONG, "EUR", factor="2")
    Rate.objects.filter(tariff=cheap, prefix="1").update(price_1=0, price_n=0)
    Rate.objects.filter(tariff=cheap, prefix__in=["", "33"]).delete()
    for place in range(16):
        for customer in (world.shop, world.sub_customer):
            at = START + timedelta(hours=place)
            store_call(customer, NUMBERS[place % 4], 60 * place + 7, at=at)
    charge_pending()
    retail, actor = Tariff.objects.get(name="Retail"), world.actor("reseller")
    one = asked(actor, Change(tariff=cheap.pk), has_below=True)
    two = asked(actor, Change(kind="markup", tariff=retail.pk, amount=Decimal("7.5")))
    return [
        "/calls/what-if/",
        f"/calls/what-if/new/?tariff={cheap.pk}",
        f"/calls/what-if/{one.pk}/",
        f"/calls/what-if/{one.pk}/?group=pair",
        f"/calls/what-if/{one.pk}/?group=destination&only=unrated",
        f"/calls/what-if/compare/?a={one.pk}&b={two.pk}",
        f"/calls/what-if/{one.pk}/delete/",
        f"/tariffs/{cheap.pk}/",
    ]


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_of_what_ifs(
    browser: Browser, live_server: Any, paths: list[str], size: str
) -> None:
    width, height = SIZES[size]
    with Portal(
        browser,
        live_server.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    ) as portal:
        portal.sign_in("reseller")
        found = []
        for path in paths:
            portal.open(path)
            found += faults_of(portal, path)
    assert not found, "\n".join(found)
