"""Imports of records: every error of every row, by row and column; what a file must look like."""

import io
from typing import Any

import pytest
import xlsxwriter

from billing.models import Balance
from billing.services.customers import Terms, open_customer
from customers.models import Customer, CustomerClass, CustomField, RecordImport, User
from customers.selectors import actor_for
from customers.services.business_models import create_business_model
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.billing.records import checked, csv_file, problems, uploaded
from tests.world import World


def row(name: str = "Ada Ltd", **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "business", "tariff": "Retail"} | more


WRONG = {
    "name": "",
    "kind": "root",
    "tariff": "Wholesale",
    "currency": "XXX",
    "mode": "later",
    "credit_limit": "-1",
    "opening_balance": "1.234,50",
    "period_type": "yearly",
    "period_timezone": "Mars/Olympus",
    "main_email": "nobody",
    "timezone": "Nowhere",
    "language": "tlh",
    "call_limit": "-2",
    "cps_limit": "many",
    "max_depth": "1.5",
    "min_profitability": "1 000",
    "min_profitability_unit": "per_hour",
    "business_model": "None such",
    "customer_class": "None such",
    "status": "sleeping",
    "opened_at": "31/01/2026",
    "login_name": "Ana",
    "address": "x" * 1001,
}


@pytest.mark.parametrize("column", WRONG)
def test_a_wrong_cell_is_named(world: World, column: str) -> None:
    job = checked(world.actor("reseller"), "customer", [row(), row("Bo") | {column: WRONG[column]}])
    expected = "login" if column == "login_name" else column
    assert list(problems(job)) == [(3, expected)]
    assert (job.state, job.wrong, job.done, job.total) == ("failed", 1, 2, 2)
    assert not Customer.objects.filter(name="Ada Ltd").exists()


def test_all_errors_of_all_rows_are_found(world: World) -> None:
    rows = [row("Bo", mode="x", currency="y"), row("Cy"), row("Di", kind="z", tariff="")]
    job = checked(world.actor("reseller"), "customer", rows)
    assert set(problems(job)) == {(2, "mode"), (2, "currency"), (4, "kind"), (4, "tariff")}


def test_taken_names_say_no_more_and_doubles_name_the_other_row(world: World) -> None:
    rows = [
        row(" other  RESELLER "),
        row("Twin", login="Shop", login_email="a@example.com"),
        row("TWIN", login="new", login_email="a@example.com"),
        row("Cy", login="NEW", login_email="a@example.com"),
    ]
    assert problems(checked(world.actor("reseller"), "customer", rows)) == {
        (2, "name"): "This is taken.",
        (3, "login"): "This is taken.",
        (4, "name"): "This stands in row 3 already.",
        (5, "login"): "This stands in row 4 already.",
    }


def test_a_login_needs_an_address_and_an_open_customer(world: World) -> None:
    rows = [row("A", login="a1"), row("B", login="b1", main_email="b@example.com", status="closed")]
    found = problems(checked(world.actor("reseller"), "customer", rows))
    assert set(found) == {(2, "login_email"), (3, "login")}


def test_what_the_owner_has_defined_counts(world: World) -> None:
    actor = world.actor("reseller")
    create_business_model(actor=actor, name="Shops", kinds=["business"], rights=[])
    made = CustomerClass.objects.create(owner=world.reseller, name="Gold")
    CustomField.objects.create(customer_class=made, name="Since", kind="date", is_mandatory=True)
    foreign = CustomerClass.objects.create(owner=world.sub_reseller, name="Silver")
    CustomField.objects.create(customer_class=foreign, name="Hidden", kind="text")
    rows = [
        row("A"),
        row("B", business_model="SHOPS", kind="residential"),
        row("C", business_model="Shops", customer_class="gold"),
        row("D", business_model="Shops", customer_class="Gold") | {"field: Since": "yesterday"},
        row("E", business_model="Shops", customer_class="Silver"),
        row("F", business_model="Shops") | {"field: Since": "2026-01-01"},
    ]
    assert set(problems(checked(actor, "customer", rows))) == {
        (2, "business_model"),
        (3, "kind"),
        (4, "field: Since"),
        (5, "field: Since"),
        (6, "customer_class"),
        (7, "field: Since"),
    }
    with pytest.raises(DomainError, match="Unknown columns: field: Hidden"):
        checked(actor, "customer", [row() | {"field: Hidden": "x"}])


def test_a_cap_of_levels_fails_the_file(world: World) -> None:
    Customer.objects.filter(pk=world.reseller.pk).update(max_depth=0)
    job = checked(world.actor("reseller"), "customer", [row()])
    assert job.state == "failed"
    assert "No more levels" in job.reason


