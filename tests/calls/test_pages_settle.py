"""The page that settles the level at fault of an unrated call at 0."""

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Charge
from calls.models import Call, UnratedCall
from calls.services.charging import charge_pending
from tariffs.models import Rate
from tests.calls.stored import store_call
from tests.world import World


@pytest.fixture
def unrated(world: World) -> Call:
    """A call of the shop for which its owner's retail tariff has no rate."""
    Rate.objects.filter(tariff__name="Retail").delete()
    call = store_call(world.shop, "442071234567")
    charge_pending()
    assert UnratedCall.objects.get().level_customer == world.sub_reseller
    return call


def settle(client: Client, world: World, who: str, call: Call, reason: str = "agreed") -> int:
    client.force_login(world.user(who))
    url = reverse("calls:unrated_settle", args=[call.id])
    return client.post(url, {"reason": reason}).status_code


def test_who_sells_to_the_level_settles_it(client: Client, world: World, unrated: Call) -> None:
    client.force_login(world.user("reseller"))
    url = reverse("calls:unrated_settle", args=[unrated.id])
    assert url in client.get(reverse("calls:unrated_list")).content.decode()
    assert client.get(url).status_code == 200
    assert settle(client, world, "reseller", unrated, reason=" ") == 422
    assert settle(client, world, "reseller", unrated) == 302
    charge_pending()
    charges = Charge.objects.filter(call_id=unrated.id).order_by("level")
    paid = {charge.customer_id: charge.amount for charge in charges}
    assert paid[world.sub_reseller.pk] == 0
    assert paid[world.shop.pk] > 0
    assert paid[world.reseller.pk] > 0
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [("sub_reseller", 403), ("shop", 403), ("other_reseller", 404), ("operator", 302)],
)
def test_others_do_not(client: Client, world: World, unrated: Call, who: str, status: int) -> None:
    assert settle(client, world, who, unrated) == status
    if status != 302:
        assert UnratedCall.objects.filter(call_id=unrated.id).exists()
        url = reverse("calls:unrated_settle", args=[unrated.id])
        assert url not in client.get(reverse("calls:unrated_list")).content.decode()
