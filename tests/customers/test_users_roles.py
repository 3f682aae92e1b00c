"""Each role of product.md: what it opens, what it must not, and that it never adds a right."""

import pytest
from django.urls import reverse

from customers.choices import Role
from customers.models import User
from customers.permissions import ALL, ROLES
from customers.selectors import actor_for
from customers.services.permissions import delegated_rights, set_rights
from customers.services.users import create_user
from tests.security.portal import signed_in
from tests.world import PASSWORD, World

# Pages without a key, by the part of the work they belong to.
PAGES = {
    "money": ["billing:entry_list", "billing:own_ledger"],
    "calls": ["calls:call_list", "calls:unrated_list"],
    "prices": ["tariffs:own_rates", "tariffs:simulator"],
    "customers": ["customers:customer_list"],
    "accounts": ["accounts:account_list"],
    "trunks": ["accounts:trunk_list", "accounts:host_list"],
    "tariffs": ["tariffs:tariff_list"],
    "new account": ["accounts:account_create"],
    "new trunk": ["accounts:trunk_create"],
    "new customer": ["customers:customer_create"],
    "new tariff": ["tariffs:tariff_create"],
    "company": ["customers:company_edit"],
    "audit": ["customers:audit_list"],
}
OPENED = {
    Role.ADMINISTRATOR: set(PAGES),
    Role.BILLING: {"money", "calls", "prices", "customers", "accounts", "tariffs"},
    Role.REPORTER: {"calls"},
    Role.NOC: {"calls", "customers", "accounts", "trunks", "new account", "new trunk"},
    Role.READ_ONLY: {
        "money",
        "calls",
        "prices",
        "customers",
        "accounts",
        "trunks",
        "tariffs",
        "audit",
    },
}


def user_of(world: World, role: str) -> User:
    return create_user(
        actor=world.actor("reseller"),
        customer=world.sub_reseller,
        login="somebody",
        password=PASSWORD,
        role=role,
    )


@pytest.mark.parametrize("role", Role.values)
def test_a_role_opens_its_pages_and_no_others(world: World, role: str) -> None:
    client = signed_in(user_of(world, role))
    for part, names in PAGES.items():
        for name in names:
            status = client.get(reverse(name)).status_code
            # The own statement is everybody's page, and empty without the right.
            if part not in OPENED[Role(role)] and name != "billing:own_ledger":
                assert status == 403, (role, name)
            elif part in OPENED[Role(role)]:
                assert status == 200, (role, name)


@pytest.mark.parametrize("role", Role.values)
def test_only_an_administrator_manages_users(world: World, role: str) -> None:
    client = signed_in(user_of(world, role))
    users = reverse("customers:customer_users", args=[world.sub_reseller.pk])
    is_open = role == Role.ADMINISTRATOR
    assert (client.get(users).status_code == 200) is is_open


def test_roles_narrow_and_never_add(world: World) -> None:
    held = delegated_rights(world.sub_reseller)
    less = held - {"accounts.add", "trunks.edit", "cdrs.view"}
    set_rights(actor=world.actor("reseller"), customer=world.sub_reseller, rights=less)
    whole = world.actor("sub_reseller").rights
    assert not whole & {"accounts.add", "trunks.edit", "cdrs.view"}
    user = user_of(world, Role.NOC)
    for role in Role.values:
        user.role = role
        assert actor_for(user).rights == whole & ROLES[role]


def test_reading_roles_hold_no_right_to_change(world: World) -> None:
    changing = {code for code in ALL if not code.endswith(".view")}
    assert not ROLES[Role.READ_ONLY] & changing
    assert not ROLES[Role.REPORTER] & changing
    assert ROLES[Role.BILLING] & changing == {"money.manage", "payments.make"}
    assert not ROLES[Role.NOC] & {"money.manage", "payments.make", "balance.view", "rates.view"}


def test_the_noc_sets_limits_of_direct_customers_and_nothing_else(world: World) -> None:
    client = signed_in(user_of(world, Role.NOC))
    url = reverse("customers:limit_edit", args=[world.shop.pk])
    page = client.get(url)
    assert page.status_code == 200
    assert "credit_limit" not in page.context["form"].fields
    assert client.post(url, {"call_limit": "7", "cps_limit": ""}).status_code == 302
    world.shop.refresh_from_db()
    assert (world.shop.call_limit, world.shop.cps_limit) == (7, None)
    assert client.get(reverse("customers:customer_edit", args=[world.shop.pk])).status_code == 403


def test_without_the_right_to_edit_customers_nobody_sets_their_limits(world: World) -> None:
    held = delegated_rights(world.sub_reseller) - {"customers.edit"}
    set_rights(actor=world.actor("reseller"), customer=world.sub_reseller, rights=held)
    for role in (Role.NOC, Role.ADMINISTRATOR):
        user = world.user("sub_reseller") if role == Role.ADMINISTRATOR else user_of(world, role)
        assert not actor_for(user).can("limits.edit")
        url = reverse("customers:limit_edit", args=[world.shop.pk])
        assert signed_in(user).get(url).status_code == 403
