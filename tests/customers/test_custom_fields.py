"""Custom fields: types, mandatory, default, who sees and edits, what the audit holds."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.exceptions import PermissionDenied

from customers.choices import FieldKind, Visibility
from customers.forms.custom_fields import custom_form_fields, custom_initial, custom_values
from customers.models import AuditEvent, Customer, CustomerClass, CustomField, CustomFieldValue
from customers.selectors.custom_fields import (
    MASK,
    input_name,
    shown_custom_values,
    stored_custom_values,
)
from customers.services.classes import create_class
from customers.services.custom_fields import (
    archive_field,
    create_field,
    edit_field,
    restore_field,
    set_custom_values,
)
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tests.sql import count_queries
from tests.world import World


@pytest.fixture
def retail(world: World) -> CustomerClass:
    """A class of the reseller's, worn by its business customer."""
    made = create_class(actor=world.actor("reseller"), name="Retail")
    Customer.objects.filter(pk=world.sub_customer.pk).update(customer_class=made)
    world.sub_customer.refresh_from_db()
    return made


def field(world: World, retail: CustomerClass, name: str, **values: Any) -> CustomField:
    values = {"kind": "text"} | values
    return create_field(actor=world.actor("reseller"), customer_class=retail, name=name, **values)


def fill(world: World, who: str = "reseller", *, is_new: bool = False, **values: Any) -> bool:
    """Set the fields named, of the business customer."""
    ids = {row.name: row.pk for row in CustomField.objects.all()}
    return set_custom_values(
        actor=world.actor(who),
        customer=world.sub_customer,
        values={ids[name]: value for name, value in values.items()},
        is_new=is_new,
    )


def shown(actor: Actor, customer: Customer) -> dict[str, str]:
    values = shown_custom_values(actor, [customer])[customer.pk]
    return {item.field.name: item.text for item in values}


