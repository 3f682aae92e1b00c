"""Custom fields on the customer's pages: its owner's form and overview, its own company."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import Customer, CustomerClass, CustomField, User
from customers.selectors.custom_fields import MASK, input_name, stored_custom_values
from customers.services.classes import create_class
from customers.services.custom_fields import create_field, set_custom_values
from tests.world import World

BACKEND = "django.contrib.auth.backends.ModelBackend"


def browser(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who), backend=BACKEND)
    return client


@pytest.fixture
def retail(world: World) -> CustomerClass:
    """A class with a field of each visibility, filled for the business customer."""
    actor = world.actor("reseller")
    made = create_class(actor=actor, name="Retail class")
    for name in ("hidden", "read", "edit"):
        create_field(
            actor=actor,
            customer_class=made,
            name=f"Field {name}",
            kind="text",
            visibility=name,
            is_personal=name == "read",
        )
    Customer.objects.filter(pk=world.sub_customer.pk).update(customer_class=made)
    world.sub_customer.refresh_from_db()
    values = {row.pk: f"Value {row.visibility}" for row in made.fields.all()}
    set_custom_values(actor=actor, customer=world.sub_customer, values=values)
    return made


def fields(made: CustomerClass) -> dict[str, CustomField]:
    return {row.visibility: row for row in made.fields.all()}


def sent(client: Client, **changes: Any) -> dict[str, Any]:
    """What the form of the own company sends after some changes."""
    form = client.get(reverse("customers:company_edit")).context["form"]
    values = {field.name: field.value() for field in form}
    return {name: "" if value is None else str(value) for name, value in values.items()} | changes


def test_the_owner_reads_all_fields_on_the_overview(world: World, retail: CustomerClass) -> None:
    url = reverse("customers:customer_detail", args=[world.sub_customer.pk])
    page = browser(world, "reseller").get(url).content.decode()
    for text in ("Value hidden", "Value read", "Value edit", "Retail class"):
        assert text in page
    User.objects.filter(pk=world.user("reseller").pk).update(role="read_only")
    page = browser(world, "reseller").get(url).content.decode()
    assert "Value read" not in page
    assert MASK in page


def test_the_customer_reads_what_is_not_hidden(world: World, retail: CustomerClass) -> None:
    client = browser(world, "sub_customer")
    page = client.get(reverse("customers:company")).content.decode()
    assert "Value read" in page
    assert "Value edit" in page
    for url in ("customers:company", "customers:company_edit", "customers:audit_list"):
        page = client.get(reverse(url)).content.decode()
        for text in ("Value hidden", "Field hidden", "Retail class"):
            assert text not in page, (url, text)


def test_the_customer_edits_what_is_open_to_it(world: World, retail: CustomerClass) -> None:
    client, rows = browser(world, "sub_customer"), fields(retail)
    edit, hidden = rows["edit"], rows["hidden"]
    form = client.get(reverse("customers:company_edit")).context["form"]
    assert [name for name in form.fields if name.startswith("custom_")] == [input_name(edit.pk)]
    changes = {
        input_name(edit.pk): "New",
        input_name(hidden.pk): "Hack",
        "company_name": "Shop Ltd",
    }
    answer = client.post(reverse("customers:company_edit"), sent(client, **changes))
    assert answer.status_code == 302
    stored = stored_custom_values(world.sub_customer)
    assert (stored[edit.pk], stored[hidden.pk]) == ("New", "Value hidden")
    world.sub_customer.refresh_from_db()
    assert world.sub_customer.company_name == "Shop Ltd"


def test_a_mandatory_field_is_asked_for_and_nothing_is_saved_without(
    world: World, retail: CustomerClass
) -> None:
    edit = fields(retail)["edit"]
    CustomField.objects.filter(pk=edit.pk).update(is_mandatory=True)
    client = browser(world, "sub_customer")
    changes = {input_name(edit.pk): "", "company_name": "Shop Ltd"}
    answer = client.post(reverse("customers:company_edit"), sent(client, **changes))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [input_name(edit.pk)]
    world.sub_customer.refresh_from_db()
    assert world.sub_customer.company_name == ""


def test_a_company_without_custom_fields_has_the_form_as_before(world: World) -> None:
    client = browser(world, "shop")
    answer = client.post(reverse("customers:company_edit"), sent(client, company_name="Corner"))
    assert answer.status_code == 302
    world.shop.refresh_from_db()
    assert world.shop.company_name == "Corner"


def test_the_owners_form_asks_for_mandatory_fields(world: World, retail: CustomerClass) -> None:
    edit = fields(retail)["edit"]
    CustomField.objects.filter(pk=edit.pk).update(is_mandatory=True)
    client = browser(world, "reseller")
    url = reverse("customers:customer_edit", args=[world.sub_customer.pk])
    form = client.get(url).context["form"]
    assert form[input_name(edit.pk)].value() == "Value edit"
    values = {field.name: field.value() for field in form}
    data = {name: "" if value is None else str(value) for name, value in values.items()}
    answer = client.post(url, data | {input_name(edit.pk): ""})
    assert list(answer.context["form"].errors) == [input_name(edit.pk)]
    answer = client.post(url, data | {input_name(edit.pk): "Given"})
    assert answer.status_code == 302
    assert stored_custom_values(world.sub_customer)[edit.pk] == "Given"
