"""Pages of record imports: upload, progress, preview, apply, errors, template, export, access."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.selectors.records.columns import hidden_columns
from billing.services.records.applying import apply_import
from billing.services.records.checking import check_import
from customers.models import Customer, CustomerClass, CustomField, RecordImport, User
from customers.selectors import actor_for
from customers.services.permissions import delegated_rights, set_rights
from tests.billing.records import applied, checked, csv_file, problems
from tests.world import World

KINDS = {"customer": ("reseller", "customers.add"), "account": ("shop", "accounts.add")}


def row(name: str = "Ada Ltd", **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "business", "tariff": "Retail"} | more


def detail(job: RecordImport, name: str = "detail") -> str:
    return reverse(f"billing:record_import_{name}", args=[job.pk])


def test_a_file_is_uploaded_checked_shown_and_applied(world: World, client: Client) -> None:
    client.force_login(world.user("reseller"))
    url = reverse("billing:customer_import_create")
    assert client.get(url).status_code == 200
    file = SimpleUploadedFile("shops.csv", csv_file([row(), row("Bo Ltd")]))
    answer = client.post(url, {"file": file})
    job = RecordImport.objects.get()
    assert answer["Location"] == detail(job)
    page = client.get(detail(job)).content.decode()
    assert "You can leave this page." in page
    assert "Import 2 rows" not in page
    check_import(job.pk)
    assert client.get(detail(job), headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = client.get(detail(job)).content.decode()
    assert "Import 2 rows" in page
    assert "Bo Ltd" in page
    assert client.get(detail(job, "apply")).status_code == 405
    client.post(detail(job, "apply"))
    assert "Applying" in client.get(detail(job)).content.decode()
    client.post(detail(job, "apply"))
    apply_import(job.pk)
    assert "Everything in the file is made." in client.get(detail(job)).content.decode()
    assert Customer.objects.filter(owner=world.reseller, name="Bo Ltd").count() == 1


def test_what_is_wrong_with_a_file_stands_at_its_field(world: World, client: Client) -> None:
    client.force_login(world.user("reseller"))
    url = reverse("billing:customer_import_create")
    answer = client.post(url, {"file": SimpleUploadedFile("x.csv", b"colour\nred\n")})
    assert answer.status_code == 422
    assert "file" in answer.context["form"].errors
    assert not RecordImport.objects.exists()


def test_errors_are_paged_and_downloaded_and_nothing_is_applied(
    world: World, client: Client
) -> None:
    rows = [row(f"N {number}", mode="later") for number in range(120)]
    job = checked(world.actor("reseller"), "customer", rows)
    client.force_login(world.user("reseller"))
    answer = client.get(detail(job), {"page": 3})
    assert [number for number, _column, _reason in answer.context["errors"]] == [*range(102, 122)]
    assert "Import 120 rows" not in answer.content.decode()
    file: Any = client.get(detail(job, "errors"))
    lines = file.getvalue().decode().splitlines()
    assert len(lines) == 121
    assert lines[1].startswith("2,mode,")
    client.post(detail(job, "apply"))
    job.refresh_from_db()
    assert job.state == "failed"


def test_the_preview_never_shows_a_digest(world: World, client: Client) -> None:
    rows = [{"auth_name": "phone-9", "sip_password": "correct horse"}]
    job = checked(world.actor("shop"), "account", rows)
    client.force_login(world.user("shop"))
    page = client.get(detail(job)).content.decode()
    assert "phone-9" in page
    assert job.rows[0][1]["sip_password"] not in page


MONEY = {
    "charging": "by_itself",
    "tariff": "same",
    "mode": "postpaid",
    "credit_limit": "3141.59",
    "opening_balance": "2718.28",
}


@pytest.mark.parametrize("who", ["colleague", "uploader", "administrator"])
def test_money_and_logins_of_a_file_are_for_who_has_the_rights(
    world: World, client: Client, who: str
) -> None:
    viewer = world.user("shop")
    login = {"login": "ada", "login_name": "Ada L", "login_email": "ada@shop.example"}
    rows = [{"auth_name": "phone-9", "max_sessions": "4"} | MONEY | login]
    job = checked(world.actor("shop"), "account", rows)
    assert job.state == "checked", job.errors
    if who != "administrator":
        viewer = User.objects.create(login="noc", role="noc", customer=world.shop)
    if who == "uploader":
        RecordImport.objects.update(user=viewer)
    client.force_login(viewer)
    ((_number, cells),) = client.get(detail(job)).context["rows"]
    shown = dict(zip(job.columns, cells, strict=True))
    assert (shown["auth_name"], shown["max_sessions"]) == ("phone-9", "4")
    hidden = MONEY | login
    expected = dict.fromkeys(hidden, "•••") if who == "colleague" else hidden
    assert {name: shown[name] for name in hidden} == expected


def test_reasons_in_columns_that_are_hidden_are_too(world: World, client: Client) -> None:
    wrong = {"charging": "by_itself", "tariff": "same", "credit_limit": "-31415", "mode": "later"}
    rows = [{"auth_name": "phone-9", "max_sessions": "-4"} | wrong]
    job = checked(world.actor("shop"), "account", rows)
    client.force_login(User.objects.create(login="noc", role="noc", customer=world.shop))
    told = {name: reason for _row, name, reason in client.get(detail(job)).context["errors"]}
    assert told["Credit limit"] == told["Mode"] == "Not for your role."
    assert told["Max sessions"] == problems(job)[2, "max_sessions"]
    file: Any = client.get(detail(job, "errors"))
    lines = file.getvalue().decode().splitlines()
    assert len(lines) == 4
    assert [line for line in lines if line.startswith(("2,credit_limit", "2,mode"))] == [
        "2,credit_limit,Not for your role.",
        "2,mode,Not for your role.",
    ]


def test_personal_data_of_a_file_is_for_who_edits_customers(world: World, client: Client) -> None:
    retail = CustomerClass.objects.create(owner=world.reseller, name="Retail class")
    for name, is_personal in {"Passport": True, "Colour": False, "Former": False}.items():
        CustomField.objects.create(
            customer_class=retail, name=name, kind="text", is_personal=is_personal
        )
    cells = {f"field: {name}": f"{name} value" for name in ("Passport", "Colour", "Former")}
    cells["customer_class"] = "Retail class"
    job = checked(world.actor("reseller"), "customer", [row(**cells)])
    assert job.state == "checked", job.errors
    CustomField.objects.filter(name="Former").update(name="Renamed")  # who knows what it was
    keeper = actor_for(world.user("reseller"))
    assert hidden_columns(keeper, job) == set()
    stranger = replace(keeper, user=world.user("shop"), rights=frozenset({"balance.view"}))
    assert hidden_columns(stranger, job) >= {"field: Passport", "field: Former", "login"}
    assert not hidden_columns(stranger, job) & {"field: Colour", "opening_balance", "name"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("page", ["list", "create", "template", "export"])
def test_who_may_open_the_pages(world: World, client: Client, kind: str, page: str) -> None:
    who, right = KINDS[kind]
    url = reverse(f"billing:{kind}_import_{page}")
    assert client.get(url).status_code == 302
    client.force_login(world.user(who))
    assert client.get(url).status_code == 200
    customer = getattr(world, who)
    owner = world.actor("operator" if who == "reseller" else "sub_reseller")
    set_rights(actor=owner, customer=customer, rights=delegated_rights(customer) - {right})
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("page", ["detail", "apply", "errors"])
def test_strangers_find_nothing_and_ancestors_leave_it_alone(
    world: World, client: Client, page: str
) -> None:
    job = checked(world.actor("sub_reseller"), "customer", [row(tariff="Street")])
    send = client.post if page == "apply" else client.get
    assert send(detail(job, page)).status_code == 302
    for who, expected in {"other_reseller": 404, "shop": 404, "reseller": 403}.items():
        client.force_login(world.user(who))
        assert send(detail(job, page)).status_code == expected, who
    job.refresh_from_db()
    assert job.state == "checked"


def test_the_list_names_no_user_above(world: World, client: Client) -> None:
    operator = world.user("operator")
    switched = actor_for(operator, stack=[world.reseller.pk])
    job = checked(switched, "customer", [row()])
    assert job.owner == world.reseller
    client.force_login(world.user("reseller"))
    for url in (reverse("billing:customer_import_list"), detail(job)):
        page = client.get(url).content.decode()
        assert "Your provider" in page
        assert operator.login not in page


def test_the_statements_of_the_list_do_not_grow(world: World, client: Client) -> None:
    client.force_login(world.user("reseller"))
    url = reverse("billing:customer_import_list")

    def statements(count: int) -> int:
        for number in range(count):
            RecordImport.objects.create(
                owner=world.reseller,
                user=world.user("reseller"),
                kind="customer",
                state="applied",
                filename=f"{number}.csv",
                rows=[[2, {"name": "large"}]],
            )
        with CaptureQueriesContext(connection) as counted:
            client.get(url)
        assert not any('"rows"' in query["sql"] for query in counted)
        return len(counted)

    statements(1)
    assert statements(4) == statements(25)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_template_can_be_imported(world: World, client: Client, kind: str, form: str) -> None:
    who, _right = KINDS[kind]
    client.force_login(world.user(who))
    file: Any = client.get(reverse(f"billing:{kind}_import_template"), {"format": form})
    job = applied(world.actor(who), kind, file.getvalue())
    assert (job.state, job.total) == ("applied", {"customer": 5, "account": 2}[kind])


def test_there_is_no_other_format(world: World, client: Client) -> None:
    client.force_login(world.user("reseller"))
    for page in ("template", "export"):
        url = reverse(f"billing:customer_import_{page}")
        assert client.get(url, {"format": "pdf"}).status_code == 404
