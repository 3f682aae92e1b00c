"""Walks every address as a stranger, as a user without rights, and as nobody."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.forms import ModelChoiceField
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from softswitch.core.forms import NamedChoiceField
from tests.architecture.samples import SECRET, build_samples
from tests.architecture.urls import Route, routes
from tests.world import World

BACKEND = "django.contrib.auth.backends.ModelBackend"
ROUTES = routes()
OPEN = {
    "login",
    "login_code",
    "logout",
    "healthz",
    "password_forgotten",
    "password_set",
    "billing:annex_by_link",
    "calls:report_by_link",
    "billing:webhook",  # a signature opens it (tests/billing/test_stripe.py)
}
ABSENT = 987_654_321  # no row has this key
WITH_KEY = [route for route in ROUTES if route.parameters and route.name not in OPEN]
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
        key = getattr(sample, "id", sample.pk)
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
@pytest.mark.parametrize("query", ["", "?export=csv", "?export=xlsx", "?show=all&name=a"])
def test_no_list_choice_or_export_names_a_foreign_row(walk: Walk, route: Route, query: str) -> None:
    """Pages, their HTMX partials and exports, of a reseller beside and of a customer beside."""
    for who in ("other_reseller", "sub_customer"):
        for headers in ({}, {"HX-Request": "true"}):
            answer = walk.client(who).get(reverse(route.name) + query, headers=headers)
            assert answer.status_code in (200, 302, 403, 404, 405), answer.status_code
            assert SECRET not in text_of(answer)


def text_of(answer: Any) -> str:
    """All text of an answer; of a workbook that of its parts."""
    body = b"".join(answer) if answer.streaming else answer.content
    if body.startswith(b"PK"):
        book = zipfile.ZipFile(io.BytesIO(body))
        body = b"".join(book.read(name) for name in book.namelist())
    return str(body.decode("utf-8", "replace"))


def asked_forms() -> Iterator[tuple[str, type[Any]]]:
    """Every form and query form behind an address, once, as the name of its class and itself."""
    found = {}
    for route in ROUTES:
        for attribute in ("form_class", "filterset_class"):
            kind = getattr(route.view, attribute, None)
            if kind is not None and hasattr(kind, "public_choices"):
                found[kind.__name__] = kind
    yield from found.items()


def test_no_form_takes_or_tells_of_a_foreign_row(walk: Walk) -> None:
    """A foreign key, or a foreign name, in any choice is answered like one that does not exist."""
    actor, checked = walk.world.actor("other_reseller"), 0
    for label, kind in asked_forms():
        fields = kind.base_filters if hasattr(kind, "base_filters") else kind.base_fields
        for name, field in fields.items():
            choice = getattr(field, "field", field)
            if not isinstance(choice, ModelChoiceField) or name in kind.public_choices:
                continue
            assert choice.queryset is not None
            row = walk.samples[choice.queryset.model]
            if type(row).__name__ in PUBLIC:
                continue
            keys = (str(row), "nobody") if isinstance(choice, NamedChoiceField) else (row.pk, 0)
            told = [errors_of(kind, actor, name, key) for key in keys]
            assert told[0], f"{label}.{name} takes a foreign row"
            assert told[0] == told[1], f"{label}.{name} tells of a foreign row"
            checked += 1
    assert checked > 5


def errors_of(kind: type[Any], actor: Any, name: str, value: object) -> list[str]:
    """What a form says of one of its fields."""
    if hasattr(kind, "base_filters"):
        rows = kind._meta.model.objects.none() if kind._meta.model else Customer.objects.none()
        form = kind({name: value}, queryset=rows, actor=actor).form
    else:
        form = kind(data={name: value}, actor=actor)
    return [str(error) for error in form.errors.get(name, [])]


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
        if right and right not in ("cdrs.view", "reports.view"):
            assert client.get(reverse(route.name)).status_code in (403, 405), route.name
