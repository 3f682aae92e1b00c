"""Customer templates: stored settings without what identifies, and new customers by them."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from calls.services.demo.definitions import add_definitions
from customers.forms.steps import sent_by
from customers.models import (
    AuditEvent,
    Customer,
    CustomerClass,
    CustomerDraft,
    CustomerTemplate,
    CustomField,
    CustomFieldValue,
)
from customers.services.customers import edit_profile
from customers.services.parameters import set_parameters
from customers.services.permissions import delegated_rights, set_rights
from customers.services.templates import create_template
from tariffs.models import Tariff
from tests.customers.wizard import press, sent, signed_in, step
from tests.sql import count_queries
from tests.world import World

ANSWERS = {"basic": {"call_limit": ["7"], "kind": ["residential"]}}


def url(name: str, *args: Any) -> str:
    return reverse(f"customers:template_{name}", args=args)


@pytest.fixture
def client(world: World) -> Client:
    """The reseller's browser."""
    return signed_in(world, "reseller")


@pytest.fixture
def template(world: World) -> CustomerTemplate:
    """A template of the reseller's."""
    return create_template(actor=world.actor("reseller"), name="Homes", answers=ANSWERS)


def save_as_template(client: Client, source: object, name: str = "Homes") -> CustomerTemplate:
    target = f"{url('create')}?from={source}"
    assert client.get(target).status_code == 200
    assert client.post(target, {"name": name}).status_code == 302
    template: CustomerTemplate = CustomerTemplate.objects.get(name=name)
    return template


def test_a_customers_settings_become_a_template_without_what_identifies_it(
    world: World, client: Client
) -> None:
    owner, customer = world.actor("reseller"), world.sub_customer
    told = {"name": "Zanzibar", "main_email": "zanzibar@a.example", "internal_notes": "zanzibar"}
    company = {
        "company_name": "Zanzibar Ltd",
        "tax_id": "zanzibar",
        "billing_email": "zanzibar@b.example",
    }
    edit_profile(actor=owner, customer=customer, values=told | company | {"call_limit": 9})
    customer.refresh_from_db()
    set_parameters(actor=owner, customer=customer, values={"grace_days": 3})
    set_rights(actor=owner, customer=customer, rights=["cdrs.view"])
    template = save_as_template(client, customer.pk)
    assert "zanzibar" not in str(template.answers).lower()
    assert template.answers["basic"]["call_limit"] == ["9"]
    assert template.answers["invoice"]["grace_days"] == ["3"]
    assert template.answers["portal"]["rights"] == ["cdrs.view"]
    assert {"opening_balance", "name", "login"}.isdisjoint(template.answers["basic"])
    assert "company" not in template.answers


def test_a_customer_is_opened_by_a_template_straight_from_the_first_step(
    world: World, client: Client
) -> None:
    owner, customer = world.actor("reseller"), world.sub_customer
    edit_profile(actor=owner, customer=customer, values={"cps_limit": 4})
    set_parameters(actor=owner, customer=customer, values={"grace_days": 3})
    set_rights(actor=owner, customer=customer, rights=["cdrs.view"])
    template = save_as_template(client, customer.pk)
    assert client.post(url("use", template.pk)).headers["Location"] == step("basic")
    page = client.get(step("basic")).content.decode()
    assert "By the template Homes." in page
    assert 'value="submit"' in page
    press(client, "basic", "submit", name="Calder Voice")
    made = Customer.objects.get(name="Calder Voice")
    assert (made.cps_limit, made.parameters.grace_days) == (4, 3)
    assert delegated_rights(made) == {"cdrs.view"}
    # Later changes of the template touch nobody.
    forms = {"cps_limit": "99"}
    data = dict(sent_by(client.get(url("basic", template.pk)).context["form"])) | forms
    assert client.post(url("basic", template.pk), data).status_code == 302
    made.refresh_from_db()
    assert made.cps_limit == 4
    template.refresh_from_db()
    assert template.answers["basic"]["cps_limit"] == ["99"]


def test_personal_custom_fields_stay_with_their_customer(world: World, client: Client) -> None:
    group = CustomerClass.objects.create(owner=world.reseller, name="Retail class")
    kept, personal = (
        CustomField.objects.create(customer_class=group, name=name, kind="text", is_personal=flag)
        for name, flag in (("Segment", False), ("Passport", True))
    )
    customer = world.sub_customer
    edit_profile(actor=world.actor("reseller"), customer=customer, values={"customer_class": group})
    for field, value in ((kept, "SME"), (personal, "zanzibar")):
        CustomFieldValue.objects.create(customer=customer, field=field, value=value)
    template = save_as_template(client, customer.pk)
    assert template.answers["basic"][f"custom_{kept.pk}"] == ["SME"]
    assert "zanzibar" not in str(template.answers)


def test_the_wizards_answers_so_far_become_a_template(client: Client) -> None:
    press(client, "basic", name="Zanzibar", call_limit="12")
    answer = press(client, "portal", "template", login="zanzibar")
    assert answer.headers["Location"] == url("create") + "?from=draft"
    template = save_as_template(client, "draft")
    assert template.answers["basic"]["call_limit"] == ["12"]
    assert "zanzibar" not in str(template.answers).lower()
    assert sent(client, "basic")["name"] == ["Zanzibar"]  # the draft goes on


