"""The wizard: seven steps to a new customer, each with its errors; nothing exists before Submit."""

from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from billing.models import Balance, InvoiceSettings
from billing.services.customers import Settings, Terms, open_customer
from customers.forms.steps import SLUGS
from customers.models import (
    BusinessModel,
    Customer,
    CustomerClass,
    CustomerDraft,
    CustomerParameters,
    CustomField,
    CustomFieldValue,
    User,
)
from customers.permissions import DEFAULT_GRANTS, allowed
from customers.services.permissions import delegated_rights
from notifications.models import Message
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.customers.wizard import BASIC, fill_in, press, sent, signed_in, step, submit
from tests.world import PASSWORD, World


@pytest.fixture
def client(world: World) -> Client:
    """The reseller's browser."""
    return signed_in(world, "reseller")


def made() -> Customer:
    customer: Customer = Customer.objects.get(name="Calder Voice")
    return customer


def test_all_steps_make_one_customer_with_its_login(world: World, client: Client) -> None:
    """Each single field is checked in test_wizard_fields.py."""
    steps: dict[str, dict[str, Any]] = {
        "basic": BASIC | {"mode": "postpaid", "opening_balance": "12.5"},
        "company": {"company_name": "Calder Voice Ltd"},
        "report": {"usage_summary": "true"},
        "portal": {"login": "Calder ", "rights": ["cdrs.view", "accounts.add"]},
    }
    before = Customer.objects.count(), User.objects.count(), Balance.objects.count()
    fill_in(client, steps)
    assert (Customer.objects.count(), User.objects.count(), Balance.objects.count()) == before
    answer = submit(client, password=PASSWORD, payment_notice="true", notifications="true")
    customer = made()
    assert answer.headers["Location"] == reverse("customers:customer_detail", args=[customer.pk])
    assert (customer.owner, customer.company_name) == (world.reseller, "Calder Voice Ltd")
    assert Balance.objects.get(customer=customer).amount == Decimal("12.5")
    own = CustomerParameters.objects.get(customer=customer)
    assert (own.usage_summary, own.payment_notice, own.balance_summary) == (True, True, None)
    assert delegated_rights(customer) == {"cdrs.view", "accounts.add"}
    user = User.objects.get(login="calder")
    assert user.check_password(PASSWORD)
    assert (user.customer, user.email) == (customer, "office@calder.example")
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Calder Voice is open." in page
    assert "Switch to this customer" in page


def test_what_is_not_entered_is_what_is_usual(world: World, client: Client) -> None:
    fill_in(client)
    submit(client)
    customer = made()
    assert delegated_rights(customer) == DEFAULT_GRANTS & allowed("business")
    assert not User.objects.filter(customer=customer).exists()
    assert str(customer.timezone) == str(world.reseller.timezone)
    assert Balance.objects.get(customer=customer).currency_id == "EUR"  # as the tariff
    assert not CustomerParameters.objects.filter(customer=customer).exists()
    assert str(Balance.objects.get(customer=customer).period_timezone) == str(customer.timezone)


def test_the_default_tariff_is_preset(world: World, client: Client) -> None:
    first = client.get(step("basic")).context["form"]["tariff"].subwidgets[0]
    assert first.data["label"] == "Retail"
    retail = Tariff.objects.get(name="Retail")
    Tariff.objects.create(
        owner=world.reseller, name="Zenith", currency_id="EUR", is_default=True, timezone="UTC"
    )
    shown = client.get(step("basic")).context["form"]["tariff"].subwidgets
    assert [widget.data["label"] for widget in shown] == ["Zenith", retail.name]


@pytest.mark.parametrize(
    ("slug", "changes", "field", "text"),
    [
        ("basic", {"name": ""}, "name", "required"),
        ("basic", {"name": " other  RESELLER "}, "name", "This name is taken."),
        ("basic", {"main_email": "nobody"}, "main_email", "valid email"),
        ("basic", {"credit_limit": "-1"}, "credit_limit", "greater than or equal to 0"),
        ("basic", {"timezone": "Mars/Olympus"}, "timezone", "valid choice"),
        ("basic", {"call_limit": "-3"}, "call_limit", "greater than or equal to 0"),
        ("basic", {"tariff": "0"}, "tariff", "valid choice"),
        ("company", {"billing_email": "nobody"}, "billing_email", "valid email"),
        ("company", {"company_name": "x" * 201}, "company_name", "at most 200"),
        ("report", {"report_at": "25:00"}, "report_at", "valid time"),
        ("short_calls", {"short_calls": "true"}, "short_call_percent", "percentage"),
        ("invoice", {"tax_percent": "101"}, "tax_percent", "less than or equal to 100"),
        ("portal", {"login": "shop-1"}, "login", "This login is taken."),
        ("portal", {"sends_welcome": "on"}, "login", "needs a login"),
        ("portal", {"login": "a", "access": "link"}, "email", "address that the link"),
        ("notifications", {"notifications": "true"}, "low_balance_amount", "percentage"),
    ],
)
def test_next_checks_the_step_and_keeps_what_was_typed(
    client: Client, slug: str, changes: dict[str, Any], field: str, text: str
) -> None:
    answer = press(client, slug, **changes)
    assert answer.status_code == 422
    assert text in " ".join(answer.context["form"].errors[field])
    kept = CustomerDraft.objects.get().answers["steps"][slug]
    for name, value in changes.items():
        assert kept[name] == [value]


