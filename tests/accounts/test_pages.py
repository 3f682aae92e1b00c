"""Pages of accounts, trunks and hosts: owner, stranger, missing right, nobody."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Charging
from accounts.models import Account, AccountTerms, Host, Trunk
from accounts.services.hosts import NewHost
from accounts.services.trunks import create_trunk
from billing.models import Balance
from tests.accounts.browsing import browser
from tests.sql import count_queries
from tests.world import OPENED, PASSWORD, World, tariff_with_rates


@pytest.fixture
def trunk(world: World) -> Trunk:
    return create_trunk(
        actor=world.actor("sub_reseller"),
        customer=world.shop,
        name="Office",
        hosts=[NewHost("192.0.2.10"), NewHost("198.51.100.0/28", "77")],
        opened_at=OPENED,
    )


def pages(world: World, trunk: Trunk) -> dict[str, str]:
    account, host = world.account, trunk.hosts.earliest("pk")
    return {
        "account": reverse("accounts:account_detail", args=[account.pk]),
        "account edit": reverse("accounts:account_edit", args=[account.pk]),
        "trunk": reverse("accounts:trunk_detail", args=[trunk.pk]),
        "trunk edit": reverse("accounts:trunk_edit", args=[trunk.pk]),
        "host": reverse("accounts:host_create", args=[trunk.pk]),
        "host remove": reverse("accounts:host_remove", args=[host.pk]),
    }


def test_owner_and_customer_open_them_a_stranger_finds_nothing(world: World, trunk: Trunk) -> None:
    for name, url in pages(world, trunk).items():
        assert browser(world, "shop").get(url).status_code == 200, name
        assert browser(world, "sub_reseller").get(url).status_code == 200, name
        for stranger in ("other_reseller", "sub_customer"):
            assert browser(world, stranger).get(url).status_code == 404, (name, stranger)
        assert Client().get(url).status_code == 302


def test_who_stands_two_levels_above_may_look_but_not_edit(world: World, trunk: Trunk) -> None:
    for name, url in pages(world, trunk).items():
        expected = 200 if name in ("account", "trunk") else 403
        assert browser(world, "reseller").get(url).status_code == expected, name


def test_lists_hold_the_subtree_only(world: World, trunk: Trunk) -> None:
    for name, text in {
        "account_list": "shop-1",
        "trunk_list": "Office",
        "host_list": "198.51.100.0/28",
    }.items():
        url = reverse(f"accounts:{name}")
        for who in ("operator", "reseller", "shop"):
            assert text in browser(world, who).get(url).content.decode(), (name, who)
        assert text not in browser(world, "other_reseller").get(url).content.decode()


def test_an_account_is_opened_in_the_browser(world: World) -> None:
    answer = browser(world, "sub_reseller").post(
        reverse("accounts:account_create"),
        {
            "customer": world.shop.pk,
            "auth_name": "shop-2",
            "sip_password": "secret-secret",
            "status": "active",
            "login": "",
            "password": "",
            "save_and_close": "1",
        },
    )
    account = Account.objects.get(auth_name="shop-2")
    assert answer.headers["Location"] == reverse("accounts:account_detail", args=[account.pk])
    assert account.digest_ha1
    assert "secret" not in account.digest_ha1
    assert AccountTerms.objects.get(account=account).charging == Charging.WITH_CUSTOMER


def test_an_account_charged_by_itself_has_a_balance_of_its_own(world: World) -> None:
    tariff = tariff_with_rates(world.reseller, "Staff", "EUR")
    answer = browser(world, "reseller").post(
        reverse("accounts:account_create"),
        {
            "customer": world.reseller.pk,
            "auth_name": "desk",
            "status": "active",
            "charging": "by_itself",
            "tariff": tariff.pk,
            "opening_balance": "12.50",
            "login": "desk",
            "password": PASSWORD,
        },
    )
    assert answer.status_code == 302
    balance = Balance.objects.get(account__auth_name="desk")
    assert (str(balance.amount), balance.currency_id) == ("12.500000", "EUR")
    assert browser(world, "reseller").login(username="desk", password=PASSWORD) is True


def test_a_taken_auth_name_says_only_taken(world: World) -> None:
    answer = browser(world, "other_reseller").post(
        reverse("accounts:account_create"),
        {"customer": world.other_reseller.pk, "auth_name": "SHOP-1", "status": "active"},
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "This auth name is taken." in text
    assert "Shop" not in text


def test_a_foreign_customer_is_no_choice(world: World) -> None:
    answer = browser(world, "other_reseller").post(
        reverse("accounts:account_create"),
        {"customer": world.shop.pk, "auth_name": "mine", "status": "active"},
    )
    assert answer.status_code == 422
    assert not Account.objects.filter(auth_name="mine").exists()


def test_a_host_is_added_and_removed(world: World, trunk: Trunk) -> None:
    client = browser(world, "shop")
    url = reverse("accounts:host_create", args=[trunk.pk])
    assert client.post(url, {"network": "203.0.113.7", "tech_prefix": ""}).status_code == 302
    host = Host.objects.get(network="203.0.113.7/32")
    client.post(reverse("accounts:host_remove", args=[host.pk]))
    host.refresh_from_db()
    assert host.valid_till is not None


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("192.0.2.10", "This address is taken."),
        ("198.51.100.3", None),
        ("nowhere", "is not an IP"),
        ("10.0.0.0/8", "too wide"),
    ],
)
def test_one_address_and_tech_prefix_lead_to_one_trunk(
    world: World, trunk: Trunk, network: str, message: str | None
) -> None:
    other = create_trunk(
        actor=world.actor("other_reseller"),
        customer=world.other_reseller,
        name="Office",
        hosts=[],
        opened_at=OPENED,
    )
    answer = browser(world, "other_reseller").post(
        reverse("accounts:host_create", args=[other.pk]), {"network": network, "tech_prefix": ""}
    )
    if message is None:  # the other host of this network has a tech prefix
        assert answer.status_code == 302
    else:
        assert answer.status_code == 422
        assert message in answer.content.decode()


def test_lists_ask_the_same_number_of_questions_for_more_rows(world: World) -> None:
    client = browser(world, "shop")
    few = count_queries(lambda: client.get(reverse("accounts:account_list")))
    for number in range(20):
        Account.objects.create(customer=world.shop, auth_name=f"more-{number}")
    assert count_queries(lambda: client.get(reverse("accounts:account_list"))) == few


def test_nobody_changes_a_sip_password_as_somebody_else(world: World) -> None:
    client = browser(world, "reseller")
    client.post(reverse("customers:switch_to", args=[world.sub_reseller.pk]))
    password = reverse("accounts:account_password", args=[world.account.pk])
    assert client.post(password, {"sip_password": "another-secret"}).status_code == 422
    url = reverse("accounts:account_edit", args=[world.account.pk])
    assert client.post(url, {"status": "active", "name": "Front desk"}).status_code == 302
    world.account.refresh_from_db()
    assert (world.account.name, world.account.digest_ha1) == ("Front desk", "")
