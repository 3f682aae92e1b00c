"""What a token must not tell or do: who stands above, and rights that were taken since."""

from typing import Any

import pytest

from customers.models import Customer, User
from customers.services.permissions import delegated_rights, set_rights
from tariffs.models import Tariff
from tests.api import Api
from tests.world import World

pytestmark = pytest.mark.django_db


def take(world: World, *rights: str) -> None:
    """Revoke ``rights`` of the reseller."""
    left = delegated_rights(world.reseller) - set(rights)
    set_rights(actor=world.actor("operator"), customer=world.reseller, rights=left)


def new_customer(world: World) -> dict[str, Any]:
    tariff = Tariff.objects.get(owner=world.reseller)
    return {"name": "From afar", "kind": "business", "tariff_id": tariff.pk}


def test_nobody_finds_out_its_owner_by_asking_for_its_customers(world: World) -> None:
    ask = Api(world, "sub_reseller")
    for owner in (world.reseller, world.root, world.other_reseller):
        assert ask("GET", f"/customers?owner_id={owner.pk}")[1]["items"] == []
    own = ask("GET", f"/customers?owner_id={world.sub_reseller.pk}")[1]["items"]
    assert [row["name"] for row in own] == ["Shop"]


def test_a_token_without_api_access_reads_nothing(world: World) -> None:
    ask = Api(world, "reseller")
    assert ask("GET", f"/customers/{world.reseller.pk}")[0] == 200
    take(world, "api.access")
    for path in (f"/customers/{world.reseller.pk}", "/customers", "/balances"):
        assert ask("GET", path)[0] == 403


def test_an_answer_is_not_given_again_after_its_right_was_taken(world: World) -> None:
    ask, body = Api(world, "reseller"), new_customer(world)
    first = ask("POST", "/customers", body, key="k-1")
    assert first[0] == 201
    take(world, "customers.add")
    assert ask("POST", "/customers", body, key="k-1")[0] == 403
    assert Customer.objects.filter(name="From afar").count() == 1
    granted = delegated_rights(world.reseller) | {"customers.add"}
    set_rights(actor=world.actor("operator"), customer=world.reseller, rights=granted)
    assert ask("POST", "/customers", body, key="k-1") == first


def test_an_answer_is_not_given_again_to_a_narrower_role(world: World) -> None:
    ask, body = Api(world, "reseller"), new_customer(world)
    assert ask("POST", "/customers", body, key="k-1")[0] == 201
    User.objects.filter(pk=ask.token.user_id).update(role="read_only")
    assert ask("POST", "/customers", body, key="k-1")[0] == 403
