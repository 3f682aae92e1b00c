"""Roles narrow: the NOC reads no money, a reporter only calls, and neither writes more."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from billing.models import Balance
from billing.services.accounts import AccountTariff, open_account
from billing.services.customers import Login
from customers.choices import Role
from customers.models import User
from customers.selectors import actor_for
from customers.services.users import create_user
from tariffs.models import Tariff
from tests.architecture.samples import build_samples
from tests.security.portal import addresses, signed_in, text_of
from tests.world import PASSWORD, World

# What a role that only looks may send: its own profile, its bell, columns of lists, the way back.
OWN = {
    "customers:profile",
    "customers:password",
    "customers:second_factor_set_up",
    "customers:second_factor_codes",
    "customers:second_factor_off",
    "customers:switch_back",
    "notifications:notice_read",
}


def user_of(world: World, role: str) -> User:
    return create_user(
        actor=world.actor("sub_reseller"),
        customer=world.sub_reseller,
        login=f"role-{role}",
        password=PASSWORD,
        role=role,
    )


def client_of(world: World, role: str) -> Client:
    return signed_in(user_of(world, role))


@pytest.mark.parametrize(
    "name",
    ["customers:customer_list", "customers:customer_tree", "customers:company", "dashboard"],
)
def test_the_noc_reads_no_balance(world: World, name: str) -> None:
    Balance.objects.filter(customer=world.shop).update(amount=Decimal("-100.37"))
    shown = text_of(client_of(world, Role.NOC).get(reverse(name)))
    assert "100.37" not in shown
    assert "100.37" in text_of(client_of(world, Role.BILLING).get(reverse(name)))


def test_the_noc_reads_no_balance_of_a_customer_nor_of_its_export(world: World) -> None:
    Balance.objects.filter(customer=world.shop).update(amount=Decimal("-100.37"))
    noc, billing = client_of(world, Role.NOC), client_of(world, Role.BILLING)
    for url in (
        reverse("customers:customer_detail", args=[world.shop.pk]),
        reverse("customers:customer_list") + "?export=csv",
        reverse("customers:customer_list") + "?sort=-balance",
    ):
        answer = noc.get(url)
        assert answer.status_code == 200
        assert "100.37" not in text_of(answer)
        assert "100.37" in text_of(billing.get(url))


def test_only_who_sees_accounts_opens_one(world: World) -> None:
    url = reverse("accounts:account_detail", args=[world.account.pk])
    assert client_of(world, Role.REPORTER).get(url).status_code == 403
    assert client_of(world, Role.NOC).get(url).status_code == 200
    assert signed_in(User.objects.get(account=world.account)).get(url).status_code == 200


def test_an_account_shows_its_balance_to_its_user_and_to_billing_only(world: World) -> None:
    desk = open_account(
        actor=world.actor("sub_reseller"),
        customer=world.sub_reseller,
        auth_name="desk",
        by_itself=AccountTariff(
            Tariff.objects.get(owner=world.sub_reseller), opening_balance=Decimal("71.5")
        ),
        login=Login("desk", PASSWORD),
    )
    url = reverse("accounts:account_detail", args=[desk.pk])
    assert "71.50" in text_of(signed_in(User.objects.get(account=desk)).get(url))
    assert "71.50" in text_of(client_of(world, Role.BILLING).get(url))
    assert "71.50" not in text_of(client_of(world, Role.NOC).get(url))


def test_a_reporter_switches_to_nobody(world: World) -> None:
    url = reverse("customers:switch_to", args=[world.shop.pk])
    assert client_of(world, Role.REPORTER).post(url).status_code == 403
    assert client_of(world, Role.READ_ONLY).post(url).status_code == 302


def test_the_noc_opens_accounts_without_money_or_logins(world: World) -> None:
    noc = user_of(world, Role.NOC)
    form = text_of(signed_in(noc).get(reverse("accounts:account_create")))
    for name in ("tariff", "opening_balance", "login", "password"):
        assert f'name="{name}"' not in form
    sent = {"customer": world.sub_reseller.pk, "auth_name": "rack", "status": "active"}
    extra = {
        "tariff": Tariff.objects.get(owner=world.sub_reseller).pk,
        "opening_balance": "500",
        "login": "backdoor",
        "password": PASSWORD,
    }
    signed_in(noc).post(reverse("accounts:account_create"), sent | extra)
    made = Account.objects.get(auth_name="rack")
    assert not Balance.objects.filter(account=made).exists()
    assert not User.objects.filter(login="backdoor").exists()


def test_the_service_refuses_the_noc_money_and_logins_too(world: World) -> None:
    noc = actor_for(user_of(world, Role.NOC))
    terms = AccountTariff(Tariff.objects.get(owner=world.sub_reseller))
    with pytest.raises(PermissionDenied):
        open_account(actor=noc, customer=world.sub_reseller, auth_name="a", by_itself=terms)
    with pytest.raises(PermissionDenied):
        open_account(
            actor=noc, customer=world.sub_reseller, auth_name="b", login=Login("b", PASSWORD)
        )


@pytest.mark.parametrize("role", [Role.REPORTER, Role.READ_ONLY])
def test_a_role_that_only_looks_changes_nothing(world: World, role: str) -> None:
    """Every address, own rows and foreign ones: a POST is refused or finds nothing."""
    samples = build_samples(world)
    client = client_of(world, role)
    for name, url in addresses(samples):
        if name in OWN or (name == "customers:switch_to" and role == Role.READ_ONLY):
            continue
        assert client.post(url, {"do": "activate"}).status_code in (403, 404, 405), name