def test_back_keeps_what_is_wrong_without_a_word(client: Client) -> None:
    answer = press(client, "company", "back", billing_email="nobody", tax_id="GB 7")
    assert answer.headers["Location"] == step("basic")
    page = client.get(step("company"))
    assert page.context["form"]["billing_email"].value() == "nobody"
    assert not page.context["form"].errors


def test_submit_leads_to_the_first_wrong_step_and_marks_all_of_them(client: Client) -> None:
    press(client, "company", "back", billing_email="nobody")
    press(client, "report", "back", report_at="25:00")
    answer = submit(client)
    assert answer.headers["Location"] == step("basic")
    page = client.get(step("basic"))
    assert "Not opened. 3 steps need attention." in page.content.decode()
    assert page.context["form"].errors.keys() == {"name"}
    wrong = [item["label"] for item in page.context["steps"] if item["is_wrong"]]
    assert wrong == ["Basic Info", "Company Info", "Automatic Report"]
    assert page.content.decode().count("tag err") == 3
    press(client, "basic", **BASIC)
    assert client.get(step("company")).context["form"].errors.keys() == {"billing_email"}
    assert not Customer.objects.filter(name="Calder Voice").exists()


def test_a_name_that_is_taken_meanwhile_is_an_error_of_its_step(
    world: World, client: Client
) -> None:
    fill_in(client, {"portal": {"login": "calder"}})
    other = signed_in(world, "operator")
    fill_in(other, {"basic": BASIC | {"name": "CALDER voice"}})
    submit(other)
    answer = submit(client, password=PASSWORD)
    assert answer.headers["Location"] == step("basic")
    assert not User.objects.filter(login="calder").exists()
    errors = client.get(step("basic")).context["form"].errors
    assert list(errors["name"]) == ["This name is taken."]


def test_what_only_the_services_refuse_is_said_at_its_step(world: World, client: Client) -> None:
    fill_in(client, {"basic": BASIC | {"opened_at": "2025-01-01T00:00"}})
    answer = submit(client)
    assert answer.headers["Location"] == step("basic")
    page = client.get(step("basic"))
    assert "before the start of your own service" in str(page.context["form"].errors["opened_at"])
    press(client, "basic", opened_at="")
    assert not client.get(step("basic")).context["form"].errors
    submit(client)
    assert made().owner == world.reseller


def test_a_weak_password_is_refused_on_the_last_step(client: Client) -> None:
    fill_in(client, {"portal": {"login": "calder"}})
    missing = submit(client)
    assert missing.status_code == 422
    assert "required" in str(missing.context["form"].errors["password"])
    weak = submit(client, password="short")
    assert weak.status_code == 422
    assert "too short" in str(weak.context["form"].errors["password"])
    assert "short" not in sent(client, SLUGS[-1])
    assert not Customer.objects.filter(name="Calder Voice").exists()


def test_a_login_without_a_password_is_invited_by_mail(world: World, client: Client) -> None:
    fill_in(client, {"portal": {"login": "calder", "access": "link"}})
    assert "password" not in client.get(step(SLUGS[-1])).context["form"].fields
    submit(client)
    user = User.objects.get(login="calder")
    assert not user.has_usable_password()
    letter = Message.objects.get(user=user)
    assert (letter.event, letter.recipient) == ("set_password", "office@calder.example")
    assert letter.owner == world.reseller
    assert mail.outbox == []  # the worker sends it


def test_the_welcome_letter_takes_the_place_of_the_invitation(client: Client) -> None:
    steps = {"portal": {"login": "calder", "access": "link", "sends_welcome": "on"}}
    fill_in(client, steps)
    submit(client)
    assert [letter.event for letter in Message.objects.all()] == ["welcome"]


# What the owner has defined -------------------------------------------------------------------
@pytest.fixture
def defined(world: World) -> dict[str, Any]:
    """A business model for resellers and businesses, and a class with two fields."""
    model = BusinessModel.objects.create(
        owner=world.reseller, name="PBX", kinds=["business"], rights=["cdrs.view", "accounts.add"]
    )
    retail = CustomerClass.objects.create(owner=world.reseller, name="Retail class", grace_days=21)
    licence = CustomField.objects.create(
        customer_class=retail, name="Licence", kind="text", is_mandatory=True
    )
    colour = CustomField.objects.create(
        customer_class=retail, name="Colour", kind="list", options=["red", "blue"], default="red"
    )
    return {"model": model, "class": retail, "licence": licence, "colour": colour}


