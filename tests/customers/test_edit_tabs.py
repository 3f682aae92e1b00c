"""The edit page: the wizard's steps as tabs, each saved by itself, only for direct customers."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing.services.maintenance import maintain
from customers.forms.steps import sent_by
from customers.models import (
    AuditEvent,
    Customer,
    CustomerClass,
    CustomerParameters,
    CustomField,
    CustomFieldValue,
)
from customers.views.edit import TABS
from tariffs.selectors import tariff_of
from tests.customers.wizard import signed_in
from tests.world import OPENED, World, tariff_with_rates

NAMES = [name for _slug, _label, name in TABS]


@pytest.fixture
def client(world: World) -> Client:
    """The reseller's browser."""
    return signed_in(world, "reseller")


def address(world: World, tab: str, who: str = "sub_customer") -> str:
    name = f"customers:customer_edit_{tab}" if tab else "customers:customer_edit"
    return reverse(name, args=[getattr(world, who).pk])


def save(client: Client, target: str, **changes: Any) -> Any:
    """Send the form of a tab after ``changes``."""
    form = client.get(target).context["form"]
    return client.post(target, {**sent_by(form), **changes})


@pytest.mark.parametrize("name", NAMES)
def test_who_may_open_the_tabs(world: World, client: Client, name: str) -> None:
    def status(browser: Client, customer: Customer) -> int:
        return browser.get(reverse(name, args=[customer.pk])).status_code

    assert status(client, world.sub_customer) == 200
    assert status(client, world.shop) == 403  # its owner's
    assert status(signed_in(world, "other_reseller"), world.sub_customer) == 404
    assert status(signed_in(world, "sub_customer"), world.sub_customer) == 403
    assert status(Client(), world.sub_customer) == 302
    Customer.objects.filter(pk=world.sub_customer.pk).update(archived_at=world.shop.opened_at)
    assert status(client, world.sub_customer) == 403


def test_save_stays_on_the_tab_and_save_and_close_leads_to_the_customer(
    world: World, client: Client
) -> None:
    target = address(world, "company")
    assert save(client, target, tax_id="GB 1").headers["Location"] == target
    closed = save(client, target, tax_id="GB 2", save_and_close="")
    detail = reverse("customers:customer_detail", args=[world.sub_customer.pk])
    assert closed.headers["Location"] == detail
    world.sub_customer.refresh_from_db()
    assert world.sub_customer.tax_id == "GB 2"


def test_a_tab_changes_nothing_of_the_others(world: World, client: Client) -> None:
    save(client, address(world, "invoice"), grace_days="3")
    save(client, address(world, "report"), report_at="07:30")
    save(client, address(world, "invoice"), grace_days="")
    own = CustomerParameters.objects.get(customer=world.sub_customer)
    assert (own.grace_days, str(own.report_at)) == (None, "07:30:00")


def test_another_tariff_counts_from_now_on(world: World, client: Client) -> None:
    dear = tariff_with_rates(world.reseller, "Dear", "EUR", factor="9")
    before = tariff_of(world.sub_customer.pk, now())
    assert save(client, address(world, ""), tariff=dear.pk).status_code == 302
    assert tariff_of(world.sub_customer.pk, now()) == dear
    assert tariff_of(world.sub_customer.pk, OPENED) == before


@pytest.mark.parametrize(
    ("tab", "changes", "field"),
    [
        ("", {"name": "Other reseller"}, "name"),
        ("", {"min_profitability": "x"}, "min_profitability"),
        ("company", {"rates_email": "nobody"}, "rates_email"),
        ("report", {"report_at": "25:00"}, "report_at"),
        ("short_calls", {"short_calls": "true"}, "short_call_price"),
        ("invoice", {"rate_decimals": "9"}, "rate_decimals"),
        ("notifications", {"low_balance_days": "-1"}, "low_balance_days"),
    ],
)
def test_an_error_stands_at_its_field(
    world: World, client: Client, tab: str, changes: dict[str, Any], field: str
) -> None:
    answer = save(client, address(world, tab), **changes)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_a_changed_calendar_waits_for_the_next_close(world: World, client: Client) -> None:
    target = address(world, "")
    save(client, target, period_type="weekly", period_timezone="Europe/Paris")
    balance = world.balance("sub_customer")
    assert (balance.period_type, balance.next_period_type) == ("monthly", "weekly")
    assert str(balance.next_period_timezone) == "Europe/Paris"
    page = client.get(target)
    assert "Monthly now, Weekly from the next close." in page.content.decode()
    assert page.context["form"]["period_type"].value() == "weekly"
    save(client, target, period_type="monthly", period_timezone="UTC")
    balance.refresh_from_db()
    assert (balance.next_period_type, balance.next_period_timezone) == ("", None)


def test_the_currency_is_fixed_once_money_moved_and_says_why(world: World, client: Client) -> None:
    target = address(world, "")
    save(client, target, currency="USD")
    assert world.balance("sub_customer").currency_id == "USD"
    maintain(
        actor=world.actor("reseller"),
        balance=world.balance("sub_customer"),
        action="credit",
        amount=Decimal(5),
        currency="USD",
        key="k",
    )
    page = client.get(target).content.decode()
    assert "Fixed, because money has moved." in page
    assert reverse("billing:maintenance", args=[world.sub_customer.pk]) in page
    save(client, target, currency="EUR", balance="999")
    assert (world.balance("sub_customer").currency_id, world.balance("sub_customer").amount) == (
        "USD",
        Decimal(5),
    )


def test_what_is_inherited_is_shown_and_overridden_field_by_field(
    world: World, client: Client
) -> None:
    retail = CustomerClass.objects.create(owner=world.reseller, name="Retail class", grace_days=21)
    save(client, address(world, ""), customer_class=retail.pk)
    target = address(world, "invoice")
    page = client.get(target).content.decode()
    assert "Inherited: 21 (class Retail class)" in page
    assert "inherited from the class Retail class" in page
    save(client, target, grace_days="5")
    assert CustomerParameters.objects.get(customer=world.sub_customer).grace_days == 5


def test_a_new_class_asks_for_its_fields_and_stays_the_owners(world: World, client: Client) -> None:
    retail = CustomerClass.objects.create(owner=world.reseller, name="Zanzibar")
    field = CustomField.objects.create(
        customer_class=retail, name="Licence", kind="text", is_mandatory=True
    )
    target = address(world, "")
    first = save(client, target, customer_class=retail.pk)
    assert first.status_code == 422
    again = {**sent_by(first.context["form"]), f"custom_{field.pk}": "LX-7"}
    assert client.post(target, again).status_code == 302
    assert CustomFieldValue.objects.get(customer=world.sub_customer).value == "LX-7"
    assert client.get(target).context["form"][f"custom_{field.pk}"].value() == "LX-7"
    mine = AuditEvent.objects.visible_to(world.actor("sub_customer"))
    assert not [event for event in mine if "customer_class" in event.changes]
    own = signed_in(world, "sub_customer")
    for name in ("company", "company_edit", "audit_list"):
        assert "Zanzibar" not in own.get(reverse(f"customers:{name}")).content.decode()


def test_the_portal_tab_sums_up_rights_and_logins(world: World, client: Client) -> None:
    page = client.get(address(world, "portal")).content.decode()
    assert "Accounts: add" in page
    assert "sub-customer" in page
    for name in ("customer_rights", "customer_users"):
        assert reverse(f"customers:{name}", args=[world.sub_customer.pk]) in page
