"""Parameters of customers: own, class, default; live, in few queries, set by the owner only."""

from datetime import time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied

from billing.models import InvoiceSettings, PaymentTerm, Tax
from customers.forms.parameters import (
    InvoiceForm,
    NotificationForm,
    ParametersForm,
    ReportForm,
    ShortCallForm,
    initial_of,
)
from customers.models import AuditEvent, Customer, CustomerClass, CustomerParameters
from customers.selectors.parameters import (
    DEFAULTS,
    NOTHING,
    PARAMETER_FIELDS,
    Source,
    inherited,
    own_parameters,
    parameters_of,
)
from customers.services.parameters import set_parameters
from softswitch.core.errors import DomainError
from tests.sql import count_queries
from tests.world import World


@pytest.fixture
def wholesale(world: World) -> CustomerClass:
    """A class of the reseller's, worn by its business customer."""
    made = CustomerClass.objects.create(
        owner=world.reseller,
        name="Wholesale",
        report_at=time(5, 30),
        short_call_percent=Decimal(10),
        short_call_price=Decimal("0.01"),
        usage_summary=True,
        tax_percent=Decimal(20),
    )
    Customer.objects.filter(pk=world.sub_customer.pk).update(customer_class=made)
    world.sub_customer.refresh_from_db()
    return made


def resolved(customer: Customer) -> Any:
    return parameters_of([customer.pk])[customer.pk]


def give(world: World, **values: Any) -> bool:
    return set_parameters(actor=world.actor("reseller"), customer=world.sub_customer, values=values)


# Resolution ------------------------------------------------------------------------------------
def test_a_customer_without_anything_has_the_defaults_in_its_own_zone(world: World) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(timezone="Europe/London")
    found = resolved(world.shop)
    assert {name: found[name] for name in PARAMETER_FIELDS} == DEFAULTS | {
        "report_timezone": ZoneInfo("Europe/London"),
        "invoice_timezone": ZoneInfo("Europe/London"),
        "low_balance_timezone": ZoneInfo("Europe/London"),
    }
    assert {item.source for item in found.values.values()} == {Source.DEFAULT}


def test_every_parameter_has_a_default() -> None:
    columns = {field.name for field in CustomerParameters._meta.fields} - {"customer", "nothing"}
    assert columns == set(DEFAULTS)


def test_own_goes_before_class_before_default(world: World, wholesale: CustomerClass) -> None:
    give(world, tax_percent=Decimal(0), usage_summary=False)
    found = resolved(world.sub_customer)
    assert (found["report_at"], found.source("report_at")) == (time(5, 30), Source.CLASS)
    assert found.values["report_at"].name == "Wholesale"
    assert (found["tax_percent"], found.source("tax_percent")) == (0, Source.OWN)
    assert (found["usage_summary"], found.source("usage_summary")) == (False, Source.OWN)
    assert (found["grace_days"], found.source("grace_days")) == (7, Source.DEFAULT)


def test_a_change_of_the_class_counts_at_once(world: World, wholesale: CustomerClass) -> None:
    assert resolved(world.sub_customer)["report_at"] == time(5, 30)
    CustomerClass.objects.filter(pk=wholesale.pk).update(report_at=time(7))
    assert resolved(world.sub_customer)["report_at"] == time(7)
    give(world, report_at=time(8))
    CustomerClass.objects.filter(pk=wholesale.pk).update(report_at=time(9))
    assert resolved(world.sub_customer)["report_at"] == time(8)
    give(world, report_at=None)
    assert resolved(world.sub_customer)["report_at"] == time(9)


def test_chosen_settings_and_terms_speak_at_their_level(
    world: World, wholesale: CustomerClass
) -> None:
    plain = InvoiceSettings.objects.create(
        owner=world.reseller, name="Plain", invoice_format="html", rate_decimals=2
    )
    net60 = PaymentTerm.objects.create(owner=world.reseller, name="Net 60", grace_days=30)
    CustomerClass.objects.filter(pk=wholesale.pk).update(
        invoice_settings=plain, payment_term=net60, rate_decimals=6
    )
    found = resolved(world.sub_customer)
    assert (found["invoice_format"], found.source("invoice_format")) == (
        "html",
        Source.INVOICE_SETTINGS,
    )
    assert found["rate_decimals"] == 6  # the class's own value, before its settings'
    assert (found["grace_days"], found.source("grace_days")) == (30, Source.PAYMENT_TERM)
    give(world, invoice_settings=plain)
    assert resolved(world.sub_customer)["rate_decimals"] == 2  # the customer's choice is nearer


