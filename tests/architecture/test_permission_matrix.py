"""Every page by every role: what a view declares decides, and nothing else opens or shuts it."""

import pytest
from django.test import Client
from django.urls import reverse

from customers.choices import Role
from customers.selectors import actor_for
from tests.architecture.test_strangers import WITHOUT_KEY, names
from tests.world import World

KINDS = ("operator", "reseller", "shop")
PAGES = [route for route in WITHOUT_KEY if getattr(route.view, "permission", None)]


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("who", KINDS)
def test_the_declared_right_opens_a_page(world: World, who: str, role: str) -> None:
    user = world.user(who)
    user.role = role
    user.save()
    client = Client()
    client.force_login(user)
    rights = actor_for(user).rights
    wrong = []
    for route in PAGES:
        status = client.get(reverse(route.name)).status_code
        is_open = status in (200, 302, 405)
        # A page may ask for more than its right (somebody with an own tariff, say), never for less.
        is_declared = {route.view.permission, *route.view.further} <= rights
        if not is_declared and status != 403:
            wrong.append((route.name, status))
        if is_declared and not is_open and status != 404:
            wrong.append((route.name, status))
    assert wrong == []


def test_most_pages_declare_a_right() -> None:
    """Those without one are everybody's own: the profile, the dashboard, the exchange rates."""
    free = {route.name for route in WITHOUT_KEY} - set(names(PAGES))
    assert free <= {
        "dashboard",
        "billing:own_ledger",
        "customers:company",
        "customers:company_edit",
        "customers:own_sessions",
        "customers:own_sign_ins",
        "customers:password",
        "customers:profile",
        "customers:second_factor",
        "customers:second_factor_codes",
        "customers:second_factor_off",
        "customers:second_factor_set_up",
        "customers:switch_back",
        "notifications:notice_list",
        "search",
        "tariffs:exchange_convert",
        "tariffs:exchange_list",
        "tariffs:progress",
    }
