"""Changing the kind of a customer: what contradicts it is counted, what does not is done."""

import pytest

from accounts.services.hosts import NewHost
from accounts.services.trunks import create_trunk
from billing.services.customers import edit_customer
from customers.models import Customer
from customers.selectors import effective_rights
from customers.services.kinds import change_kind, kind_for
from customers.services.permissions import delegated_rights
from softswitch.core.errors import DomainError
from tests.world import OPENED, World


def edit(world: World, who: str, kind: str) -> Customer:
    customer = getattr(world, who)
    owner = "reseller" if who in ("sub_reseller", "sub_customer") else "sub_reseller"
    return edit_customer(actor=world.actor(owner), customer=customer, profile={"kind": kind})


@pytest.mark.parametrize(
    ("who", "kind", "counts"),
    [
        ("sub_reseller", "business", "1 live sub-customer, 1 tariff"),
        ("sub_reseller", "virtual", "1 live sub-customer, 1 tariff"),
        ("shop", "residential", "1 trunk"),
        ("shop", "virtual", "1 SIP account, 1 trunk"),
        ("shop", "termination", "1 SIP account"),
    ],
)
def test_what_contradicts_a_kind_is_counted(world: World, who: str, kind: str, counts: str) -> None:
    create_trunk(
        actor=world.actor("sub_reseller"),
        customer=world.shop,
        name="Gate",
        hosts=[NewHost("192.0.2.1")],
        opened_at=OPENED,
    )
    with pytest.raises(DomainError) as caught:
        edit(world, who, kind)
    assert (caught.value.code, caught.value.field) == ("kind", "kind")
    assert f"It has {counts}, which this kind cannot have." == caught.value.message
    assert Customer.objects.get(pk=getattr(world, who).pk).kind != kind


def test_a_kind_that_nothing_contradicts_narrows_the_rights_and_keeps_the_grants(
    world: World,
) -> None:
    granted = delegated_rights(world.sub_customer)
    assert "trunks.add" in granted
    changed = edit(world, "sub_customer", "residential")
    assert delegated_rights(changed) == granted
    assert "trunks.add" not in effective_rights(changed)
    assert "trunks.add" in effective_rights(edit(world, "sub_customer", "business"))


def test_a_business_customer_grows_into_a_reseller_and_nothing_else(world: World) -> None:
    actor, customer = world.actor("reseller"), world.sub_customer
    assert kind_for(customer, "trunks.add") == "business"
    assert kind_for(customer, "customers.add") == "reseller"
    for kind in ("residential", "root", "other"):
        with pytest.raises(DomainError) as caught:
            change_kind(actor=actor, customer=customer, kind=kind)
        assert caught.value.code == "kind"
    assert change_kind(actor=actor, customer=customer, kind="reseller")
    assert Customer.objects.get(pk=customer.pk).kind == "reseller"
