"""Who may open which customer page: owner, customer, stranger, wrong role, nobody."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.choices import Role
from customers.models import User
from customers.services.users import create_user
from tests.world import PASSWORD, World

OF_A_CUSTOMER = [
    "customer_detail",
    "customer_edit",
    "customer_close",
    "customer_archive",
    "customer_customers",
    "customer_users",
    "customer_user_add",
    "customer_rights",
]
OWN = ["customer_list", "customer_tree", "customer_create", "company", "company_edit"]
POSTS = ["customer_activate", "customer_deactivate"]
OWNERS_ONLY = ["customer_edit", "customer_close", "customer_archive", "customer_rights"]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(name: str, *args: Any) -> str:
    return reverse(f"customers:{name}", args=args)


def opened(client: Client, name: str, pk: int) -> int:
    """The status of a page, or of pressing its button."""
    send = client.post if name in POSTS else client.get
    return send(page(name, pk)).status_code


@pytest.mark.parametrize("name", OF_A_CUSTOMER)
def test_the_owner_opens_each_page_of_its_customer(world: World, name: str) -> None:
    client = signed_in(world.user("reseller"))
    assert client.get(page(name, world.sub_reseller.pk)).status_code == 200


@pytest.mark.parametrize("name", OWN)
def test_a_reseller_opens_its_own_pages(world: World, name: str) -> None:
    assert signed_in(world.user("reseller")).get(page(name)).status_code == 200


@pytest.mark.parametrize("name", OF_A_CUSTOMER + POSTS)
def test_a_stranger_finds_nothing(world: World, name: str) -> None:
    client = signed_in(world.user("other_reseller"))
    assert opened(client, name, world.sub_reseller.pk) == 404


@pytest.mark.parametrize("name", OF_A_CUSTOMER + POSTS)
def test_nobody_sees_above_itself(world: World, name: str) -> None:
    client = signed_in(world.user("sub_reseller"))
    assert opened(client, name, world.reseller.pk) == 404


@pytest.mark.parametrize("name", [*OWNERS_ONLY, *POSTS])
def test_a_deeper_customer_is_read_only(world: World, name: str) -> None:
    client = signed_in(world.user("reseller"))
    refused = client.post(page(name, world.shop.pk))
    assert refused.status_code == 403
    assert "Switch to the owner first." in refused.content.decode()
    detail = client.get(page("customer_detail", world.shop.pk)).content.decode()
    assert "Switch to Sub reseller to change it" in detail
    assert page("customer_edit", world.shop.pk) not in detail


@pytest.mark.parametrize("name", [*OF_A_CUSTOMER, *POSTS])
def test_a_reporter_is_refused(world: World, name: str) -> None:
    reporter = create_user(
        actor=world.actor("operator"),
        customer=world.reseller,
        login="rolf",
        password=PASSWORD,
        role=Role.REPORTER,
    )
    assert opened(signed_in(reporter), name, world.sub_reseller.pk) == 403


@pytest.mark.parametrize("name", OWN)
def test_an_account_user_sees_no_customer_page(world: World, name: str) -> None:
    user = User.objects.get(account=world.account)
    assert signed_in(user).get(page(name)).status_code in (403, 404)


@pytest.mark.parametrize("name", OF_A_CUSTOMER + POSTS + OWN)
def test_nobody_in_particular_is_sent_to_the_login(world: World, name: str) -> None:
    args = [] if name in OWN else [world.sub_reseller.pk]
    answer = Client().get(page(name, *args))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("login"))


def test_the_own_page_hides_what_the_owner_keeps(world: World) -> None:
    client = signed_in(world.user("sub_customer"))
    shown = client.get(page("company")).content.decode()
    assert "My company" in shown
    assert "profitability" not in shown
    assert "Internal notes" not in shown
    assert "Retail" not in shown  # the owner's tariff
    assert "Reseller" not in shown.replace("Sub reseller", "")
