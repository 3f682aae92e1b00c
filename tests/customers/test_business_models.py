"""Business models: pages, tenancy, and a feature set that narrows a whole subtree at once."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from customers.models import AuditEvent, BusinessModel, Customer
from customers.permissions import DELEGATED
from customers.selectors import effective_rights
from customers.services.business_models import create_business_model, edit_business_model
from customers.services.permissions import set_rights
from softswitch.core.errors import DomainError
from tests.world import World

BACKEND = "django.contrib.auth.backends.ModelBackend"


def browser(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who), backend=BACKEND)
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"customers:business_model_{name}", args=args)


@pytest.fixture
def hosted(world: World) -> BusinessModel:
    """A model of the reseller's with all its features, worn by its sub-reseller."""
    made = create_business_model(
        actor=world.actor("reseller"),
        name="Hosted PBX",
        kinds=["reseller", "business"],
        account_kinds=["sip"],
        rights=sorted(effective_rights(world.reseller) & DELEGATED),
    )
    Customer.objects.filter(pk=world.sub_reseller.pk).update(business_model=made)
    return made


def test_the_feature_set_narrows_the_subtree_at_once(world: World, hosted: BusinessModel) -> None:
    for customer in (world.sub_reseller, world.sub_customer, world.shop):
        customer.refresh_from_db()
    before = effective_rights(world.shop)
    assert "cdrs.view" in before
    kept = sorted(set(hosted.rights) - {"cdrs.view"})
    actor = world.actor("reseller")
    edit_business_model(actor=actor, business_model=hosted, values={"rights": kept})
    assert "cdrs.view" not in effective_rights(world.sub_reseller)
    assert effective_rights(world.shop) == before - {"cdrs.view"}
    assert "cdrs.view" in effective_rights(world.sub_customer)  # of no model
    set_rights(actor=actor, customer=world.sub_reseller, rights={"cdrs.view"})
    assert "cdrs.view" not in effective_rights(world.sub_reseller)  # granted, yet no feature
    hosted.refresh_from_db()
    edit_business_model(actor=actor, business_model=hosted, values={"rights": ["cdrs.view"]})
    assert effective_rights(world.sub_reseller) & DELEGATED == {"cdrs.view"}


def test_only_the_owner_opens_its_models(world: World, hosted: BusinessModel) -> None:
    for page in (url("edit", hosted.pk), url("delete", hosted.pk)):
        assert browser(world, "reseller").get(page).status_code == 200
        for stranger in ("operator", "other_reseller", "sub_reseller"):
            assert browser(world, stranger).get(page).status_code == 404
        assert browser(world, "sub_customer").get(page).status_code == 403
        assert Client().get(page).status_code == 302
    with pytest.raises(PermissionDenied):
        edit_business_model(
            actor=world.actor("operator"), business_model=hosted, values={"name": "Mine"}
        )


def test_a_model_is_created_in_the_browser(world: World) -> None:
    client = browser(world, "reseller")
    page = client.get(url("create")).content.decode()
    assert "Customers: add" in page
    assert "System settings" not in page  # Root's alone
    sent = {
        "name": "Voice only",
        "kinds": ["business"],
        "account_kinds": ["sip"],
        "rights": "cdrs.view",
    }
    answer = client.post(url("create"), sent)
    made = BusinessModel.objects.get()
    assert answer.headers["Location"] == url("edit", made.pk)
    assert (made.owner, made.kinds, made.rights) == (world.reseller, ["business"], ["cdrs.view"])
    assert AuditEvent.objects.filter(action="business_model_created").exists()
    assert "Voice only" in client.get(url("list")).content.decode()
    assert "Voice only" not in browser(world, "sub_reseller").get(url("list")).content.decode()


@pytest.mark.parametrize(
    ("field", "data"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "hosted pbx"}),
        ("kinds", {"kinds": []}),
        ("kinds", {"kinds": ["root"]}),
        ("account_kinds", {"account_kinds": ["fax"]}),
        ("rights", {"rights": ["system.settings"]}),
        ("rights", {"rights": ["customers.view"]}),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    world: World, hosted: BusinessModel, field: str, data: dict[str, Any]
) -> None:
    sent = {"name": "New", "kinds": ["business"]} | data
    answer = browser(world, "reseller").post(url("create"), sent)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert BusinessModel.objects.count() == 1


def test_nobody_adds_a_feature_that_it_does_not_hold(world: World, hosted: BusinessModel) -> None:
    actor = world.actor("reseller")
    for rights in (["routing.change"], ["no.right"]):
        with pytest.raises(DomainError) as error:
            edit_business_model(actor=actor, business_model=hosted, values={"rights": rights})
        assert (error.value.code, error.value.field) == ("not_held", "rights")


def test_a_feature_that_the_owner_lost_stays_for_later(world: World, hosted: BusinessModel) -> None:
    held = effective_rights(world.reseller) & DELEGATED
    set_rights(
        actor=world.actor("operator"), customer=world.reseller, rights=held - {"vouchers.add"}
    )
    edit_business_model(
        actor=world.actor("reseller"), business_model=hosted, values={"rights": ["cdrs.view"]}
    )
    hosted.refresh_from_db()
    assert hosted.rights == ["cdrs.view", "vouchers.add"]


def test_a_kind_that_customers_have_stays(world: World, hosted: BusinessModel) -> None:
    with pytest.raises(DomainError) as error:
        edit_business_model(
            actor=world.actor("reseller"), business_model=hosted, values={"kinds": ["business"]}
        )
    assert (error.value.code, error.value.field) == ("in_use", "kinds")
    assert "1 of its customers" in error.value.message


def test_a_model_with_customers_stays(world: World, hosted: BusinessModel) -> None:
    client = browser(world, "reseller")
    answer = client.post(url("delete", hosted.pk), follow=True)
    assert "Hosted PBX is in use: 1 customer." in answer.content.decode()
    Customer.objects.filter(pk=world.sub_reseller.pk).update(business_model=None)
    client.post(url("delete", hosted.pk))
    assert not BusinessModel.objects.exists()
