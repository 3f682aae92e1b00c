"""The API of money: balances, entries, Maintenance that posts once."""

from decimal import Decimal
from typing import Any

import pytest

from billing.models import Balance, LedgerEntry
from customers.services.permissions import set_rights
from tests.api import Api
from tests.world import World

pytestmark = pytest.mark.django_db
URL = "/balances"


def money(**values: Any) -> dict[str, Any]:
    return {"action": "add_funds", "amount": "10.5", "currency": "GBP", **values}


def test_a_reseller_reads_its_own_balance_and_those_below(world: World) -> None:
    status, page = Api(world, "sub_reseller")("GET", URL)
    assert status == 200
    own, shop = (world.balance(who) for who in ("sub_reseller", "shop"))
    assert [row["id"] for row in page["items"]] == sorted([own.pk, shop.pk])
    row = next(row for row in page["items"] if row["id"] == shop.pk)
    assert (row["currency"], Decimal(row["amount"])) == ("GBP", Decimal(100))


def test_a_stranger_finds_no_balance_and_posts_nothing(world: World) -> None:
    ask, shop = Api(world, "other_reseller"), world.balance("shop")
    before = LedgerEntry.objects.count()
    for method, path, body in (
        ("GET", f"{URL}/{shop.pk}", None),
        ("GET", f"{URL}/{shop.pk}/entries", None),
        ("POST", f"{URL}/{shop.pk}/maintenance", money()),
    ):
        assert ask(method, path, body, key="k")[0] == 404
    assert LedgerEntry.objects.count() == before


def test_maintenance_posts_once_and_is_answered_the_same(world: World) -> None:
    ask, shop = Api(world, "sub_reseller"), world.balance("shop")
    url = f"{URL}/{shop.pk}/maintenance"
    first = ask("POST", url, money(notes="bank"), key="pay-1")
    assert first[0] == 201, first
    assert ask("POST", url, money(notes="bank"), key="pay-1") == first
    assert ask("POST", url, money(amount="11"), key="pay-1")[1]["code"] == "key_used"
    # Another token of the same user is another memory, but the ledger knows the key.
    again = Api(world, "sub_reseller")("POST", url, money(notes="bank"), key="pay-1")
    assert again == first
    shop.refresh_from_db()
    assert shop.amount == Decimal("110.5")
    entries = ask("GET", f"{URL}/{shop.pk}/entries")[1]
    assert [row["amount"] for row in entries["items"]] == ["100.000000", "10.500000"]


def test_maintenance_needs_a_key_and_an_owner(world: World) -> None:
    shop = world.balance("shop")
    url = f"{URL}/{shop.pk}/maintenance"
    status, answer = Api(world, "sub_reseller")("POST", url, money())
    assert (status, answer["code"]) == (422, "invalid")
    assert Api(world, "reseller")("POST", url, money(), key="k")[0] == 403
    assert Api(world, "shop")("POST", url, money(), key="k")[0] == 403


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1e30"}, "amount"),
        ({"currency": "pounds"}, "currency"),
        ({"currency": "XAF"}, "currency"),
        ({"action": "gift"}, "action"),
        ({"notes": "x" * 501}, "notes"),
    ],
)
def test_a_wrong_amount_or_currency_posts_nothing(
    world: World, values: dict[str, Any], field: str
) -> None:
    shop = world.balance("shop")
    url = f"{URL}/{shop.pk}/maintenance"
    status, answer = Api(world, "sub_reseller")("POST", url, money(**values), key="k")
    assert status == 422
    assert field in " ".join(answer.values()).lower()
    assert Balance.objects.get(pk=shop.pk).amount == Decimal(100)


def test_without_the_right_or_the_scope_no_balance_is_read(world: World) -> None:
    assert Api(world, "shop", "accounts:read")("GET", URL)[0] == 403
    ask = Api(world, "shop")
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights={"api.access"})
    status, page = ask("GET", URL)
    assert (status, page["items"]) == (200, [])  # Maintenance on accounts, of which none has any
