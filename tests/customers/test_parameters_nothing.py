"""A parameter can be nothing, never or without end, whatever would be inherited."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from billing.models import InvoiceSettings, PaymentTerm, Tax
from customers.forms.parameters import (
    TICKS,
    InvoiceForm,
    NotificationForm,
    ParametersForm,
    initial_of,
)
from customers.forms.steps import SLUGS, sent_by
from customers.models import AuditEvent, Customer, CustomerClass, CustomerParameters
from customers.selectors.drafts import StepAnswers
from customers.selectors.parameters import (
    NOTHING,
    OPTIONAL_FIELDS,
    ZONE_FIELDS,
    Source,
    inherited,
    own_parameters,
    parameters_of,
)
from customers.services.classes import copy_class, edit_class
from customers.services.parameters import set_parameters
from softswitch.core.errors import DomainError
from tests.customers.wizard import BASIC, fill_in, signed_in, submit
from tests.world import World

ALERTS = {
    "low_balance_amount": Decimal(25),
    "low_balance_percent": Decimal(10),
    "low_balance_days": 4,
    "disable_trunks_after_days": 3,
    "credit_thresholds": [80],
}


@pytest.fixture
def wholesale(world: World) -> CustomerClass:
    """A class that sets all that can be nothing, worn by the reseller's business customer."""
    settings = InvoiceSettings.objects.create(
        owner=world.reseller, name="Plain", invoice_format="html", rate_decimals=2
    )
    term = PaymentTerm.objects.create(owner=world.reseller, name="Net 60", grace_days=30)
    tax = Tax.objects.create(owner=world.reseller, name="VAT 20")
    zones = dict.fromkeys(ZONE_FIELDS, ZoneInfo("Asia/Tokyo"))
    made = CustomerClass.objects.create(
        owner=world.reseller,
        name="Wholesale",
        invoice_settings=settings,
        payment_term=term,
        tax=tax,
        **ALERTS,
        **zones,
    )
    Customer.objects.filter(pk=world.sub_customer.pk).update(customer_class=made)
    world.sub_customer.refresh_from_db()
    return made


def resolved(customer: Customer) -> Any:
    return parameters_of([customer.pk])[customer.pk]


def give(world: World, **values: Any) -> bool:
    return set_parameters(actor=world.actor("reseller"), customer=world.sub_customer, values=values)


# Resolution and the service ----------------------------------------------------------------------
def test_nothing_goes_before_what_the_class_sets(world: World, wholesale: CustomerClass) -> None:
    before = resolved(world.sub_customer)
    assert all(before[name] is not None for name in OPTIONAL_FIELDS)
    assert give(world, **dict.fromkeys(OPTIONAL_FIELDS, NOTHING))
    found = resolved(world.sub_customer)
    for name in OPTIONAL_FIELDS:
        expected = world.sub_customer.timezone if name in ZONE_FIELDS else None
        assert (found[name], found.source(name)) == (expected, Source.OWN), name
    give(world, disable_trunks_after_days=None, low_balance_days=9)
    found = resolved(world.sub_customer)
    assert (found["disable_trunks_after_days"], found["low_balance_days"]) == (3, 9)
    assert found["low_balance_amount"] is None


def test_a_zone_that_is_nothing_follows_the_customer(
    world: World, wholesale: CustomerClass
) -> None:
    give(world, report_timezone=NOTHING)
    Customer.objects.filter(pk=world.sub_customer.pk).update(timezone="Europe/London")
    assert resolved(world.sub_customer)["report_timezone"] == ZoneInfo("Europe/London")


def test_without_settings_and_term_those_of_the_class_say_nothing(
    world: World, wholesale: CustomerClass
) -> None:
    CustomerClass.objects.filter(pk=wholesale.pk).update(rate_value="average")
    before = resolved(world.sub_customer)
    assert (before["rate_decimals"], before["grace_days"]) == (2, 30)
    give(world, invoice_settings=NOTHING, payment_term=NOTHING)
    found = resolved(world.sub_customer)
    assert (found["rate_decimals"], found.source("rate_decimals")) == (4, Source.DEFAULT)
    assert (found["grace_days"], found.source("grace_days")) == (7, Source.DEFAULT)
    assert (found["rate_value"], found.source("rate_value")) == ("average", Source.CLASS)