def test_a_named_tax_and_a_percentage_of_different_levels(
    world: World, wholesale: CustomerClass
) -> None:
    """The nearest level that says anything about tax counts alone; there a named tax wins."""
    vat = Tax.objects.create(owner=world.reseller, name="VAT")
    export = Tax.objects.create(owner=world.reseller, name="Export", mode="none")

    def taxed(**own: Any) -> tuple[Any, Decimal]:
        give(world, **({"tax": None, "tax_percent": None} | own))
        found = resolved(world.sub_customer)
        return found["tax"], found["tax_percent"]

    assert taxed() == (None, Decimal(20))  # the class's percentage
    assert taxed(tax=export) == (export, Decimal(0))
    assert taxed(tax=NOTHING) == (None, Decimal(0))  # and not the class's percentage after all
    assert taxed(tax=NOTHING, tax_percent=Decimal(7)) == (None, Decimal(7))
    CustomerClass.objects.filter(pk=wholesale.pk).update(tax=vat)
    assert taxed() == (vat, Decimal(0))  # before the percentage of the same level
    assert taxed(tax_percent=Decimal(7)) == (None, Decimal(7))
    assert taxed(tax_percent=Decimal(0)) == (None, Decimal(0))
    assert taxed(tax=export, tax_percent=Decimal(7)) == (export, Decimal(0))
    assert resolved(world.sub_customer).source("tax") == Source.OWN


def test_a_tab_says_why_a_tax_that_the_class_sets_does_not_count(
    world: World, wholesale: CustomerClass
) -> None:
    vat = Tax.objects.create(owner=world.reseller, name="VAT")
    CustomerClass.objects.filter(pk=wholesale.pk).update(tax=vat)
    wholesale.refresh_from_db()

    def texts(**own: Any) -> tuple[Any, Any]:
        above = inherited(wholesale, own=CustomerParameters(**own))
        form = InvoiceForm(actor=world.actor("reseller"), inherited=above)
        tax: Any = form.fields["tax"]
        return tax.empty_label, form.fields["tax_percent"].help_text

    assert texts() == ("Inherited: VAT (class Wholesale)", "Inherited: 0 (tax VAT)")
    assert texts(tax=vat)[1] == "Inherited: 0 (tax VAT)"
    assert texts(nothing=["tax"])[1] == "Inherited: 0 (no tax)"
    assert texts(tax_percent=Decimal(5))[0] == "Inherited: none (the percentage counts)"


def test_many_customers_cost_as_few_queries_as_one(world: World, wholesale: CustomerClass) -> None:
    give(world, tax_percent=Decimal(1))
    everybody = list(Customer.objects.values_list("pk", flat=True))
    assert count_queries(lambda: parameters_of(everybody)) == 3
    assert set(parameters_of(everybody)) == set(everybody)
    assert parameters_of([0]) == {}


# The service -----------------------------------------------------------------------------------
def test_only_the_owner_sets_parameters(world: World) -> None:
    for who in ("operator", "sub_customer", "other_reseller", "sub_reseller"):
        with pytest.raises(PermissionDenied):
            set_parameters(
                actor=world.actor(who), customer=world.sub_customer, values={"grace_days": 1}
            )
    assert not CustomerParameters.objects.exists()


def test_the_audit_keeps_alert_rules_from_the_customer(world: World) -> None:
    assert give(world, grace_days=3, notifications=True, low_balance_amount=Decimal(5))
    assert not give(world, grace_days=3)
    rows = AuditEvent.objects.filter(action="parameters_changed")
    events = {event.is_private: event.changes for event in rows}
    assert events[False] == {"grace_days": ["", "3"]}
    assert set(events[True]) == {"notifications", "low_balance_amount"}
    seen = AuditEvent.objects.visible_to(world.actor("sub_customer"))
    assert [event.changes for event in seen.filter(action="parameters_changed")] == [events[False]]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("short_call_percent", {"short_calls": True, "short_call_price": Decimal("0.1")}),
        ("short_call_price", {"short_calls": True, "short_call_percent": Decimal(5)}),
        ("short_call_price", {"short_call_price": Decimal(-1)}),
        ("short_call_seconds", {"short_call_seconds": 7}),
        ("short_call_percent", {"short_call_percent": Decimal(101)}),
        ("low_balance_amount", {"notifications": True}),
        (
            "low_balance_amount",
            {"notifications": True, "payment_notice": True, "disable_trunks_after_days": 3},
        ),
        ("low_balance_amount", {"low_balance_amount": Decimal(-1)}),
        ("invoice_sections", {"invoice_sections": ["everything"]}),
        ("rate_decimals", {"rate_decimals": 9}),
        ("report_recipients", {"report_recipients": "nobody"}),
        ("", {"colour": "red"}),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    world: World, field: str, values: dict[str, Any]
) -> None:
    with pytest.raises(DomainError) as error:
        give(world, **values)
    assert error.value.field == field
    assert not CustomerParameters.objects.exists()


