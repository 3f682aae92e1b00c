"""Tax settings: pages, tenancy, what fits together, and none goes while it is chosen."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from billing.models import BillingPeriod, Tax
from billing.selectors.tax_settings import NewRate, rates_of
from billing.services.drafts import make_draft, refresh_draft
from billing.services.maintenance import maintain
from billing.services.tax_settings import create_tax, edit_tax
from customers.models import AuditEvent, Customer, User
from customers.services.classes import create_class
from customers.services.parameters import set_parameters
from softswitch.core.errors import DomainError
from tests.customers.wizard import signed_in
from tests.sql import count_queries
from tests.world import World

VAT = [NewRate("VAT", Decimal(20))]
CANADA = [NewRate("GST", Decimal(5)), NewRate("QST", Decimal("9.975"), is_compound=True)]
SENT: dict[str, Any] = {
    "name": "Quebec",
    "mode": "added",
    "category": "S",
    "reason": "",
    "rate_1_order": "1",
    "rate_1_name": "GST",
    "rate_1_percent": "5",
    "rate_2_order": "2",
    "rate_2_name": "QST",
    "rate_2_percent": "9.975",
    "rate_2_compound": "on",
}


def url(name: str, *args: Any) -> str:
    return reverse(f"billing:tax_{name}", args=args)


@pytest.fixture
def made(world: World) -> Tax:
    """A tax of the reseller's, chosen by a class and by a customer of its own."""
    actor = world.actor("reseller")
    tax = create_tax(actor=actor, name="VAT 20", rates=VAT)
    create_class(actor=actor, name="Wholesale", parameters={"tax": tax})
    set_parameters(actor=actor, customer=world.sub_customer, values={"tax": tax})
    return tax


# Who ---------------------------------------------------------------------------------------------
def test_only_the_owner_opens_them(world: World, made: Tax) -> None:
    for name in ("edit", "delete"):
        page = url(name, made.pk)
        assert signed_in(world, "reseller").get(page).status_code == 200
        for stranger in ("operator", "other_reseller", "sub_reseller", "sub_customer"):
            assert signed_in(world, stranger).get(page).status_code == 404, stranger
            assert signed_in(world, stranger).post(page).status_code == 404, stranger
        assert Client().get(page).status_code == 302
    User.objects.filter(pk=world.user("reseller").pk).update(role="read_only")
    for name in ("list", "create"):
        assert signed_in(world, "reseller").get(url(name)).status_code == 403


def test_another_owners_tax_is_neither_edited_nor_chosen(world: World, made: Tax) -> None:
    with pytest.raises(PermissionDenied):
        edit_tax(actor=world.actor("operator"), tax=made, values={}, rates=VAT)
    with pytest.raises(DomainError) as error:
        create_class(actor=world.actor("operator"), name="Any", parameters={"tax": made})
    assert error.value.field == "tax"


def test_the_list_holds_the_own_ones_their_rates_and_who_chose_them(
    world: World, made: Tax
) -> None:
    create_tax(actor=world.actor("sub_reseller"), name="Zanzibar", rates=VAT)
    create_tax(actor=world.actor("reseller"), name="Quebec", rates=CANADA)
    answer = signed_in(world, "reseller").get(url("list"))
    rows = [item.record for item in answer.context["page"].object_list]
    assert [(row.name, row.classes, row.customers) for row in rows] == [
        ("Quebec", 0, 0),
        ("VAT 20", 1, 1),
    ]
    page = answer.content.decode()
    assert "GST 5 %, QST 9.975 %" in page
    assert "Zanzibar" not in page
    export = signed_in(world, "reseller").get(url("list"), {"export": "csv"})
    assert "GST 5 %, QST 9.975 %" in b"".join(export).decode()


def test_the_list_costs_the_same_with_more_rows(world: World) -> None:
    client, actor = signed_in(world, "reseller"), world.actor("reseller")
    for number in range(5):
        create_tax(actor=actor, name=f"Row {number}", rates=VAT)
    client.get(url("list"))
    few = count_queries(lambda: client.get(url("list")))
    for number in range(5, 30):
        create_tax(actor=actor, name=f"Row {number}", rates=CANADA)
    assert count_queries(lambda: client.get(url("list"))) == few


