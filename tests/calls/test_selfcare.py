"""The portal of each kind of customer: menu, panels and pages agree with what its owner permits."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Charge
from calls.services.charging import charge_pending
from customers.choices import Kind
from customers.models import Customer
from customers.permissions import DEFAULT_GRANTS, allowed, undelegated
from customers.selectors import actor_for
from customers.services.permissions import set_rights
from customers.tenancy import Actor
from softswitch.core.nav import Declared
from tariffs.models import Tariff
from tests.architecture.test_strangers import WITHOUT_KEY
from tests.calls.stored import store_call
from tests.security.portal import signed_in, text_of
from tests.world import World, actor_of, customer_of

pytestmark = pytest.mark.django_db
SELF_CARE = (Kind.BUSINESS, Kind.RESIDENTIAL, Kind.TERMINATION, Kind.VIRTUAL)
# The panels of the dashboard, by the right that shows them.
PANELS = {
    "balance.view": ("funds", "entries"),
    "payments.make": ("top-up",),
    "cdrs.view": ("month", "recent"),
    "accounts.view": ("accounts",),
    "trunks.view": ("trunks",),
}
# Pages that ask for more than the right they declare: the kinds without vouchers have no cards.
ASKS_MORE = {"accounts:card_batch_create"}
# Pages that the menu leaves out for who has nobody to invoice.
FOR_ISSUERS = ("billing:aging", "billing:revenue")
# Pages that a login of one account, which sees its own, has no use for.
NOT_FOR_ACCOUNTS = (
    "calls:unrated_list",
    "billing:period_list",
    "billing:closing_list",
    *FOR_ISSUERS,
)
PAGES = [route for route in WITHOUT_KEY if getattr(route.view, "permission", None)]


def menu() -> Iterator[tuple[str, str | None]]:
    """URL name and right of every entry that the settings declare."""
    for _label, name, _icon, right, children in cast("tuple[Declared, ...]", settings.NAVIGATION):
        for entry in [(name, right), *((child[1], child[3]) for child in children)]:
            if entry[0]:
                yield entry


def shown_menu(response: Any) -> set[str]:
    """The addresses in the menu of a page."""
    items = response.context["shell"]["nav"]
    return {item.url for group in items for item in [group, *group.children] if item.url}


def home(client: Client) -> tuple[Any, str]:
    response = client.get(reverse("dashboard"))
    assert response.status_code == 200
    return response, text_of(response)


def check_portal(client: Client, actor: Actor, right: str | None = None) -> None:
    """Menu, panels and pages of ``actor`` (those of ``right``, else all) show what it may do."""
    response, text = home(client)
    expected = {reverse(name) for name, needed in menu() if not needed or actor.can(needed)}
    closed = {reverse(name) for name in NOT_FOR_ACCOUNTS if actor.account_id is not None}
    is_issuer = actor.can("accounts.view")
    empty = {reverse(name) for name in FOR_ISSUERS if not is_issuer}
    assert shown_menu(response) == expected - closed - empty
    for needed, ids in PANELS.items():
        for panel in ids:
            assert (f'id="{panel}"' in text) == actor.can(needed), (needed, panel)
    wrong = []
    for route in PAGES:
        needed = route.view.permission
        if right in (None, needed):
            status = client.get(reverse(route.name)).status_code
            if status == 403 and route.name in ASKS_MORE:
                continue
            is_open = actor.can(needed) and reverse(route.name) not in closed
            if (status == 403) == is_open:
                wrong.append((route.name, status))
    assert wrong == []


@pytest.fixture
def street(world: World) -> Tariff:
    return Tariff.objects.get(owner=world.sub_reseller)


def portal_of(world: World, kind: str, tariff: Tariff) -> Customer:
    return customer_of(world.sub_reseller, "Porter", kind, tariff, opening_balance=Decimal(9))


@pytest.mark.parametrize("kind", SELF_CARE)
def test_menu_panels_and_pages_show_all_that_is_permitted(
    world: World, street: Tariff, kind: str
) -> None:
    customer = portal_of(world, kind, street)
    actor = actor_of(customer)
    assert actor.user is not None
    assert actor.rights <= allowed(kind)
    check_portal(signed_in(actor.user), actor)


@pytest.mark.parametrize("kind", SELF_CARE)
def test_each_right_taken_away_hides_its_entry_panel_and_page(
    world: World, street: Tariff, kind: str
) -> None:
    customer = portal_of(world, kind, street)
    whole = DEFAULT_GRANTS & allowed(kind)
    for right in sorted(whole):
        set_rights(actor=world.actor("sub_reseller"), customer=customer, rights=whole - {right})
        actor = actor_of(customer)
        assert actor.user is not None
        assert actor.rights == (whole | undelegated(kind)) - {right}
        check_portal(signed_in(actor.user), actor, right)


def test_without_any_right_the_dashboard_stands_empty(world: World, street: Tariff) -> None:
    customer = portal_of(world, Kind.RESIDENTIAL, street)
    set_rights(actor=world.actor("sub_reseller"), customer=customer, rights=frozenset())
    actor = actor_of(customer)
    assert actor.user is not None
    check_portal(signed_in(actor.user), actor)


def test_a_residential_customer_has_the_small_feature_set(world: World, street: Tariff) -> None:
    actor = actor_of(portal_of(world, Kind.RESIDENTIAL, street))
    assert actor.user is not None
    client = signed_in(actor.user)
    areas = ("customers:customer_", "accounts:trunk", "accounts:host", "accounts:voucher",
             "tariffs:tariff_", "accounts:card")  # fmt: skip
    closed = [route.name for route in PAGES if route.name.startswith(areas)]
    assert len(closed) > 8
    shown = shown_menu(client.get(reverse("dashboard")))
    for name in closed:
        assert client.get(reverse(name)).status_code == 403, name
        assert reverse(name) not in shown
    assert not [right for right in actor.rights if right.split(".")[0] in
                ("customers", "trunks", "vouchers", "tariffs")]  # fmt: skip


def test_the_dashboard_says_how_the_month_came_about(world: World) -> None:
    """Opening, entries and calls add up to what is there; the chart shows the same costs."""
    store_call(world.shop, "442079460000", 120, at=now(), account=world.account)
    charge_pending()
    paid = Charge.objects.get(customer=world.shop, account=None).amount
    response, text = home(signed_in(world.user("shop")))
    funds = response.context["funds"]
    total = funds.opening + (funds.earlier or 0) + funds.calls
    total += sum(line.amount for line in funds.entries)
    assert total == funds.balance.amount == Decimal(100) - paid
    assert -funds.calls == paid == sum(response.context["month"].days)
    assert "442079460000" in text
    assert world.reseller.name not in text


def test_the_balance_of_a_customer_in_debt_is_marked(world: World) -> None:
    world.shop.balances.update(amount=Decimal("-31.50"))
    assert "−31.50" in home(signed_in(world.user("shop")))[1]
    assert 'class="amount neg"' in home(signed_in(world.user("shop")))[1]


def test_the_dashboard_redeems_a_pin_without_telling_a_hidden_balance(
    world: World, street: Tariff
) -> None:
    customer = portal_of(world, Kind.RESIDENTIAL, street)
    rights = DEFAULT_GRANTS & allowed(Kind.RESIDENTIAL)
    set_rights(
        actor=world.actor("sub_reseller"), customer=customer, rights=rights - {"balance.view"}
    )
    user = actor_of(customer).user
    assert user is not None
    client = signed_in(user)
    wrong = client.post(reverse("billing:redeem"), {"pin": "1234567890"})
    assert wrong.status_code == 422
    assert "This PIN cannot be redeemed." in text_of(wrong)
    assert "9.00" not in text_of(wrong)


@pytest.mark.parametrize("count", [1, 12])
def test_the_statements_do_not_grow(
    world: World, django_assert_max_num_queries: Any, count: int
) -> None:
    for number in range(count):
        store_call(world.shop, f"44207946{number:04}", at=now(), account=world.account)
    charge_pending()
    client = signed_in(world.user("shop"))
    home(client)
    with django_assert_max_num_queries(60):
        home(client)


def test_rights_are_those_of_the_actor(world: World) -> None:
    """The check above would find a page that opens by less than it declares."""
    shop = actor_for(world.user("shop"))
    assert {name for name, right in menu() if right and shop.can(right)} >= {
        "billing:own_ledger",
        "billing:redeem",
        "calls:call_list",
    }