def test_accounts_are_checked_like_single_ones(world: World) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(call_limit=3)
    virtual = open_customer(
        actor=world.actor("reseller"),
        name="Cards",
        kind="virtual",
        terms=Terms(tariff=Tariff.objects.get(name="Retail")),
    )
    rows: list[dict[str, Any]] = [
        {"auth_name": "SHOP-1"},
        {"auth_name": "two words"},
        {"auth_name": "a1", "max_sessions": "4"},
        {"auth_name": "a2", "sip_password": "short"},
        {"auth_name": "a3", "charging": "by_itself", "tariff": "Street"},
        {"auth_name": "a4", "tariff": "same"},
        {"auth_name": "a5", "customer": "Sub customer"},
        {"auth_name": "a6", "login": "l6"},
        {"auth_name": "A6"},
    ]
    found = problems(checked(world.actor("shop"), "account", rows))
    assert list(found) == [
        (2, "auth_name"),
        (3, "auth_name"),
        (4, "max_sessions"),
        (5, "sip_password"),
        (6, "tariff"),
        (7, "tariff"),
        (8, "customer"),
        (9, "login_email"),
        (10, "auth_name"),
    ]
    assert found[4, "max_sessions"] == "Your provider allows at most 3."
    rows = [
        {"auth_name": "b1", "customer": virtual.name},
        {"auth_name": "b2", "customer": "Sub customer", "charging": "by_itself", "tariff": "same"},
        {"auth_name": "b3", "customer": "Shop"},
    ]
    found = problems(checked(world.actor("reseller"), "account", rows))
    assert list(found) == [(2, "customer"), (3, "charging"), (4, "customer")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"name,kind,tariff\n", "no rows"),
        (b"name,kind\nA,business\n", "Missing columns: tariff"),
        (b"name,kind,tariff,colour\nA,business,Retail,red\n", "Unknown columns: colour"),
        (b"name,kind,tariff,Name\nA,business,Retail,B\n", "twice: name"),
        (b"PK\x03\x04 nothing of the kind", "neither CSV nor"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_at_once(
    world: World, content: bytes, message: str
) -> None:
    with pytest.raises(DomainError, match=message) as raised:
        uploaded(world.actor("reseller"), "customer", content)
    assert raised.value.field == "file"
    assert not RecordImport.objects.exists()


def test_labels_semicolons_and_other_encodings_are_read(world: World) -> None:
    text = "Name;KIND;tariff;Credit limit;Main e-mail\nCafé Ñandú;Business;Retail;10,5;\n\n"
    job = checked(world.actor("reseller"), "customer", text.encode("cp1252"))
    assert job.rows[0] == [
        2,
        {"name": "Café Ñandú", "kind": "Business", "tariff": "Retail", "credit_limit": "10,5"},
    ]
    assert job.state == "checked"


def test_a_workbook_is_read(world: World) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(
            [
                ["name", "kind", "tariff", "call_limit", "credit_limit"],
                [],
                ["X Ltd", "business", "Retail", 7, 0.1],
            ]
        ):
            sheet.write_row(number, 0, cells)
    job = checked(world.actor("reseller"), "customer", file.getvalue())
    cells = {"name": "X Ltd", "kind": "business", "tariff": "Retail"}
    assert job.rows == [[3, cells | {"call_limit": "7", "credit_limit": "0.1"}]]
    assert job.state == "checked"


def test_a_lone_cell_far_out_is_refused(world: World) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name", "kind", "tariff"])
        sheet.write(1_000_000, 16_000, "far")
    with pytest.raises(DomainError, match="too far out"):
        uploaded(world.actor("reseller"), "customer", file.getvalue())


def test_sip_passwords_are_stored_as_digests_only(world: World) -> None:
    rows = [{"auth_name": "phone-9", "sip_password": "correct horse"}]
    job = uploaded(world.actor("shop"), "account", csv_file(rows))
    stored = str(RecordImport.objects.values().get())
    assert "correct horse" not in stored
    assert len(job.rows[0][1]["sip_password"]) == 32


def test_cells_beyond_the_head_are_an_error(world: World) -> None:
    content = b"name,kind,tariff\nA,business,Retail,extra\n"
    assert list(problems(checked(world.actor("reseller"), "customer", content))) == [(2, "")]


def test_nobody_imports_logins_while_switched(world: World) -> None:
    actor = actor_for(world.user("operator"), stack=[world.reseller.pk])
    job = checked(actor, "customer", [row("A", login="a1", login_email="a@example.com")])
    assert list(problems(job)) == [(2, "login")]
    assert checked(actor, "customer", [row("B")]).state == "checked"
    assert not User.objects.filter(login="a1").exists()
    assert not Balance.objects.filter(customer__name="B").exists()
