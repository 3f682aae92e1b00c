"""The explanation of a charge: each viewer's own level and those below, never one above."""

from decimal import Decimal

import pytest

from calls.models import Call
from calls.selectors.explain import explain_call
from calls.services.charging import charge_pending
from customers.tenancy import Actor
from tests.calls.stored import charges_of, store_call
from tests.world import World


@pytest.fixture
def call(world: World) -> Call:
    stored = store_call(world.shop, "442071234567", 61)
    charge_pending()
    return stored


@pytest.mark.parametrize(
    ("who", "customers"),
    [
        ("operator", ["Shop", "Sub reseller", "Reseller"]),
        ("reseller", ["Shop", "Sub reseller", "Reseller"]),
        ("sub_reseller", ["Shop", "Sub reseller"]),
        ("shop", ["Shop"]),
        ("other_reseller", []),
        ("sub_customer", []),
    ],
)
def test_no_level_above_is_shown(world: World, call: Call, who: str, customers: list[str]) -> None:
    levels = explain_call(call, world.actor(who))
    assert [level.customer.name for level in levels] == customers
    assert [level.number for level in levels] == [1, 2, 3][: len(customers)]


def test_a_tariff_is_named_to_its_seller_only(world: World, call: Call) -> None:
    names = [
        level.tariff and level.tariff.name for level in explain_call(call, world.actor("reseller"))
    ]
    assert names == ["Street", "Retail", None]


def test_an_accounts_user_sees_no_price(world: World, call: Call) -> None:
    shop = world.actor("shop")
    actor = Actor(shop.user, shop.customer, shop.rights, shop.stack, world.account.pk)
    assert explain_call(call, actor) == []


def test_steps_end_in_the_cost(world: World, call: Call) -> None:
    levels = explain_call(call, world.actor("operator"))
    for level, charge in zip(levels, charges_of(call), strict=True):
        assert level.rate is not None
        assert level.rate.prefix == "4420"
        assert Decimal(level.steps[-1].value) == level.cost == charge.cost
        assert (level.amount, level.billed_seconds) == (charge.amount, 66)


def test_profit_is_in_the_currency_of_the_level(world: World, call: Call) -> None:
    bottom, middle, top = explain_call(call, world.actor("operator"))
    # The shop pays 0.0495 GBP, the sub-reseller 0.0275 GBP of a 0.033 EUR, the reseller in USD.
    assert (bottom.balance_currency, middle.balance_currency) == ("GBP", "GBP")
    assert bottom.profit == bottom.amount - middle.amount
    assert middle.profit is not None
    converted = (top.amount * Decimal("1.25") / Decimal("1.5")).quantize(Decimal("1e-6"))
    assert middle.profit == middle.amount - converted
    assert top.profit is None
    assert explain_call(call, world.actor("shop"))[0].profit is None


def test_a_call_without_answer_has_no_steps(world: World) -> None:
    stored = store_call(world.shop, "442071234567", answered=False)
    charge_pending()
    assert [(level.steps, level.rate) for level in explain_call(stored, world.actor("shop"))] == [
        ((), None)
    ]
