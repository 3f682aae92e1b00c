"""Pages of record imports: upload, progress, preview, apply, errors, template, export, access."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.services.records.applying import apply_import
from billing.services.records.checking import check_import
from customers.models import Customer, RecordImport
from customers.selectors import actor_for
from customers.services.permissions import delegated_rights, set_rights
from tests.billing.records import applied, checked, csv_file
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
