"""The search above every page: what it finds, for whom, and that it tells nobody more."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, Trunk
from accounts.services.hosts import NewHost
from accounts.services.trunks import create_trunk
from customers.models import Customer
from tests.customers.test_customer_pages import browser, url
from tests.sql import count_queries
from tests.world import OPENED, World, customer_of

SEARCH = "/search/"


@pytest.fixture
def trunk(world: World) -> Trunk:
    """A trunk of the shop's with a network."""
    return create_trunk(
        actor=world.actor("sub_reseller"),
        customer=world.shop,
        name="Shop entrance",
        hosts=[NewHost("192.0.2.0/28"), NewHost("2001:db8::/48")],
        opened_at=OPENED,
    )


def groups(client: Client, text: str) -> dict[str, list[str]]:
    """The names found, by kind."""
    answer = client.get(SEARCH, {"q": text})
    assert answer.status_code == 200
    return {
        str(group.label): [hit.name for hit in group.hits] for group in answer.context["groups"]
    }


def test_each_kind_is_found_by_a_part(world: World, trunk: Trunk) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(company_name="Corner Électric")
    client = browser(world, "operator")
    assert groups(client, "shop") == {
        "Customers": ["Shop"],
        "Logins": ["shop", "shop-1"],
        "Accounts": ["shop-1"],
        "Trunks": ["Shop entrance"],
    }
    assert groups(client, "éLECT") == {"Customers": ["Shop"]}
    assert groups(client, "op-1") == {"Logins": ["shop-1"], "Accounts": ["shop-1"]}
    assert groups(client, "trance") == {"Trunks": ["Shop entrance"]}


@pytest.mark.parametrize("text", ["192.0.2.3", "192.0.2.", "192.0.2.0/24"])
def test_an_address_finds_the_host_it_lies_in(world: World, trunk: Trunk, text: str) -> None:
    assert groups(browser(world, "operator"), text) == {"Hosts": ["192.0.2.0/28"]}


def test_addresses_of_version_6_are_found(world: World, trunk: Trunk) -> None:
    assert groups(browser(world, "operator"), "2001:db8::5") == {"Hosts": ["2001:db8::/48"]}
    assert groups(browser(world, "operator"), "192.0.2.99") == {}


def test_what_starts_with_the_text_comes_first(world: World) -> None:
    tariff = world.sub_customer.tariff_assignments.get().tariff
    for name in ("A kiosk", "Kiosk"):
        customer_of(world.reseller, name, "business", tariff)
    assert groups(browser(world, "reseller"), "kiosk")["Customers"] == ["Kiosk", "A kiosk"]


def test_nobody_finds_what_it_does_not_see(world: World, trunk: Trunk) -> None:
    for who in ("other_reseller", "sub_customer"):
        for text in ("shop", "reseller", "192.0.2.3"):
            names = [name for hits in groups(browser(world, who), text).values() for name in hits]
            assert names in ([], ["other-reseller"]), (who, text)


def test_archived_rows_are_not_found(world: World, trunk: Trunk) -> None:
    client = browser(world, "sub_reseller")
    client.post(url("customer_archive", world.shop.pk), {"surplus": "forfeit", "reason": "gone"})
    assert groups(client, "shop") == {}
    assert groups(client, "192.0.2.3") == {}


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("noc", {"Customers", "Accounts", "Trunks"}),
        ("billing", {"Customers", "Accounts"}),
        ("administrator", {"Customers", "Logins", "Accounts", "Trunks"}),
    ],
)
def test_only_kinds_that_the_viewer_may_open(
    world: World, trunk: Trunk, role: str, kinds: set[str]
) -> None:
    user = world.user("sub_reseller")
    user.role = role
    user.save()
    client = Client()
    client.force_login(user)
    assert groups(client, "shop").keys() == kinds


def test_who_has_nothing_to_search_has_no_search(world: World) -> None:
    user = world.user("sub_reseller")
    user.role = "reporter"
    user.save()
    client = Client()
    client.force_login(user)
    assert client.get(SEARCH, {"q": "shop"}).status_code == 403
    assert 'action="/search/"' not in client.get("/").content.decode()
    assert 'action="/search/"' in browser(world, "reseller").get("/").content.decode()


def test_an_account_user_searches_nothing(world: World) -> None:
    client = Client()
    client.force_login(Account.objects.get(pk=world.account.pk).users.get())
    assert client.get(SEARCH, {"q": "shop"}).status_code == 403


def test_nobody_is_sent_to_the_login(world: World) -> None:
    assert Client().get(SEARCH, {"q": "shop"}).headers["Location"].startswith("/login/")


@pytest.mark.parametrize("text", ["s", "", "a\x00b", "x" * 121])
def test_what_cannot_be_searched_is_said(world: World, text: str) -> None:
    answer = browser(world, "reseller").get(SEARCH, {"q": text})
    assert answer.context["form"].errors.keys() == {"q"}
    assert answer.context["groups"] == []


@pytest.mark.parametrize("text", ["%%", "__", "'; --", "\\\\", '""'])
def test_signs_of_patterns_find_only_themselves(world: World, text: str) -> None:
    assert groups(browser(world, "operator"), text) == {}


def test_more_than_ten_lead_to_the_list_by_the_field_that_fits(world: World) -> None:
    tariff = world.sub_customer.tariff_assignments.get().tariff
    for number in range(12):
        made = customer_of(world.reseller, f"Stall {number}", "business", tariff)
        Customer.objects.filter(pk=made.pk).update(company_name=f"Market {number}")
    client = browser(world, "reseller")
    for text, field in (("stall", "name"), ("market", "company_name")):
        found = client.get(SEARCH, {"q": text}).context["groups"][0]
        assert (len(found.hits), found.has_more) == (10, True)
        assert f"{field}={text}" in found.more_url
        assert client.get(found.more_url).context["page"].paginator.count == 12


def test_it_sends_the_same_statements_however_much_is_found(world: World) -> None:
    client = browser(world, "reseller")
    tariff = world.sub_customer.tariff_assignments.get().tariff

    def search() -> Any:
        return client.get(SEARCH, {"q": "stall"})

    customer_of(world.reseller, "Stall", "business", tariff)
    search()
    few = count_queries(search)
    for number in range(10):
        customer_of(world.reseller, f"Stall {number}", "business", tariff)
    assert count_queries(search) <= few