# Types -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "value", "stored", "text"),
    [
        ("text", "  ACME  ", "ACME", "ACME"),
        ("number", "1234.50", "1234.50", "1,234.5"),
        ("number", Decimal("1E3"), "1000", "1,000"),
        ("number", "-0.5", "-0.5", "−0.5"),
        ("date", "2026-11-21", "2026-11-21", "21 Nov 2026"),
        ("date", date(2026, 1, 2), "2026-01-02", "2 Jan 2026"),
        ("list", "Gold", "Gold", "Gold"),
    ],
)
def test_a_value_of_each_type(
    world: World, retail: CustomerClass, kind: str, value: Any, stored: str, text: str
) -> None:
    made = field(world, retail, "Field", kind=kind, options=["Gold", "Silver"])
    assert fill(world, Field=value)
    assert stored_custom_values(world.sub_customer) == {made.pk: stored}
    assert shown(world.actor("reseller"), world.sub_customer) == {"Field": text}
    assert fill(world, Field="")
    assert not CustomFieldValue.objects.exists()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "x" * 501),
        ("text", "a\0b"),
        ("number", "12 apples"),
        ("number", "NaN"),
        ("number", "1e400"),
        ("number", "1" * 21),
        ("date", "21.11.2026"),
        ("date", "2026-02-30"),
        ("list", "Bronze"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_at_its_field(
    world: World, retail: CustomerClass, kind: str, value: str
) -> None:
    made = field(world, retail, "Field", kind=kind, options=["Gold"])
    with pytest.raises(DomainError) as error:
        fill(world, Field=value)
    assert (error.value.code, error.value.field) == ("value", input_name(made.pk))
    assert not CustomFieldValue.objects.exists()


def test_form_fields_take_each_type_and_give_text(world: World, retail: CustomerClass) -> None:
    for kind in FieldKind.values:
        field(world, retail, kind, kind=kind, options=["Gold"], is_mandatory=kind == "date")
    made = custom_form_fields(retail)
    assert [item.label for item in made.values()] == ["text", "number", "date", "list"]
    names = dict(zip(FieldKind.values, made, strict=True))
    form_class = type("Form", (forms.Form,), made)
    sent = {names["text"]: "a", names["number"]: "1.50", names["list"]: "Gold"}
    form = form_class(sent)
    assert list(form.errors) == [names["date"]]
    form = form_class(sent | {names["date"]: "2026-11-21"})
    assert form.is_valid()
    values = custom_values(form.cleaned_data | {"name": "else"})
    assert sorted(values.values()) == ["1.50", "2026-11-21", "Gold", "a"]
    actor = world.actor("reseller")
    set_custom_values(actor=actor, customer=world.sub_customer, values=values)
    again = form_class(custom_initial(world.sub_customer))
    assert again.is_valid()
    assert custom_values(again.cleaned_data) == values
    assert not set_custom_values(actor=actor, customer=world.sub_customer, values=values)


def test_the_fields_of_an_owner_are_those_of_all_its_classes(
    world: World, retail: CustomerClass
) -> None:
    field(world, retail, "Passport", is_mandatory=True)
    made = custom_form_fields(world.reseller)
    assert [(item.label, item.required) for item in made.values()] == [("Retail: Passport", False)]
    assert custom_form_fields(None) == {}
    assert custom_form_fields(world.other_reseller) == {}


# Mandatory, default, archived --------------------------------------------------------------------
def test_mandatory_fields_must_hold_something(world: World, retail: CustomerClass) -> None:
    made = field(world, retail, "Passport", is_mandatory=True)
    field(world, retail, "Note")
    wrong: list[dict[str, Any]] = [{}, {"Note": "x"}, {"Passport": " "}]
    for values in wrong:
        with pytest.raises(DomainError) as error:
            fill(world, **values)
        assert (error.value.code, error.value.field) == ("required", input_name(made.pk))
    assert fill(world, Passport="X1")
    assert fill(world, Note="x")  # what is stored counts


def test_a_new_customer_gets_the_defaults_it_does_not_name(
    world: World, retail: CustomerClass
) -> None:
    first = field(world, retail, "Tier", kind="list", options=["Gold"], default="Gold")
    second = field(world, retail, "Note", default="none")
    assert custom_form_fields(retail)[input_name(first.pk)].initial == "Gold"
    fill(world, is_new=True, Note="")
    assert stored_custom_values(world.sub_customer) == {first.pk: "Gold"}
    fill(world, Tier="")
    fill(world, Note="x")
    assert stored_custom_values(world.sub_customer) == {second.pk: "x"}


def test_an_archived_field_keeps_its_values(world: World, retail: CustomerClass) -> None:
    made = field(world, retail, "Passport", is_mandatory=True)
    fill(world, Passport="X1")
    archive_field(actor=world.actor("reseller"), field=made)
    assert custom_form_fields(retail) == {}
    assert shown(world.actor("reseller"), world.sub_customer) == {}
    with pytest.raises(DomainError):
        fill(world, Passport="X2")
    restore_field(actor=world.actor("reseller"), field=made)
    assert shown(world.actor("reseller"), world.sub_customer) == {"Passport": "X1"}


def test_a_field_whose_name_was_given_anew_is_not_restored(
    world: World, retail: CustomerClass
) -> None:
    old = field(world, retail, "Passport")
    archive_field(actor=world.actor("reseller"), field=old)
    field(world, retail, "passport")
    with pytest.raises(DomainError) as error:
        restore_field(actor=world.actor("reseller"), field=old)
    assert (error.value.code, error.value.field) == ("taken", "name")


# Defining --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "values"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "TIER"}),
        ("kind", {"kind": "colour"}),
        ("options", {"kind": "list", "options": [" "]}),
        ("default", {"kind": "list", "options": ["A"], "default": "B"}),
        ("default", {"kind": "number", "default": "many"}),
        ("default", {"kind": "date", "default": "today"}),
    ],
)
def test_a_definition_that_does_not_fit_is_refused(
    world: World, retail: CustomerClass, at: str, values: dict[str, Any]
) -> None:
    field(world, retail, "Tier")
    with pytest.raises(DomainError) as error:
        field(world, retail, **({"name": "New"} | values))
    assert error.value.field == at
    assert CustomField.objects.count() == 1