# Create and edit ---------------------------------------------------------------------------------
def test_a_tax_is_created_and_shown_as_stored(world: World) -> None:
    client = signed_in(world, "reseller")
    answer = client.post(url("create"), SENT)
    made = Tax.objects.get()
    assert answer.headers["Location"] == url("edit", made.pk)
    assert (made.owner, made.mode, made.category) == (world.reseller, "added", "S")
    assert rates_of(made) == CANADA
    form = client.get(answer.headers["Location"]).context["form"]
    shown = [form[f"rate_2_{part}"].value() for part in ("order", "name", "percent", "compound")]
    assert shown == [2, "QST", "9.975", True]
    assert form["rate_3_name"].value() in ("", None)


def test_rates_are_put_in_order_and_emptied(world: World) -> None:
    client = signed_in(world, "reseller")
    client.post(url("create"), SENT | {"rate_1_order": "3"})
    made = Tax.objects.get()
    assert [rate.name for rate in rates_of(made)] == ["QST", "GST"]
    empty = {"rate_1_name": "", "rate_1_percent": "", "rate_2_compound": ""}
    client.post(url("edit", made.pk), SENT | empty)
    assert rates_of(made) == [NewRate("QST", Decimal("9.975"))]
    changes = [event.changes for event in AuditEvent.objects.filter(action="tax_edited")]
    assert changes == [{"rates": ["QST 9.975 %, GST 5 %", "QST 9.975 %"]}]
    client.post(url("edit", made.pk), SENT | empty)
    assert AuditEvent.objects.filter(action="tax_edited").count() == 1


@pytest.mark.parametrize(
    ("category", "reason"),
    [("AE", "Reverse charge"), ("E", "Education"), ("G", "Export"), ("O", "Outside"), ("Z", "")],
)
def test_no_tax_has_a_category_and_mostly_a_reason(
    world: World, category: str, reason: str
) -> None:
    sent = {"name": "None", "mode": "none", "category": category, "reason": reason}
    signed_in(world, "reseller").post(url("create"), sent)
    made = Tax.objects.get()
    assert (made.mode, made.category, made.reason, rates_of(made)) == ("none", category, reason, [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "VAT 20"}, "name"),
        ({"mode": "both"}, "mode"),
        ({"rate_1_percent": "0", "rate_2_percent": "0"}, "mode"),
        ({"mode": "none", "category": "Z"}, "mode"),
        ({"category": "Z"}, "category"),
        ({"category": "X"}, "category"),
        ({"reason": "Because"}, "reason"),
        ({"rate_1_name": ""}, "rate_1_name"),
        ({"rate_1_percent": ""}, "rate_1_percent"),
        ({"rate_1_percent": "100.1"}, "rate_1_percent"),
        ({"rate_1_percent": "1.23456"}, "rate_1_percent"),
        ({"rate_1_name": "x" * 41}, "rate_1_name"),
        ({"rate_1_order": "0"}, "rate_1_order"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    world: World, made: Tax, changes: dict[str, Any], field: str
) -> None:
    answer = signed_in(world, "reseller").post(url("create"), SENT | changes)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Tax.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "rates", "field"),
    [
        ({"mode": "none", "category": "S"}, [], "category"),
        ({"mode": "none", "category": "AE"}, [], "reason"),
        ({"mode": "included"}, [], "mode"),
        ({}, [NewRate("", Decimal(5))], "rate_1_name"),
        ({}, [*VAT, NewRate("Too much", Decimal(101))], "rate_2_percent"),
    ],
)
def test_the_service_refuses_it_too(
    world: World, values: dict[str, Any], rates: list[NewRate], field: str
) -> None:
    with pytest.raises(DomainError) as error:
        create_tax(actor=world.actor("reseller"), name="Any", rates=rates, **values)
    assert error.value.field == field
    assert not Tax.objects.exists()