def test_a_class_sets_nothing_for_its_customers_and_is_copied_so(
    world: World, wholesale: CustomerClass
) -> None:
    actor = world.actor("reseller")
    assert edit_class(actor=actor, customer_class=wholesale, values={"low_balance_days": NOTHING})
    assert not edit_class(
        actor=actor, customer_class=wholesale, values={"low_balance_days": NOTHING}
    )
    wholesale.refresh_from_db()
    for customer_class in (wholesale, copy_class(actor=actor, customer_class=wholesale)):
        value = inherited(customer_class).values["low_balance_days"]
        assert (value.value, value.source) == (None, Source.CLASS)
    changes = AuditEvent.objects.get(action="class_edited").changes
    assert changes == {"low_balance_days": ["4", "none"]}


def test_setting_nothing_twice_is_one_change_of_the_owners_own(
    world: World, wholesale: CustomerClass
) -> None:
    assert give(world, disable_trunks_after_days=NOTHING, report_timezone=NOTHING)
    assert not give(world, disable_trunks_after_days=NOTHING)
    rows = AuditEvent.objects.filter(action="parameters_changed")
    assert {row.is_private: row.changes for row in rows} == {
        True: {"disable_trunks_after_days": ["", "none"]},
        False: {"report_timezone": ["", "none"]},
    }


@pytest.mark.parametrize("name", ["grace_days", "tax_percent", "short_call_price", "report_at"])
def test_what_has_no_nothing_refuses_it(world: World, name: str) -> None:
    with pytest.raises(DomainError) as error:
        give(world, **{name: NOTHING})
    assert error.value.field == name
    assert not CustomerParameters.objects.exists()


def test_rules_look_at_what_is_nothing(world: World, wholesale: CustomerClass) -> None:
    """Trunks are disabled below a threshold: without one the class's days are at fault."""
    none = {"notifications": True, "low_balance_amount": NOTHING, "low_balance_percent": NOTHING}
    with pytest.raises(DomainError) as error:
        give(world, **none)
    assert error.value.field == "low_balance_amount"
    assert give(world, **none, disable_trunks_after_days=NOTHING, payment_notice=True)


# The form ----------------------------------------------------------------------------------------
def form_of(
    world: World, kind: type[ParametersForm], sent: StepAnswers | None = None
) -> ParametersForm:
    customer = world.sub_customer
    above = inherited(customer.customer_class, timezone=customer.timezone)
    return kind(MultiValueDict(sent or {}), actor=world.actor("reseller"), inherited=above)


def test_every_optional_parameter_is_offered_as_nothing(
    world: World, wholesale: CustomerClass
) -> None:
    form = form_of(world, ParametersForm)
    for name in OPTIONAL_FIELDS:
        choices = dict(getattr(form.fields[name], "choices", ()))
        assert ("none" in choices) is (name not in TICKS), name
        assert (TICKS.get(name, ("",))[0] in form.fields) is (name in TICKS), name


def test_what_is_shown_of_nothing_is_what_is_stored(world: World, wholesale: CustomerClass) -> None:
    values = dict.fromkeys(OPTIONAL_FIELDS, NOTHING)
    give(world, **values)
    shown = ParametersForm(
        actor=world.actor("reseller"),
        inherited=inherited(wholesale),
        initial=initial_of(own_parameters(world.sub_customer)),
    )
    form = form_of(world, ParametersForm, sent_by(shown))
    assert form.is_valid(), form.errors
    stored = form.parameter_values()
    assert {name: stored[name] for name in values} == values
    assert not give(world, **stored)