def test_what_customers_hold_fixes_type_and_options(world: World, retail: CustomerClass) -> None:
    made = field(world, retail, "Tier", kind="list", options=["Gold", "Silver", "Gold"])
    assert made.options == ["Gold", "Silver"]
    fill(world, Tier="Gold")
    actor = world.actor("reseller")
    refused: dict[str, dict[str, Any]] = {
        "kind": {"kind": "text"},
        "options": {"options": ["Silver"]},
    }
    for at, values in refused.items():
        with pytest.raises(DomainError) as error:
            edit_field(actor=actor, field=CustomField.objects.get(), values=values)
        assert (error.value.code, error.value.field) == ("in_use", at)
    assert edit_field(actor=actor, field=made, values={"options": ["Gold", "Platinum"]})


def test_only_the_owner_defines_fields(world: World, retail: CustomerClass) -> None:
    made = field(world, retail, "Tier")
    for who in ("operator", "sub_customer", "other_reseller"):
        actor = world.actor(who)
        with pytest.raises(PermissionDenied):
            create_field(actor=actor, customer_class=retail, name="X", kind="text")
        with pytest.raises(PermissionDenied):
            edit_field(actor=actor, field=made, values={"name": "X"})
        with pytest.raises(PermissionDenied):
            archive_field(actor=actor, field=made)


# Who sees and edits ------------------------------------------------------------------------------
@pytest.fixture
def three(world: World, retail: CustomerClass) -> dict[str, CustomField]:
    """One field of each visibility, all with personal data."""
    made = {
        name: field(world, retail, name, visibility=name, is_personal=True)
        for name in Visibility.values
    }
    fill(world, hidden="secret", read="seen", edit="mine")
    return made


def test_visibility_decides_what_a_customer_sees_and_edits(
    world: World, retail: CustomerClass, three: dict[str, CustomField]
) -> None:
    own = world.actor("sub_customer")
    assert shown(own, world.sub_customer) == {"read": "seen", "edit": "mine"}
    assert list(custom_form_fields(retail, for_customer=True)) == [input_name(three["edit"].pk)]
    assert fill(world, "sub_customer", edit="changed")
    closed: list[dict[str, Any]] = [{"hidden": "x"}, {"read": "x"}]
    for values in closed:
        with pytest.raises(DomainError) as error:
            fill(world, "sub_customer", **values)
        assert error.value.code == "not_found"
    assert shown(world.actor("operator"), world.sub_customer) == {
        "hidden": "secret",
        "read": "seen",
        "edit": "changed",
    }


@pytest.mark.parametrize("who", ["operator", "other_reseller", "sub_reseller"])
def test_nobody_else_sets_values(world: World, three: dict[str, CustomField], who: str) -> None:
    with pytest.raises(PermissionDenied):
        fill(world, who, edit="x")


def test_personal_data_is_masked_for_who_may_not_edit(
    world: World, three: dict[str, CustomField]
) -> None:
    actor = world.actor("reseller")
    reader = Actor(actor.user, actor.customer, actor.rights - {"customers.edit"}, actor.stack)
    assert set(shown(reader, world.sub_customer).values()) == {MASK}
    assert "secret" in shown(actor, world.sub_customer).values()


def test_the_audit_hides_hidden_fields_and_personal_data(
    world: World, retail: CustomerClass, three: dict[str, CustomField]
) -> None:
    field(world, retail, "plain", visibility="read")
    fill(world, plain="open")
    events = AuditEvent.objects.filter(action="custom_fields_changed")
    own = events.visible_to(world.actor("sub_customer"))
    assert [event.changes for event in own.order_by("pk")] == [
        {"read": ["", MASK], "edit": ["", MASK]},
        {"plain": ["", "open"]},
    ]
    everything = " ".join(str(event.changes) for event in AuditEvent.objects.all())
    assert "hidden" in everything
    for text in ("secret", "seen", "mine"):
        assert text not in everything


def test_the_values_of_many_customers_cost_two_queries(
    world: World, three: dict[str, CustomField]
) -> None:
    everybody = list(Customer.objects.all())
    actor = world.actor("operator")
    assert count_queries(lambda: shown_custom_values(actor, everybody)) == 2
