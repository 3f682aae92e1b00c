"""The test world itself: four levels, opening balances, rights, tariffs in force."""

from decimal import Decimal

from customers.services.tree import broken_nodes
from tariffs.selectors import tariff_of
from tests.world import OPENED, World


def test_the_world_stands(world: World) -> None:
    assert broken_nodes() == []
    assert world.balance("shop").amount == Decimal(100)
    assert [world.shop.owner, world.sub_reseller.owner, world.reseller.owner] == [
        world.sub_reseller,
        world.reseller,
        world.root,
    ]
    tariff = tariff_of(world.shop.pk, OPENED)
    assert tariff is not None
    assert tariff.name == "Street"


def test_rights_shrink_with_the_kind(world: World) -> None:
    assert world.actor("reseller").can("customers.add")
    assert not world.actor("shop").can("customers.add")
    assert world.actor("shop").can("accounts.add")
    assert not world.actor("reseller").can("system.settings")
