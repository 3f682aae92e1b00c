"""Customer classes in the browser: list, create, edit, copy, delete, and their custom fields."""

from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import InvoiceSettings
from customers.models import AuditEvent, Customer, CustomerClass, CustomField, User
from customers.selectors.parameters import parameters_of
from customers.services.classes import create_class, delete_class
from customers.services.custom_fields import create_field, set_custom_values
from softswitch.core.errors import DomainError
from tests.sql import count_queries
from tests.world import World

BACKEND = "django.contrib.auth.backends.ModelBackend"


def browser(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who), backend=BACKEND)
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"customers:{name}", args=args)


@pytest.fixture
def wholesale(world: World) -> CustomerClass:
    """A class of the reseller's with one customer and one field."""
    actor = world.actor("reseller")
    made = create_class(
        actor=actor, name="Wholesale", parameters={"grace_days": 3, "tax_percent": Decimal(20)}
    )
    create_field(actor=actor, customer_class=made, name="Passport", kind="text")
    Customer.objects.filter(pk=world.sub_customer.pk).update(customer_class=made)
    world.sub_customer.refresh_from_db()
    return made


def pages(made: CustomerClass) -> dict[str, str]:
    field = made.fields.get()
    return {
        "edit": url("class_edit", made.pk),
        "delete": url("class_delete", made.pk),
        "fields": url("class_fields", made.pk),
        "field add": url("class_field_add", made.pk),
        "field edit": url("class_field_edit", field.pk),
    }


# Who opens what --------------------------------------------------------------------------------
def test_only_the_owner_opens_its_classes(world: World, wholesale: CustomerClass) -> None:
    for name, page in pages(wholesale).items():
        assert browser(world, "reseller").get(page).status_code == 200, name
        for stranger in ("operator", "other_reseller", "sub_reseller"):
            assert browser(world, stranger).get(page).status_code == 404, (name, stranger)
        assert browser(world, "sub_customer").get(page).status_code == 403, name
        assert Client().get(page).status_code == 302, name


def test_a_role_without_the_right_is_refused(world: World, wholesale: CustomerClass) -> None:
    User.objects.filter(pk=world.user("reseller").pk).update(role="read_only")
    for page in (url("class_list"), url("class_create"), *pages(wholesale).values()):
        assert browser(world, "reseller").get(page).status_code == 403


@pytest.mark.parametrize("name", ["class_copy", "class_delete"])
def test_nobody_else_copies_or_deletes(world: World, wholesale: CustomerClass, name: str) -> None:
    for stranger in ("operator", "other_reseller", "sub_reseller"):
        assert browser(world, stranger).post(url(name, wholesale.pk)).status_code == 404
    assert CustomerClass.objects.count() == 1


def test_the_list_holds_the_own_classes_with_their_customers(
    world: World, wholesale: CustomerClass
) -> None:
    create_class(actor=world.actor("sub_reseller"), name="Street")
    page = browser(world, "reseller").get(url("class_list"))
    (row,) = [item.record for item in page.context["page"].object_list]
    assert (row.name, row.customers, row.custom_fields) == ("Wholesale", 1, 1)
    assert "Street" not in page.content.decode()
    assert "Wholesale" not in browser(world, "operator").get(url("class_list")).content.decode()
    found = browser(world, "reseller").get(url("class_list"), {"name": "retail"})
    assert list(found.context["page"].object_list) == []


def test_the_list_costs_the_same_with_more_rows(world: World) -> None:
    client, actor = browser(world, "reseller"), world.actor("reseller")
    for number in range(5):
        create_class(actor=actor, name=f"Class {number}")
    client.get(url("class_list"))
    few = count_queries(lambda: client.get(url("class_list")))
    for number in range(5, 30):
        create_class(actor=actor, name=f"Class {number}")
    assert count_queries(lambda: client.get(url("class_list"))) == few


# Create, edit, copy, delete ----------------------------------------------------------------------
def test_a_class_is_created_and_counts_for_its_customers(world: World) -> None:
    client = browser(world, "reseller")
    settings = InvoiceSettings.objects.create(owner=world.reseller, name="Plain")
    sent = {
        "name": " Retail ",
        "report_at": "05:45",
        "usage_summary": "true",
        "invoice_settings": settings.pk,
        "invoice_sections": ["tax", "by_day"],
        "tax_percent": "19",
    }
    answer = client.post(url("class_create"), sent)
    made = CustomerClass.objects.get()
    assert answer.headers["Location"] == url("class_edit", made.pk)
    assert (made.name, made.owner, made.report_at) == ("Retail", world.reseller, time(5, 45))
    assert (made.usage_summary, made.balance_summary) == (True, None)
    assert made.invoice_sections == ["tax", "by_day"]
    page = client.get(url("class_edit", made.pk)).content.decode()
    assert "Inherited: PDF (invoice settings Plain)" in page
    assert AuditEvent.objects.filter(action="class_created", subject="Retail").exists()


def test_editing_a_class_counts_at_once(world: World, wholesale: CustomerClass) -> None:
    client = browser(world, "reseller")
    client.post(url("class_edit", wholesale.pk), {"name": "Wholesale", "grace_days": "10"})
    found = parameters_of([world.sub_customer.pk])[world.sub_customer.pk]
    assert (found["grace_days"], found["tax_percent"]) == (10, 0)
    event = AuditEvent.objects.get(action="class_edited")
    assert event.changes == {"grace_days": ["3", "10"], "tax_percent": ["20.00", ""]}