def test_a_business_model_is_required_and_limits_kinds_and_rights(
    client: Client, defined: dict[str, Any]
) -> None:
    refused = press(client, "basic", **BASIC)
    assert "business_model" in refused.context["form"].errors
    model = defined["model"].pk
    refused = press(client, "basic", business_model=model, kind="residential")
    assert "PBX is for: Business." in str(refused.context["form"].errors["kind"])
    fill_in(client, {"basic": BASIC | {"business_model": model, "kind": "business"}})
    offered = client.get(step("portal")).context["form"].fields["rights"].choices
    assert {code for code, _label in offered} == {"cdrs.view", "accounts.add"}
    submit(client)
    assert delegated_rights(made()) == {"cdrs.view", "accounts.add"}


def test_the_fields_of_a_class_are_asked_for_once_it_is_chosen(
    client: Client, defined: dict[str, Any]
) -> None:
    chosen = BASIC | {"business_model": defined["model"].pk, "customer_class": defined["class"].pk}
    first = press(client, "basic", **chosen)
    assert first.status_code == 422
    form = first.context["form"]
    licence, colour = (f"custom_{defined[name].pk}" for name in ("licence", "colour"))
    assert form[colour].value() == "red"
    assert "fields of its own" in str(form.errors["customer_class"])
    missing = press(client, "basic")
    assert missing.context["form"].errors.keys() == {licence}
    fill_in(client, {"basic": {licence: "LX-7", colour: "blue"}})
    submit(client)
    values = CustomFieldValue.objects.filter(customer=made())
    assert dict(values.values_list("field__name", "value")) == {"Licence": "LX-7", "Colour": "blue"}


def test_later_steps_show_what_the_class_gives(client: Client, defined: dict[str, Any]) -> None:
    chosen = BASIC | {"business_model": defined["model"].pk, "customer_class": defined["class"].pk}
    press(client, "basic", **chosen)
    press(client, "basic", **{f"custom_{defined['licence'].pk}": "LX-7"})
    page = client.get(step("invoice")).content.decode()
    assert "Inherited: 21 (class Retail class)" in page


def test_a_right_that_the_kind_excludes_by_now_is_dropped(client: Client) -> None:
    fill_in(client, {"portal": {"rights": ["cdrs.view", "trunks.add"]}})
    press(client, "basic", kind="residential")
    submit(client)
    assert delegated_rights(made()) == {"cdrs.view"}


@pytest.mark.parametrize("slug", SLUGS)
def test_no_step_names_or_takes_what_belongs_to_others(
    world: World, client: Client, slug: str
) -> None:
    foreign = {
        "business_model": BusinessModel.objects.create(
            owner=world.other_reseller, name="Zanzibar", kinds=["business"]
        ),
        "customer_class": CustomerClass.objects.create(owner=world.root, name="Zanzibar"),
        "invoice_settings": InvoiceSettings.objects.create(owner=world.root, name="Zanzibar"),
        "tariff": Tariff.objects.get(name="Wholesale"),
    }
    page = client.get(step(slug))
    assert "Zanzibar" not in page.content.decode()
    fields = foreign.keys() & page.context["form"].fields.keys()
    for field in fields:
        answer = press(client, slug, **{field: foreign[field].pk})
        assert "valid choice" in str(answer.context["form"].errors[field])


# Rights, tariffs ------------------------------------------------------------------------------
def test_who_may_not_add_customers_has_no_wizard(world: World) -> None:
    business = signed_in(world, "sub_customer")
    for slug in SLUGS:
        assert business.get(step(slug)).status_code == 403
        assert business.post(step(slug), {"go": "submit"}).status_code == 403
        assert Client().get(step(slug)).status_code == 302
    assert not CustomerDraft.objects.exists()


def test_without_a_tariff_the_wizard_says_so(world: World) -> None:
    page = signed_in(world, "other_reseller").get(step("basic")).content.decode()
    assert "needs one of your tariffs" in page
    assert reverse("tariffs:tariff_create") in page
    assert 'value="next"' not in page


def test_rights_beyond_the_owners_are_refused_by_the_service(world: World) -> None:
    tariff = Tariff.objects.get(name="Retail")
    settings = Settings(rights=frozenset({"system.settings"}))
    with pytest.raises(DomainError) as refused:
        open_customer(
            actor=world.actor("reseller"),
            name="Calder Voice",
            kind="reseller",
            terms=Terms(tariff=tariff),
            settings=settings,
        )
    assert refused.value.field == "rights"
    assert not Customer.objects.filter(name="Calder Voice").exists()
