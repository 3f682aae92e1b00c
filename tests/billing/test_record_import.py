"""Imports of customers: what is made, that it equals what one service makes, all or nothing."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db.models import Model

from billing.models import Balance, LedgerEntry
from billing.services.customers import Login, Settings, Terms, open_customer
from billing.services.records.applying import apply_import
from billing.services.records.letters import mail_links
from billing.services.records.uploads import request_apply
from billing.services.verify import differences
from customers.models import AuditEvent, Customer, CustomerClass, CustomField, RecordImport, User
from customers.services.business_models import create_business_model
from customers.services.tree import broken_nodes
from notifications.models import Message
from tariffs.models import Tariff
from tests.billing.records import applied, checked, csv_file, plain, problems
from tests.sql import count_queries
from tests.world import World

OPENED = datetime(2026, 2, 3, 4, 5, tzinfo=UTC)
# What no two rows share.
DIFFERENT = {"id", "created_at", "at", "password", "message_id", "lease_until", "next_attempt_at"}
LEFT_OUT = DIFFERENT | {"balance", "period", "lft", "rght", "idempotency_key", "key", "ends_on"}


def row(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "business", "tariff": "Retail"} | more


def test_a_file_makes_customers(world: World) -> None:
    rows = [
        row("Ada Ltd", opening_balance="12,5", credit_limit="100.50", mode="Postpaid"),
        row("Bo Ltd", kind="Residential", currency="gbp", timezone="Europe/Berlin"),
    ]
    job = applied(world.actor("reseller"), "customer", csv_file(rows, delimiter=";"))
    assert (job.state, job.total, job.done, job.wrong, job.rows) == ("applied", 2, 2, 0, [])
    ada, bo = Customer.objects.filter(name__in=("Ada Ltd", "Bo Ltd")).order_by("name")
    assert ada.owner == world.reseller
    assert bo.kind == "residential"
    balance = Balance.objects.get(customer=ada)
    assert (balance.mode, balance.amount, balance.credit_limit) == (
        "postpaid",
        Decimal("12.5"),
        Decimal("100.5"),
    )
    assert str(balance.issuer) == "Reseller"
    assert Balance.objects.get(customer=bo).currency_id == "GBP"
    assert str(Balance.objects.get(customer=bo).period_timezone) == "Europe/Berlin"
    assert AuditEvent.objects.filter(action="customers_imported", customer=world.reseller).exists()
    assert broken_nodes() == []
    assert list(differences()) == []


@pytest.mark.parametrize("who", ["operator", "reseller", "sub_reseller"])
def test_leaves_stand_in_the_tree(world: World, who: str) -> None:
    actor = world.actor(who)
    tariff = Tariff.objects.get(owner=actor.customer).name
    applied(actor, "customer", [row(f"Leaf {n}", tariff=tariff) for n in range(7)])
    made = Customer.objects.filter(name__startswith="Leaf")
    assert {customer.owner_id for customer in made} == {actor.customer_id}
    assert broken_nodes() == []
    below = Customer.objects.visible_to(world.actor("reseller")).filter(name__startswith="Leaf")
    assert below.count() == (0 if who == "operator" else 7)


@pytest.fixture
def defined(world: World) -> CustomField:
    """A class with a mandatory field of personal data, and one with a default; a business model."""
    actor = world.actor("reseller")
    rights = ["cdrs.view", "accounts.add"]
    create_business_model(actor=actor, name="Plain", kinds=["business"], rights=rights)
    made = CustomerClass.objects.create(owner=world.reseller, name="Gold")
    CustomField.objects.create(customer_class=made, name="Zone", kind="text", default="north")
    mandatory = {"is_mandatory": True, "is_personal": True, "visibility": "read"}
    return CustomField.objects.create(customer_class=made, name="Born on", kind="date", **mandatory)


def test_a_customer_made_by_import_equals_one_that_was_opened(
    world: World, defined: CustomField
) -> None:
    """Column by column, in every table that names a customer."""
    actor = world.actor("reseller")
    applied(actor, "customer", [full_row("Imported One", "import-1")])
    profile = {name: full_row("", "")[name] for name in ("company_name", "main_email", "address")}
    opened = open_customer(
        actor=actor,
        name="Imported Two",
        kind="business",
        opened_at=OPENED,
        terms=Terms(
            tariff=Tariff.objects.get(name="Retail"),
            currency="GBP",
            mode="postpaid",
            credit_limit=Decimal(50),
            opening_balance=Decimal("-7.25"),
            period_type="weekly",
        ),
        login=Login("import-2", None, name="Ana", email="ana@example.com"),
        settings=Settings(custom_values={defined.pk: "1999-12-31"}),
        timezone="Europe/Madrid",
        language="es",
        call_limit=5,
        min_profitability=Decimal("1.5"),
        business_model=actor.customer.business_models.get(),
        customer_class=defined.customer_class,
        **profile,
    )
    mail_links(RecordImport.objects.get().pk)
    imported = Customer.objects.get(name="Imported One")
    one, two = everything_about(imported), everything_about(Customer.objects.get(pk=opened.pk))
    assert one.keys() == two.keys()
    differing = {table for table, rows in two.items() if one[table] != rows}
    assert {table: (one[table], two[table]) for table in differing} == {}
    assert {"billing_ledgerentry", "customers_customfieldvalue", "notifications_message"} <= set(
        one
    )


def full_row(name: str, login: str) -> dict[str, Any]:
    return row(
        name,
        currency="GBP",
        mode="postpaid",
        credit_limit="50",
        opening_balance="-7,25",
        period_type="weekly",
        company_name="=Calder & Sons",
        main_email="main@example.com",
        address="1 High Street\nBath",
        timezone="Europe/Madrid",
        language="es",
        call_limit="5",
        min_profitability="1,5",
        business_model="plain",
        customer_class="GOLD",
        opened_at=OPENED.isoformat(),
        login=login,
        login_name="Ana",
        login_email="ana@example.com",
    ) | {"field: Born on": "1999-12-31"}


def everything_about(customer: Customer) -> dict[str, list[Any]]:
    """The rows of all tables that refer to ``customer``, without what no two rows share."""
    user = User.objects.filter(customer=customer).first()
    own: dict[tuple[type[Model], Any], str] = {
        (Customer, customer.pk): "CUSTOMER",
        (Group, customer.rights_group_id): "GROUP",
        (Model, customer.name): "NAME",
    }
    if user:
        own |= {(User, user.pk): "USER", (Model, user.login): "LOGIN"}
    ids = [*Balance.objects.filter(customer=customer).values_list("pk", flat=True)]
    found: dict[str, list[Any]] = {"customer": [plain(customer, own, LEFT_OUT)]}
    for model in apps.get_models():
        rows = rows_about(model, customer, ids)
        if rows:
            found[model._meta.db_table] = sorted(
                map(str, (plain(row, own, LEFT_OUT) for row in rows))
            )
    found["rights"] = [Group.objects.get(pk=customer.rights_group_id).name.split()[0]]
    return found


def rows_about(model: Any, customer: Customer, balances: list[int]) -> list[Any]:
    names = {field.name for field in model._meta.fields}
    if model is Customer:
        return []
    for name, value in {"content_object": customer, "customer": customer}.items():
        if name in names:
            return list(model.objects.filter(**{name: value}))
    if "balance" in names:
        return list(model.objects.filter(balance__in=balances))
    return []


def test_pressed_twice_it_is_applied_once(world: World) -> None:
    actor = world.actor("reseller")
    job = checked(actor, "customer", [row("Once", opening_balance="5")])
    request_apply(actor=actor, job=job)
    request_apply(actor=actor, job=RecordImport.objects.get())
    apply_import(job.pk)
    apply_import(job.pk)
    request_apply(actor=actor, job=RecordImport.objects.get())
    assert Customer.objects.filter(name="Once").count() == 1
    assert LedgerEntry.objects.filter(customer__name="Once").count() == 1
    assert AuditEvent.objects.filter(action="customers_imported").count() == 1


def test_what_was_taken_meanwhile_fails_it_with_the_row_named(world: World) -> None:
    actor = world.actor("reseller")
    job = checked(actor, "customer", [row("Free"), row("Wanted")])
    request_apply(actor=actor, job=job)
    tariff = Tariff.objects.get(name="Wholesale")
    root = world.actor("operator")
    open_customer(actor=root, name="WANTED", kind="business", terms=Terms(tariff=tariff))
    apply_import(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert problems(job) == {(3, "name"): "This is taken."}
    assert not Customer.objects.filter(name="Free").exists()
    assert "changed" in job.reason


def test_a_right_that_was_lost_meanwhile_fails_it(world: World) -> None:
    actor = world.actor("reseller")
    job = checked(actor, "customer", [row("Never")])
    request_apply(actor=actor, job=job)
    world.reseller.grants.filter(permission__codename="customers_add").delete()
    apply_import(job.pk)
    job.refresh_from_db()
    assert (job.state, job.reason) == ("failed", "You no longer have the right to import this.")
    assert not Customer.objects.filter(name="Never").exists()


def test_letters_are_mailed_once_in_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.services.records.letters.CHUNK", 2)
    rows = [row(f"Mailed {n}", login=f"m{n}", main_email=f"m{n}@example.com") for n in range(5)]
    job = applied(world.actor("reseller"), "customer", rows)
    assert (job.letters, job.mailed, len(job.new_users)) == (5, 0, 5)
    assert not any(user.has_usable_password() for user in User.objects.filter(login__regex="^m.$"))
    Customer.objects.filter(name="Mailed 3").update(status="closed")
    assert mail_links(job.pk) == 4
    assert mail_links(job.pk) == 0
    letters = Message.objects.filter(event="set_password")
    assert sorted(letters.values_list("recipient", flat=True)) == [
        "m0@example.com",
        "m1@example.com",
        "m2@example.com",
        "m4@example.com",
    ]
    job.refresh_from_db()
    assert (job.mailed, job.new_users) == (5, [])


def test_the_statements_do_not_grow_with_the_rows(world: World) -> None:
    actor = world.actor("reseller")

    def statements(count: int) -> int:
        rows = [row(f"N{count} {n}", opening_balance=str(n + 1)) for n in range(count)]
        job = checked(actor, "customer", rows)
        request_apply(actor=actor, job=job)
        return count_queries(partial(apply_import, job.pk))

    statements(1)
    assert statements(40) == statements(5)
