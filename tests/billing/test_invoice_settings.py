"""Payment terms and invoice settings: pages, tenancy, and none goes while it is chosen."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import InvoiceSettings, PaymentTerm
from billing.services.invoice_settings import create_settings, create_term
from customers.models import AuditEvent, User
from customers.services.classes import create_class
from customers.services.parameters import set_parameters
from tests.sql import count_queries
from tests.world import World

BACKEND = "django.contrib.auth.backends.ModelBackend"
STEMS = ("payment_term", "invoice_settings")
TERM = {"name": "Net 30", "period_type": "weekly", "due_days": "30", "grace_days": "5"}
SETTINGS: dict[str, Any] = {
    "name": "Export",
    "series": "EX-",
    "credit_series": "EXC-",
    "invoice_format": "html",
    "grouping": "country",
    "language": "ar",
    "accent": "#0e7c86",
    "payment_text": "IBAN: GB00 HALY",
    "rate_value": "average",
    "rate_decimals": "6",
    "included": ["tax", "cdrs"],
    "header": "Thank you",
    "footer": "IBAN 1",
}


def browser(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who), backend=BACKEND)
    return client


def url(stem: str, name: str, *args: Any) -> str:
    return reverse(f"billing:{stem}_{name}", args=args)


@pytest.fixture
def made(world: World) -> dict[str, Any]:
    """One of each of the reseller's, chosen by a class and by a customer of its own."""
    actor = world.actor("reseller")
    rows = {
        "payment_term": create_term(actor=actor, name="Net 14"),
        "invoice_settings": create_settings(actor=actor, name="Plain"),
    }
    create_class(actor=actor, name="Wholesale", parameters=rows)
    set_parameters(actor=actor, customer=world.sub_customer, values=rows)
    return rows


@pytest.mark.parametrize("stem", STEMS)
def test_only_the_owner_opens_them(world: World, made: dict[str, Any], stem: str) -> None:
    for name in ("edit", "delete"):
        page = url(stem, name, made[stem].pk)
        assert browser(world, "reseller").get(page).status_code == 200
        for stranger in ("operator", "other_reseller", "sub_reseller", "sub_customer"):
            assert browser(world, stranger).get(page).status_code == 404, stranger
            assert browser(world, stranger).post(page).status_code == 404, stranger
        assert Client().get(page).status_code == 302
    User.objects.filter(pk=world.user("reseller").pk).update(role="read_only")
    for name in ("list", "create"):
        assert browser(world, "reseller").get(url(stem, name)).status_code == 403


@pytest.mark.parametrize("stem", STEMS)
def test_a_list_holds_the_own_ones_and_who_chose_them(
    world: World, made: dict[str, Any], stem: str
) -> None:
    create_term(actor=world.actor("sub_reseller"), name="Zanzibar")
    create_settings(actor=world.actor("sub_reseller"), name="Zanzibar")
    answer = browser(world, "reseller").get(url(stem, "list"))
    (row,) = [item.record for item in answer.context["page"].object_list]
    assert (row, row.classes, row.customers) == (made[stem], 1, 1)
    assert "Zanzibar" not in answer.content.decode()
    assert "Net 14" not in browser(world, "operator").get(url(stem, "list")).content.decode()


@pytest.mark.parametrize("stem", STEMS)
def test_a_list_costs_the_same_with_more_rows(world: World, stem: str) -> None:
    client, actor = browser(world, "reseller"), world.actor("reseller")
    make: Any = {"payment_term": create_term, "invoice_settings": create_settings}[stem]
    for number in range(5):
        make(actor=actor, name=f"Row {number}")
    client.get(url(stem, "list"))
    few = count_queries(lambda: client.get(url(stem, "list")))
    for number in range(5, 30):
        make(actor=actor, name=f"Row {number}")
    assert count_queries(lambda: client.get(url(stem, "list"))) == few


