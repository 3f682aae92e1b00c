"""Walks every address as a stranger, as a user without rights, and as nobody."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.architecture.samples import SECRET, build_samples
from tests.architecture.urls import Route, routes
from tests.world import World

BACKEND = "django.contrib.auth.backends.ModelBackend"
ROUTES = routes()
OPEN = {"login", "logout", "healthz"}
ABSENT = 987_654_321  # no row has this key
WITH_KEY = [route for route in ROUTES if route.parameters]
WITHOUT_KEY = [route for route in ROUTES if not route.parameters and route.name not in OPEN]
# Everybody signed in may read the currencies and their exchange rates.
PUBLIC = {"Currency", "ExchangeRate"}


@dataclass
class Walk:
    """The world, and a row of each model for the keys of the addresses."""

    world: World
    samples: dict[Any, Any]

    def client(self, who: str) -> Client:
        client = Client()
        client.force_login(self.world.user(who), backend=BACKEND)
        return client

    def url(self, route: Route, *, absent: bool = False) -> str:
        """The address with the key of a foreign row, or of none."""
        sample = self.samples[self.model(route)]
        key = getattr(sample, getattr(route.view, "lookup", "pk"))
        values = dict.fromkeys(route.parameters, ABSENT if absent else key)
        for name in set(route.parameters) - {"pk", "id", "call_id"}:
            values[name] = getattr(sample, f"{name}_id", None) or values[name]
            values[name] = ABSENT if absent else values[name]
        return reverse(route.name, kwargs=values)

    def model(self, route: Route) -> Any:
        model = getattr(route.view, "parent_model", None) or getattr(route.view, "model", None)
        assert model in self.samples, f"{route.name}: add a row of {model} to tests/.../samples.py"
        return model


@pytest.fixture
def walk(world: World) -> Walk:
    return Walk(world, build_samples(world))


def names(items: list[Route]) -> list[str]:
    return [item.name for item in items]


def test_every_address_has_a_name() -> None:
    assert [route for route in ROUTES if not route.name or route.name.endswith(":")] == []
    assert len(ROUTES) > 40


@pytest.mark.parametrize("route", WITH_KEY, ids=names(WITH_KEY))
@pytest.mark.parametrize("who", ["other_reseller", "sub_customer"])
def test_a_foreign_row_looks_like_none(walk: Walk, route: Route, who: str) -> None:
    """The same answer for a foreign row as for one that does not exist: 404, or 403 for both."""
    if walk.model(route).__name__ in PUBLIC:
        assert SECRET not in walk.client(who).get(walk.url(route)).content.decode()
        return
    client = walk.client(who)
    for method in (client.get, client.post):
        foreign, absent = method(walk.url(route)), method(walk.url(route, absent=True))
        assert foreign.status_code == absent.status_code
        assert foreign.status_code in (404, 403, 405)
        assert SECRET not in foreign.content.decode()


@pytest.mark.parametrize("route", WITHOUT_KEY, ids=names(WITHOUT_KEY))
@pytest.mark.parametrize("query", ["", "?export=csv", "?show=all&name=a"])
def test_no_list_choice_or_export_names_a_foreign_row(walk: Walk, route: Route, query: str) -> None:
    for who in ("other_reseller",):
        answer = walk.client(who).get(reverse(route.name) + query)
        assert answer.status_code in (200, 302, 403, 404, 405), answer.status_code
        body = b"".join(answer) if answer.streaming else answer.content
        assert SECRET not in body.decode("utf-8", "replace")


@pytest.mark.parametrize("route", [*WITH_KEY, *WITHOUT_KEY], ids=names([*WITH_KEY, *WITHOUT_KEY]))
def test_nobody_is_sent_to_the_login_page(walk: Walk, route: Route) -> None:
    url = walk.url(route) if route.parameters else reverse(route.name)
    for method in (Client().get, Client().post):
        answer = method(url)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login/?next=")


@pytest.mark.parametrize("route", WITH_KEY, ids=names(WITH_KEY))
def test_an_account_user_reaches_nothing_but_its_own(walk: Walk, route: Route) -> None:
    """The desk of another customer: every row of the shop's is absent to it."""
    world = walk.world
    user = world.user("other_reseller")
    foreign_account = type(world.account).objects.create(
        customer=world.other_reseller, auth_name="desk"
    )
    user.account = foreign_account
    user.save()
    client = Client()
    client.force_login(user, backend=BACKEND)
    if walk.model(route).__name__ in PUBLIC:
        return
    foreign, absent = client.get(walk.url(route)), client.get(walk.url(route, absent=True))
    assert foreign.status_code == absent.status_code
    assert foreign.status_code in (404, 403, 405)


def test_a_user_without_rights_opens_no_page_that_needs_one(walk: Walk) -> None:
    """A reporter sees calls and reports; every other declared right answers 403."""
    user = walk.world.user("reseller")
    user.role = "reporter"
    user.save()
    client = Client()
    client.force_login(user, backend=BACKEND)
    for route in WITHOUT_KEY:
        right = getattr(route.view, "permission", None)
        if right and right not in ("cdrs.view", "reports.view", "rates.view"):
            assert client.get(reverse(route.name)).status_code in (403, 405), route.name