def test_what_is_gone_is_dropped_and_named(world: World, client: Client) -> None:
    group = CustomerClass.objects.create(owner=world.reseller, name="Gone class")
    tariff = Tariff.objects.get(name="Street")  # another owner's by now
    answers = {"basic": {"customer_class": [str(group.pk)], "tariff": [str(tariff.pk)]}}
    template = create_template(actor=world.actor("reseller"), name="Old", answers=answers)
    group.delete()
    page = client.post(url("use", template.pk), follow=True).content.decode()
    assert "No longer available, so choose again: Customer class, Tariff." in page
    assert "Street" not in page
    assert CustomerDraft.objects.get().answers["steps"]["basic"] == {}


def test_starting_by_a_template_asks_before_it_replaces_a_draft(
    client: Client, template: CustomerTemplate
) -> None:
    press(client, "basic", name="Half done")
    page = client.post(url("use", template.pk))
    assert "They are lost." in page.content.decode()
    assert sent(client, "basic")["name"] == ["Half done"]
    client.post(url("use", template.pk), {"confirmed": "1"})
    assert sent(client, "basic")["name"] == [""]
    assert sent(client, "basic")["kind"] == ["residential"]


def test_templates_are_created_renamed_copied_and_deleted(client: Client) -> None:
    answer = client.post(url("create"), {"name": " Homes  A ", "description": "flats"})
    template = CustomerTemplate.objects.get()
    assert (template.name, template.description) == ("Homes A", "flats")
    assert answer.headers["Location"] == url("edit", template.pk)
    client.post(url("edit", template.pk), {"name": "Homes B", "description": ""})
    client.post(url("copy", template.pk))
    assert set(CustomerTemplate.objects.values_list("name", flat=True)) == {
        "Homes B",
        "Homes B (2)",
    }
    page = client.get(url("delete", template.pk)).content.decode()
    assert "Delete Homes B?" in page
    client.post(url("delete", template.pk))
    assert CustomerTemplate.objects.get().name == "Homes B (2)"
    actions = AuditEvent.objects.filter(action__startswith="template_")
    assert list(actions.order_by("pk").values_list("action", flat=True)) == [
        "template_created",
        "template_edited",
        "template_created",
        "template_deleted",
    ]


@pytest.mark.parametrize(("name", "text"), [("", "required"), ("homes", "of this name exists")])
def test_a_name_is_needed_and_taken_once(
    client: Client, template: CustomerTemplate, name: str, text: str
) -> None:
    answer = client.post(url("create"), {"name": name})
    assert answer.status_code == 422
    assert text in str(answer.context["form"].errors["name"])
    assert CustomerTemplate.objects.count() == 1


def test_a_wrong_answer_of_a_template_is_refused(
    client: Client, template: CustomerTemplate
) -> None:
    answer = client.post(url("invoice", template.pk), {"tax_percent": "101"})
    assert answer.status_code == 422
    assert "tax_percent" in answer.context["form"].errors
    template.refresh_from_db()
    assert "invoice" not in template.answers


PAGES = ("edit", "basic", "report", "short_calls", "invoice", "portal", "notifications", "delete")


@pytest.mark.parametrize("name", [*PAGES, "use", "copy"])
@pytest.mark.parametrize(
    ("who", "status"),
    [("other_reseller", 404), ("operator", 404), ("sub_reseller", 404), ("sub_customer", 403)],
)
def test_nobody_else_reaches_a_template(
    world: World, template: CustomerTemplate, name: str, who: str, status: int
) -> None:
    stranger = signed_in(world, who)
    assert stranger.post(url(name, template.pk), {"name": "Mine"}).status_code == status
    if name in PAGES:
        assert stranger.get(url(name, template.pk)).status_code == status
    assert CustomerTemplate.objects.get().name == "Homes"
    assert not CustomerDraft.objects.exists()


@pytest.mark.parametrize(
    ("source", "status"), [("shop", 403), ("other_reseller", 404), ("reseller", 403)]
)
def test_only_direct_customers_become_templates(
    world: World, client: Client, source: str, status: int
) -> None:
    target = f"{url('create')}?from={getattr(world, source).pk}"
    assert client.get(target).status_code == status
    assert client.post(target, {"name": "Mine"}).status_code == status
    assert client.get(url("create") + "?from=x").status_code == 404


def test_the_list_costs_the_same_with_more_rows(world: World, client: Client) -> None:
    actor = world.actor("reseller")
    for number in range(5):
        create_template(actor=actor, name=f"T{number}")
    client.get(url("list"))
    few = count_queries(lambda: client.get(url("list")))
    for number in range(5, 30):
        create_template(actor=actor, name=f"T{number}")
    assert count_queries(lambda: client.get(url("list"))) == few


def test_the_demos_template_opens_a_carrier(world: World) -> None:
    add_definitions(world.actor("operator"))
    client = signed_in(world, "operator")
    client.post(url("use", CustomerTemplate.objects.get().pk))
    press(client, "basic", "submit", name="Calder Voice")
    made = Customer.objects.get(name="Calder Voice")
    assert str(made.customer_class) == "Carriers"
    balance = made.balances.get()
    assert (balance.mode, balance.credit_limit, balance.period_type) == (
        "postpaid",
        Decimal(5000),
        "weekly",
    )