def test_a_class_without_settings_term_and_tax_is_shown_and_saved_again(
    world: World, wholesale: CustomerClass
) -> None:
    client = signed_in(world, "reseller")
    url = reverse("customers:class_edit", args=[wholesale.pk])
    none = dict.fromkeys(("invoice_settings", "payment_term", "tax"), "none")
    page = saved(client, url, **none)
    assert {name: page.context["form"][name].value() for name in none} == none
    wholesale.refresh_from_db()
    assert set(none) <= set(wholesale.nothing)


def test_a_number_and_its_box_are_one_too_many(world: World) -> None:
    sent = {"disable_trunks_after_days": ["3"], "no_disable_trunks_after_days": ["on"]}
    form = form_of(world, NotificationForm, sent)
    assert list(form.errors) == ["disable_trunks_after_days"]


def test_settings_of_another_owner_are_still_unknown(world: World) -> None:
    foreign = InvoiceSettings.objects.create(owner=world.root, name="Root's")
    form = form_of(world, InvoiceForm, {"invoice_settings": [str(foreign.pk)]})
    assert list(form.errors) == ["invoice_settings"]


# The pages ---------------------------------------------------------------------------------------
def saved(client: Client, url: str, **changes: Any) -> Any:
    """Send a page's form after ``changes``, and show the page again."""
    answer = client.post(url, {**sent_by(client.get(url).context["form"]), **changes}, follow=True)
    assert answer.status_code == 200, answer.context["form"].errors
    return answer


def test_never_is_ticked_on_the_tab_and_taken_back(world: World, wholesale: CustomerClass) -> None:
    client = signed_in(world, "reseller")
    url = reverse("customers:customer_edit_notifications", args=[world.sub_customer.pk])
    page = client.get(url).content.decode()
    assert "Inherited: 3 (class Wholesale)" in page
    assert '<span class="visually-hidden">: Disable trunks after (days)</span>' in page
    page = saved(client, url, no_disable_trunks_after_days="on")
    assert resolved(world.sub_customer)["disable_trunks_after_days"] is None
    assert page.context["form"]["no_disable_trunks_after_days"].value() is True
    saved(client, url, no_disable_trunks_after_days=[])
    assert resolved(world.sub_customer)["disable_trunks_after_days"] == 3
    url = reverse("customers:customer_edit_invoice", args=[world.sub_customer.pk])
    page = saved(client, url, payment_term="none", invoice_timezone="none")
    found = resolved(world.sub_customer)
    assert (found["payment_term"], found["invoice_timezone"]) == (None, ZoneInfo("UTC"))
    assert sent_by(page.context["form"])["payment_term"] == ["none"]


def test_what_a_class_sets_to_nothing_is_said_where_it_is_inherited(
    world: World, wholesale: CustomerClass
) -> None:
    client = signed_in(world, "reseller")
    url = reverse("customers:class_edit", args=[wholesale.pk])
    empty = {"disable_trunks_after_days": "", "low_balance_days": ""}
    ticked = {"no_disable_trunks_after_days": "on", "no_low_balance_days": "on"}
    saved(client, url, **empty, **ticked)
    url = reverse("customers:customer_edit_notifications", args=[world.sub_customer.pk])
    page = client.get(url).content.decode()
    assert "Inherited: never (class Wholesale)" in page
    assert "Inherited: without end (class Wholesale)" in page


def test_the_wizard_and_its_templates_keep_it(world: World, wholesale: CustomerClass) -> None:
    client = signed_in(world, "reseller")
    fill_in(client, {"basic": BASIC | {"customer_class": wholesale.pk}})
    assert submit(client, no_disable_trunks_after_days="on").status_code == 302
    made = Customer.objects.get(name="Calder Voice")
    assert resolved(made)["disable_trunks_after_days"] is None
    assert own_parameters(made).nothing == ["disable_trunks_after_days"]
    client.post(
        reverse("customers:template_create") + f"?from={made.pk}",
        {"name": "Like Calder", "save_and_close": ""},
    )
    template = made.owner.templates.get()
    assert template.answers[SLUGS[-1]]["no_disable_trunks_after_days"] == ["on"]