def test_a_payment_term_is_created_and_edited(world: World) -> None:
    client = browser(world, "reseller")
    page = client.get(url("payment_term", "create"))
    assert page.context["form"]["due_days"].value() == 14
    client.post(url("payment_term", "create"), TERM)
    made = PaymentTerm.objects.get()
    assert (made.owner, made.period_type, made.due_days, made.grace_days) == (
        world.reseller,
        "weekly",
        30,
        5,
    )
    client.post(url("payment_term", "edit", made.pk), TERM | {"due_days": "0"})
    made.refresh_from_db()
    assert made.due_days == 0
    event = AuditEvent.objects.get(action="payment_term_edited")
    assert (event.customer, event.changes) == (world.reseller, {"due_days": ["30", "0"]})


def test_invoice_settings_are_created_and_shown_as_stored(world: World) -> None:
    client = browser(world, "reseller")
    answer = client.post(url("invoice_settings", "create"), SETTINGS)
    made = InvoiceSettings.objects.get()
    assert answer.headers["Location"] == url("invoice_settings", "edit", made.pk)
    assert (made.series, made.invoice_format, made.rate_value) == ("EX-", "html", "average")
    assert (made.rate_decimals, made.sections, made.non_zero_only) == (6, ["tax", "cdrs"], False)
    assert (made.grouping, made.language, made.accent) == ("country", "ar", "#0e7c86")
    assert (made.credit_series, made.payment_text) == ("EXC-", "IBAN: GB00 HALY")
    form = client.get(answer.headers["Location"]).context["form"]
    assert form["included"].value() == ["tax", "cdrs"]
    assert form["footer"].value() == "IBAN 1"
    client.post(answer.headers["Location"], SETTINGS | {"included": [], "non_zero_only": "on"})
    made.refresh_from_db()
    assert (made.sections, made.non_zero_only) == ([], True)


@pytest.mark.parametrize(
    ("stem", "field", "data"),
    [
        ("payment_term", "name", {"name": " "}),
        ("payment_term", "name", {"name": "NET 14"}),
        ("payment_term", "period_type", {"period_type": "yearly"}),
        ("payment_term", "due_days", {"due_days": "366"}),
        ("payment_term", "grace_days", {"grace_days": "-1"}),
        ("invoice_settings", "name", {"name": "plain"}),
        ("invoice_settings", "series", {"series": ""}),
        ("invoice_settings", "series", {"series": "x" * 21}),
        ("invoice_settings", "rate_decimals", {"rate_decimals": "9"}),
        ("invoice_settings", "invoice_format", {"invoice_format": "doc"}),
        ("invoice_settings", "included", {"included": ["all"]}),
        ("invoice_settings", "footer", {"footer": "x" * 1001}),
        ("invoice_settings", "accent", {"accent": "red"}),
        ("invoice_settings", "grouping", {"grouping": "moon"}),
        ("invoice_settings", "language", {"language": "xx"}),
        ("invoice_settings", "credit_series", {"credit_series": ""}),
        ("invoice_settings", "is_e_invoice", {"is_e_invoice": "on"}),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    world: World, made: dict[str, Any], stem: str, field: str, data: dict[str, Any]
) -> None:
    sent = (TERM if stem == "payment_term" else SETTINGS) | data
    answer = browser(world, "reseller").post(url(stem, "create"), sent)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert type(made[stem]).objects.count() == 1


@pytest.mark.parametrize("stem", STEMS)
def test_what_is_chosen_stays_and_what_is_not_goes(
    world: World, made: dict[str, Any], stem: str
) -> None:
    client, row = browser(world, "reseller"), made[stem]
    page = client.get(url(stem, "delete", row.pk)).content.decode()
    assert "In use: 1 class, 1 customer." in page
    answer = client.post(url(stem, "delete", row.pk), follow=True)
    assert f"{row} is in use: 1 class, 1 customer." in answer.content.decode()
    set_parameters(actor=world.actor("reseller"), customer=world.sub_customer, values={stem: None})
    answer = client.post(url(stem, "delete", row.pk), follow=True)
    assert f"{row} is in use: 1 class." in answer.content.decode()
    made_by_class = world.reseller.classes.get()
    setattr(made_by_class, stem, None)
    made_by_class.save()
    client.post(url(stem, "delete", row.pk))
    assert not type(row).objects.exists()
    assert AuditEvent.objects.filter(action=f"{stem}_deleted", subject=str(row)).exists()