@pytest.mark.parametrize(
    ("field", "data"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "WHOLESALE"}),
        ("short_call_price", {"short_calls": "true", "short_call_percent": "5"}),
        ("tax_percent", {"tax_percent": "101"}),
        ("low_balance_amount", {"notifications": "true"}),
    ],
)
def test_what_is_refused_is_said_at_its_field(
    world: World, wholesale: CustomerClass, field: str, data: dict[str, str]
) -> None:
    answer = browser(world, "reseller").post(url("class_create"), {"name": "New"} | data)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert CustomerClass.objects.count() == 1


def test_settings_of_another_owner_cannot_be_chosen(world: World) -> None:
    foreign = InvoiceSettings.objects.create(owner=world.sub_reseller, name="Secret")
    sent = {"name": "New", "invoice_settings": foreign.pk}
    answer = browser(world, "reseller").post(url("class_create"), sent)
    assert list(answer.context["form"].errors) == ["invoice_settings"]
    assert "Secret" not in answer.content.decode()


def test_a_copy_has_parameters_and_fields_but_no_customers(
    world: World, wholesale: CustomerClass
) -> None:
    client = browser(world, "reseller")
    for name in ("Wholesale (copy 1)", "Wholesale (copy 2)"):
        answer = client.post(url("class_copy", wholesale.pk))
        made = CustomerClass.objects.get(name=name)
        assert answer.headers["Location"] == url("class_edit", made.pk)
        assert (made.grace_days, made.fields.get().name) == (3, "Passport")
        assert not made.members.exists()
    assert wholesale.fields.count() == 1


def test_a_class_with_customers_stays(world: World, wholesale: CustomerClass) -> None:
    client = browser(world, "reseller")
    page = client.get(url("class_delete", wholesale.pk)).content.decode()
    assert "In use: 1 customer." in page
    answer = client.post(url("class_delete", wholesale.pk), follow=True)
    assert "Wholesale is in use: 1 customer." in answer.content.decode()
    Customer.objects.filter(pk=world.sub_customer.pk).update(customer_class=None)
    client.post(url("class_delete", wholesale.pk))
    assert not CustomerClass.objects.exists()
    assert not CustomField.objects.exists()


def test_a_class_whose_fields_hold_values_stays(world: World, wholesale: CustomerClass) -> None:
    actor, field = world.actor("reseller"), wholesale.fields.get()
    set_custom_values(actor=actor, customer=world.sub_customer, values={field.pk: "X1"})
    Customer.objects.filter(pk=world.sub_customer.pk).update(customer_class=None)
    with pytest.raises(DomainError) as error:
        delete_class(actor=actor, customer_class=wholesale)
    assert error.value.message == "Wholesale is in use: 1 value of its custom fields."


# Custom fields -----------------------------------------------------------------------------------
def test_a_field_is_defined_edited_archived_and_restored(
    world: World, wholesale: CustomerClass
) -> None:
    client = browser(world, "reseller")
    sent = {
        "name": "Tier",
        "kind": "list",
        "options": "Gold\r\n Silver \r\n\r\n",
        "default": "Gold",
        "position": "2",
        "visibility": "read",
        "is_mandatory": "on",
    }
    answer = client.post(url("class_field_add", wholesale.pk), sent | {"save_and_close": ""})
    assert answer.headers["Location"] == url("class_fields", wholesale.pk)
    made = CustomField.objects.get(name="Tier")
    assert (made.options, made.is_mandatory, made.is_personal) == (["Gold", "Silver"], True, False)
    page = client.get(url("class_field_edit", made.pk)).content.decode()
    assert "Gold\nSilver" in page
    client.post(url("class_field_edit", made.pk), sent | {"name": "Level"})
    client.post(url("class_field_archive", made.pk))
    made.refresh_from_db()
    assert made.name == "Level"
    assert made.archived_at is not None
    rows = client.get(url("class_fields", wholesale.pk)).context["page"].object_list
    assert [item.record.name for item in rows] == ["Passport", "Level"]
    client.post(url("class_field_restore", made.pk))
    made.refresh_from_db()
    assert made.archived_at is None


@pytest.mark.parametrize(
    ("field", "data"),
    [
        ("name", {"name": "passport"}),
        ("options", {"kind": "list"}),
        ("options", {"kind": "list", "options": "x" * 101}),
        ("default", {"kind": "date", "default": "soon"}),
        ("kind", {"kind": "colour"}),
        ("visibility", {"visibility": "all"}),
    ],
)
def test_a_field_that_does_not_fit_is_refused(
    world: World, wholesale: CustomerClass, field: str, data: dict[str, str]
) -> None:
    sent = {"name": "New", "kind": "text", "position": "0", "visibility": "hidden"} | data
    answer = browser(world, "reseller").post(url("class_field_add", wholesale.pk), sent)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert CustomField.objects.count() == 1


def test_nobody_else_archives_a_field(world: World, wholesale: CustomerClass) -> None:
    field = wholesale.fields.get()
    for stranger in ("operator", "other_reseller", "sub_reseller"):
        for name in ("class_field_archive", "class_field_restore"):
            assert browser(world, stranger).post(url(name, field.pk)).status_code == 404