# What it makes of an amount ----------------------------------------------------------------------
def test_the_page_shows_what_an_amount_becomes(world: World, made: Tax) -> None:
    client = signed_in(world, "reseller")
    page = client.get(url("edit", made.pk)).content.decode()
    assert "100.00 without tax" in page
    assert "VAT 20 % of 100.00" in page
    assert "<dd>20.00</dd>" in page
    assert '<dd class="total">120.00</dd>' in page
    assert "is shown here once" in client.get(url("create")).content.decode()


def test_typing_shows_it_before_anything_is_stored(world: World) -> None:
    client = signed_in(world, "reseller")
    answer = client.get(url("create"), SENT, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "QST 9.975 % of 105.00" in page
    assert '<dd class="total">115.47</dd>' in page
    included = {"mode": "included", "rate_2_name": "", "rate_2_percent": ""}
    page = client.get(
        url("create"), SENT | included, headers={"HX-Request": "true"}
    ).content.decode()
    assert "100.00 with tax" in page
    assert "GST 5 % of 95.24" in page
    assert '<dd class="total">100.00</dd>' in page
    wrong = client.get(url("create"), {"name": ""}, headers={"HX-Request": "true"})
    assert "is shown here once" in wrong.content.decode()
    assert not Tax.objects.exists()


# What it makes of invoices -----------------------------------------------------------------------
def test_a_draft_is_taxed_as_the_class_says(world: World, made: Tax) -> None:
    """Two rates, one compound, of a Debit; a percentage of the customer's own takes their place."""
    actor, balance = world.actor("reseller"), world.balance("sub_customer")
    edit_tax(actor=actor, tax=made, values={}, rates=CANADA)
    customer_class = world.reseller.classes.get()
    Customer.objects.filter(pk=world.sub_customer.pk).update(customer_class=customer_class)
    at = datetime(2026, 3, 10, tzinfo=UTC)
    maintain(
        actor=actor,
        balance=balance,
        action="debit",
        amount=Decimal(100),
        currency=balance.currency_id,
        key="a debit",
        at=at,
    )
    BillingPeriod.objects.update(closed_at=datetime(2026, 4, 1, 6, tzinfo=UTC))
    set_parameters(actor=actor, customer=world.sub_customer, values={"tax": None})
    world.sub_customer.refresh_from_db()
    draft = make_draft(actor=actor, period=BillingPeriod.objects.get(balance=balance))
    assert [f"{sum_:.2f}" for sum_ in (draft.net, draft.tax, draft.total)] == [
        "100.00",
        "15.47",
        "115.47",
    ]
    assert [(tax.name, tax.amount) for tax in draft.taxes.all()] == [
        ("GST", 5),
        ("QST", Decimal("10.47")),
    ]
    own = {"tax_percent": Decimal(7)}
    set_parameters(actor=actor, customer=world.sub_customer, values=own)
    draft = refresh_draft(actor=actor, invoice=draft)
    assert [f"{sum_:.2f}" for sum_ in (draft.net, draft.tax)] == ["100.00", "7.00"]


# Delete ------------------------------------------------------------------------------------------
def test_what_is_chosen_stays_and_what_is_not_goes(world: World, made: Tax) -> None:
    client, actor = signed_in(world, "reseller"), world.actor("reseller")
    page = client.get(url("delete", made.pk)).content.decode()
    assert "In use: 1 class, 1 customer." in page
    answer = client.post(url("delete", made.pk), follow=True)
    assert "VAT 20 is in use: 1 class, 1 customer." in answer.content.decode()
    set_parameters(actor=actor, customer=world.sub_customer, values={"tax": None})
    answer = client.post(url("delete", made.pk), follow=True)
    assert "VAT 20 is in use: 1 class." in answer.content.decode()
    world.reseller.classes.update(tax=None)
    client.post(url("delete", made.pk))
    assert not Tax.objects.exists()
    assert AuditEvent.objects.filter(action="tax_deleted", subject="VAT 20").exists()