def test_what_the_class_says_completes_what_the_customer_says(
    world: World, wholesale: CustomerClass
) -> None:
    assert give(world, short_calls=True)
    assert resolved(world.sub_customer)["short_call_price"] == Decimal("0.01")


def test_settings_of_another_owner_are_unknown(world: World) -> None:
    foreign = InvoiceSettings.objects.create(owner=world.root, name="Root's")
    with pytest.raises(DomainError) as error:
        give(world, invoice_settings=foreign)
    assert (error.value.code, error.value.field) == ("not_found", "invoice_settings")


# The form --------------------------------------------------------------------------------------
def form_of(world: World, kind: type[ParametersForm], **data: Any) -> ParametersForm:
    customer = world.sub_customer
    above = inherited(customer.customer_class, timezone=customer.timezone)
    return kind(data, actor=world.actor("reseller"), inherited=above)


def test_a_form_shows_what_is_inherited(world: World, wholesale: CustomerClass) -> None:
    form = form_of(world, ReportForm)
    assert form.fields["report_at"].help_text == "Inherited: 05:30 (class Wholesale)"
    page = form.as_div()
    assert "Inherited: yes (class Wholesale)" in page
    assert "Inherited: By country (default)" in page
    assert "Inherited: UTC (default)" in page


def test_an_empty_form_inherits_everything(world: World, wholesale: CustomerClass) -> None:
    form = form_of(world, ParametersForm)
    assert form.is_valid(), form.errors
    assert give(world, **form.parameter_values()) is False
    assert resolved(world.sub_customer)["tax_percent"] == 20


def test_what_a_form_shows_is_what_it_stores(world: World) -> None:
    settings = InvoiceSettings.objects.create(owner=world.reseller, name="Plain")
    values = {
        "auto_invoice": False,
        "invoice_settings": settings,
        "invoice_sections": [],
        "invoice_timezone": ZoneInfo("Asia/Tokyo"),
        "invoice_at": time(6, 15),
        "tax_percent": Decimal("7.50"),
    }
    give(world, **values)
    shown = InvoiceForm(
        actor=world.actor("reseller"),
        inherited=inherited(),
        initial=initial_of(own_parameters(world.sub_customer)),
    )
    sent = {name: shown[name].value() for name in values} | {"invoice_settings": settings.pk}
    form = form_of(world, InvoiceForm, **sent)
    assert form.is_valid(), form.errors
    stored = form.parameter_values()
    assert {name: stored[name] for name in values} == values
    assert not give(world, **stored)


@pytest.mark.parametrize(
    ("kind", "field", "data"),
    [
        (ShortCallForm, "short_call_percent", {"short_calls": "true", "short_call_price": "1"}),
        (ShortCallForm, "short_call_percent", {"short_call_percent": "100.01"}),
        (ShortCallForm, "short_call_price", {"short_call_price": "-1"}),
        (NotificationForm, "low_balance_amount", {"notifications": "true"}),
        (NotificationForm, "low_balance_amount", {"low_balance_amount": "-0.01"}),
        (NotificationForm, "low_balance_at", {"low_balance_at": "25:00"}),
        (NotificationForm, "low_balance_timezone", {"low_balance_timezone": "Mars/Base"}),
        (InvoiceForm, "invoice_sections", {"invoice_sections": ["none", "tax"]}),
        (InvoiceForm, "rate_decimals", {"rate_decimals": "9"}),
        (InvoiceForm, "grace_days", {"grace_days": "soon"}),
        (ReportForm, "report_at", {"report_at": "noon"}),
    ],
)
def test_a_form_names_the_field_at_fault(
    world: World, kind: type[ParametersForm], field: str, data: dict[str, Any]
) -> None:
    form = form_of(world, kind, **data)
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_choices_are_the_acting_owners_own(world: World) -> None:
    for owner in (world.root, world.reseller, world.sub_reseller):
        InvoiceSettings.objects.create(owner=owner, name="Plain")
        PaymentTerm.objects.create(owner=owner, name="Net 14")
    form = form_of(world, InvoiceForm)
    for name in ("invoice_settings", "payment_term"):
        offered = form.fields[name].queryset  # type: ignore[attr-defined]
        assert [row.owner_id for row in offered] == [world.reseller.pk]
