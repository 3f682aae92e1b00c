"""The customer list in full: query, sort, memory, export, bulk and row actions."""

import csv
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from billing.models import Balance, LedgerEntry
from customers.models import AuditEvent, Customer, User
from customers.services.customers import set_status
from customers.services.users import create_user
from notifications.models import Message
from softswitch.core import parts
from tests.customers.test_customer_pages import browser, url
from tests.world import PASSWORD, World, customer_of

ALL = {"show": "all"}


@pytest.fixture
def firms(world: World) -> list[Customer]:
    """Customers of the reseller whose names and companies are odd."""
    tariff = world.sub_customer.tariff_assignments.get().tariff
    made = []
    for name, company in (
        ("100% Fibre", "Société Générale d'Écoute"),
        ("snake_case", 'O"Brien & Sons'),
        ("شركة الاتصالات", "الخليج"),
        ("Zürich Back\\slash", "50 %"),
    ):
        made.append(customer_of(world.reseller, name, "business", tariff))
        Customer.objects.filter(pk=made[-1].pk).update(company_name=company)
    return made


def found(client: Client, **asked: str) -> list[str]:
    """The names in the list, in its order."""
    page = client.get(url("customer_list"), asked).context["page"]
    return [row.record.name for row in page.object_list]


def owe(customer: Customer, amount: str) -> None:
    Balance.objects.filter(customer=customer, account=None).update(amount=Decimal(amount))


def key_of(answer: Any) -> str:
    """The key in a form that posts once."""
    return str(answer.context["form"]["idempotency_key"].value())


def cells_of(client: Client, customer: Customer) -> dict[str, str]:
    """The text of a customer's row, by the name of the column."""
    table = client.get(url("customer_list"), ALL).context["table"]
    (row,) = [row for row in table.page.object_list if row.record == customer]
    return {column.name: " ".join(strip_tags(str(cell)).split()) for column, cell in row.items()}


# Columns ---------------------------------------------------------------------------------------
def test_a_row_shows_company_terms_money_trunks_and_status(world: World) -> None:
    client = browser(world, "reseller")
    Customer.objects.filter(pk=world.sub_customer.pk).update(company_name="Sub Ltd")
    owe(world.reseller, "5")
    money = {"mode": "postpaid", "credit_limit": Decimal(40), "amount": Decimal("12.5")}
    Balance.objects.filter(customer=world.sub_customer).update(**money)
    for name in ("One", "Two"):
        world.sub_customer.trunks.create(name=name)
    columns = {
        "set_columns": "",
        "columns": ["company_name", "terms", "balance", "credit_limit", "trunks", "standing"],
    }
    client.post(url("customer_list"), columns)
    cells = cells_of(client, world.sub_customer)
    assert cells["name"].startswith("Sub customer")
    assert (cells["company_name"], cells["terms"]) == ("Sub Ltd", "Postpaid")
    assert (cells["balance"], cells["credit_limit"]) == ("12.50 EUR", "40.00 EUR")
    assert (cells["trunks"], cells["standing"]) == ("2", "Active")
    trunks = reverse("accounts:trunks_of", args=[world.sub_customer.pk])
    assert f'href="{trunks}"' in client.get(url("customer_list")).content.decode()
    assert {"One", "Two"} <= {str(row.record) for row in client.get(trunks).context["page"]}
    assert cells_of(client, world.sub_reseller)["terms"] == "Prepaid"


def test_the_list_leads_to_a_new_customer(world: World) -> None:
    page = browser(world, "reseller").get(url("customer_list"))
    (action,) = [action for action in page.context["actions"] if action.primary]
    assert (str(action.label), action.url) == ("New customer", url("wizard_basic"))


def test_pages_have_numbers_and_lead_on_and_back(world: World) -> None:
    client = browser(world, "reseller")
    tariff = world.sub_customer.tariff_assignments.get().tariff
    for number in range(58):
        customer_of(world.reseller, f"Firm {number:02}", "business", tariff)
    seen = []
    for number in (1, 2, 3):
        answer = client.get(url("customer_list"), {"page": number})
        seen += [row.record.name for row in answer.context["page"].object_list]
        page = answer.content.decode().split('class="pager"')[1]
        links = set(re.findall(r'href="[?]page=(\d)"', page))
        assert links == {"1", "2", "3"}
        assert f'aria-current="page">{number}<' in page
        assert ("Previous page" in page, "Next page" in page) == (number != 1, number != 3)
    assert len(seen) == len(set(seen)) == 60
    assert seen == sorted(seen)


# Query -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "text", "name"),
    [
        ("name", "0%", None),
        ("name", "100% f", "100% Fibre"),
        ("name", "e_c", "snake_case"),
        ("name", "الاتصالات", "شركة الاتصالات"),
        ("name", "ZÜRICH", "Zürich Back\\slash"),
        ("name", "k\\s", "Zürich Back\\slash"),
        ("company_name", "société", "100% Fibre"),
        ("company_name", "D'ÉCOUTE", "100% Fibre"),
        ("company_name", 'O"Br', "snake_case"),
        ("company_name", "_ %", None),
        ("company_name", "50 %", "Zürich Back\\slash"),
        ("name", "fi", "100% Fibre"),
        ("name", "e_x", None),
    ],
)
def test_text_is_searched_as_it_is_typed(
    world: World,
    firms: list[Customer],
    monkeypatch: pytest.MonkeyPatch,
    field: str,
    text: str,
    name: str | None,
) -> None:
    """Signs of SQL patterns are only themselves; one or two letters stand where a word starts."""
    client = browser(world, "reseller")
    for few in (2_000, 0):  # by their keys, and as so many that the list is read in its order
        monkeypatch.setattr(parts, "FEW", few)
        assert found(client, **{field: text}) == ([name] if name else [])


def test_a_name_with_nul_is_refused_in_words(world: World) -> None:
    answer = browser(world, "reseller").get(url("customer_list"), {"name": "a\x00b"})
    assert answer.status_code == 200
    assert "Not searched" in answer.content.decode()


def test_all_active_and_all_inactive(world: World) -> None:
    client, actor = browser(world, "operator"), world.actor("operator")
    set_status(actor=actor, customer=world.other_reseller, status="closed")
    assert found(client, status="stopped") == ["Other reseller"]
    assert found(client, status="closed") == ["Other reseller"]
    assert found(client, status="active") == ["Reseller"]
    assert found(client, status="ok") == []
    owe(world.reseller, "5")
    assert found(client, status="ok") == ["Reseller"]
    assert found(client, status="inactive") == []


@pytest.mark.parametrize("column", ["name", "company_name", "terms", "balance", "converted"])
def test_every_column_sorts_both_ways(world: World, column: str) -> None:
    owe(world.sub_reseller, "-7")
    owe(world.sub_customer, "3")
    owe(world.shop, "1")
    Customer.objects.filter(pk=world.shop.pk).update(company_name="Aa")
    Customer.objects.filter(pk=world.sub_reseller.pk).update(company_name="zz")
    client = browser(world, "reseller")
    up, down = (found(client, sort=sign + column, **ALL) for sign in ("", "-"))
    assert sorted(up) == ["Shop", "Sub customer", "Sub reseller"]
    assert up == down[::-1] or column == "terms"


def test_the_order_of_converted_amounts_trunks_and_badges(world: World) -> None:
    owe(world.sub_reseller, "2")  # GBP, 3.00 USD
    owe(world.sub_customer, "2.2")  # EUR, 2.75 USD
    owe(world.shop, "-100")
    client = browser(world, "reseller")
    assert found(client, sort="converted", **ALL) == ["Shop", "Sub customer", "Sub reseller"]
    assert found(client, sort="standing", **ALL)[0] == "Shop"
    world.sub_customer.trunks.create(name="One")
    assert found(client, sort="-trunks", **ALL)[0] == "Sub customer"


def test_archived_customers_are_in_no_list(world: World) -> None:
    client = browser(world, "sub_reseller")
    client.post(url("customer_archive", world.shop.pk), {"surplus": "forfeit", "reason": "gone"})
    for page in ("customer_list", "limit_list", "customer_tree"):
        assert url("customer_detail", world.shop.pk) not in client.get(url(page)).content.decode()


# Memory and export -----------------------------------------------------------------------------
def test_columns_and_page_size_survive_another_browser(world: World) -> None:
    first = browser(world, "reseller")
    first.post(url("customer_list"), {"set_columns": "", "columns": ["balance", "standing"]})
    first.get(url("customer_list"), {"per_page": "100"})
    second = browser(world, "reseller").get(url("customer_list"))
    assert second.context["page"].paginator.per_page == 100
    shown = [column.name for column in second.context["table"].columns]
    assert shown == ["select", "name", "balance", "standing", "actions"]
    assert browser(world, "operator").get(url("customer_list")).context["page"].paginator.per_page
    limits = browser(world, "reseller").get(url("limit_list"))
    assert limits.context["page"].paginator.per_page == 25
    assert world.user("reseller").preferences.keys() == {"list:customers:customer_list"}


def test_the_export_has_the_filtered_rows_and_the_chosen_columns(world: World) -> None:
    owe(world.shop, "-12.5")
    client = browser(world, "reseller")
    answer = client.get(url("customer_list"), ALL | {"export": "csv", "mode": "postpaid"})
    rows = list(csv.reader(answer.getvalue().decode("utf-8-sig").splitlines()))
    assert [row[0] for row in rows[1:]] == ["Shop"]
    assert rows[1][rows[0].index("Balance")] == "-12.500000"
    book = client.get(url("customer_list"), ALL | {"export": "xlsx"})
    assert book.getvalue().startswith(b"PK")


def test_credit_stands_in_both_currencies(world: World) -> None:
    Balance.objects.filter(customer=world.shop).update(credit_limit=Decimal(10))
    answer = browser(world, "sub_reseller").get(url("customer_list"), {"export": "csv"})
    rows = list(csv.reader(answer.getvalue().decode("utf-8-sig").splitlines()))
    row = dict(zip(rows[0], rows[1], strict=True))
    assert Decimal(row["Credit limit"]) == 10
    assert Decimal(row["Credit in USD"]) == 15


def test_negative_balances_are_marked(world: World) -> None:
    owe(world.shop, "-12.5")
    page = browser(world, "sub_reseller").get(url("customer_list")).content.decode()
    assert '<span class="neg">−12.50</span>' in page


def test_an_empty_list_offers_the_ways_to_a_first_customer(world: World) -> None:
    page = browser(world, "other_reseller").get(url("customer_list")).content.decode()
    rows = page.split('id="rows"')[1]
    for way in ("wizard_basic", "customer_create", "template_list"):
        assert url(way) in rows


# Bulk actions ----------------------------------------------------------------------------------
def bulk(client: Client, name: str, *customers: Customer, **values: str) -> Any:
    sent = {"do": name, "pk": [customer.pk for customer in customers], **values}
    return client.post(url("customer_list") + "?show=all", sent, follow=True)


def test_many_are_activated_again(world: World) -> None:
    actor = world.actor("reseller")
    for customer in (world.sub_reseller, world.sub_customer):
        set_status(actor=actor, customer=customer, status="inactive")
    done = bulk(browser(world, "reseller"), "activate", world.sub_reseller, world.sub_customer)
    assert "2 done." in done.content.decode()
    assert not Customer.objects.filter(status="inactive").exists()


def test_balances_of_many_are_reset_with_a_reason(world: World) -> None:
    owe(world.sub_reseller, "-7")
    client = browser(world, "reseller")
    ticked = (world.sub_reseller, world.sub_customer, world.shop)
    asked = bulk(client, "reset", *ticked)
    assert "Reset balance?" in asked.content.decode()
    assert "7.00 GBP" in asked.content.decode()
    key = key_of(asked)
    refused = bulk(client, "reset", *ticked, confirmed="1", idempotency_key=key)
    assert refused.status_code == 422
    assert refused.context["form"].errors.keys() == {"reason"}
    values = {"confirmed": "1", "idempotency_key": key, "reason": "agreed by phone"}
    done = bulk(client, "reset", *ticked, **values).content.decode()
    assert "1 done, 2 skipped: " in done
    assert "Sub customer: The balance is 0 already" in done
    assert "Shop: not yours to change" in done
    entry = LedgerEntry.objects.get(customer=world.sub_reseller)
    assert (entry.kind, entry.amount, entry.notes) == ("reset", Decimal(7), "agreed by phone")
    assert AuditEvent.objects.filter(action="balance_reset").count() == 1
    bulk(client, "reset", *ticked, **values)
    assert LedgerEntry.objects.filter(kind="reset").count() == 1


def test_many_are_deleted_and_those_with_customers_skipped(world: World) -> None:
    owe(world.sub_customer, "20")
    client = browser(world, "reseller")
    ticked = (world.sub_reseller, world.sub_customer)
    asked = bulk(client, "delete", *ticked).content.decode()
    assert "Positive balances are" in asked
    assert "−20.00 EUR" in asked
    values = {"confirmed": "1", "surplus": "forfeit", "reason": "end of contract"}
    done = bulk(client, "delete", *ticked, **values).content.decode()
    assert "1 done, 1 skipped: Sub reseller: It has 1 live sub-customer." in done
    world.sub_customer.refresh_from_db()
    assert world.sub_customer.archived_at is not None
    assert LedgerEntry.objects.get(customer=world.sub_customer).kind == "forfeit"


def test_bulk_actions_need_their_rights(world: World) -> None:
    user = world.user("reseller")
    user.role = "read_only"
    user.save()
    client = Client()
    client.force_login(user)
    for name in ("activate", "deactivate", "reset", "delete"):
        assert bulk(client, name, world.sub_customer).status_code == 404


# Row actions -----------------------------------------------------------------------------------
def test_a_row_offers_what_its_owner_does_with_it(world: World) -> None:
    page = browser(world, "reseller").get(url("customer_list"), ALL).content.decode()
    pk = world.sub_customer.pk
    names = ("edit", "reset", "deactivate", "low_balance", "welcome", "password", "archive")
    for name in names:
        assert url(f"customer_{name}", pk) in page
        assert url(f"customer_{name}", world.shop.pk) not in page
    assert url("template_create") + f"?from={pk}" in page
    assert url("switch_to", world.shop.pk) in page


def test_the_reset_page_says_what_it_posts_and_posts_once(world: World) -> None:
    owe(world.sub_customer, "-4.5")
    client = browser(world, "reseller")
    target = url("customer_reset", world.sub_customer.pk)
    form = client.get(target)
    assert "4.50 EUR" in form.content.decode()
    sent = {"reason": "goodwill", "idempotency_key": key_of(form)}
    assert client.post(target, sent | {"reason": " "}).status_code == 422
    for _time in range(2):
        assert client.post(target, sent).headers["Location"] == url(
            "customer_detail", world.sub_customer.pk
        )
    assert world.balance("sub_customer").amount == 0
    assert LedgerEntry.objects.filter(kind="reset").count() == 1
    again = key_of(client.get(target))
    answer = client.post(target, {"reason": "again", "idempotency_key": again})
    assert "0 already" in answer.content.decode()


def test_letters_are_sent_from_the_list_and_lead_back_to_it(world: World) -> None:
    Customer.objects.filter(pk=world.sub_customer.pk).update(main_email="office@sub.example")
    client = browser(world, "reseller")
    back = url("customer_list") + "?show=all&page=1"
    for name, event in (("low_balance", "low_balance"), ("welcome", "welcome")):
        answer = client.post(url(f"customer_{name}", world.sub_customer.pk), {"next": back})
        assert answer.headers["Location"] == back
        assert Message.objects.get(event=event).recipient == "office@sub.example"
    away = {"next": "https://elsewhere.example/"}
    answer = client.post(url("customer_low_balance", world.sub_customer.pk), away)
    assert answer.headers["Location"] == url("customer_detail", world.sub_customer.pk)


@pytest.mark.parametrize("name", ["reset", "low_balance", "welcome", "password"])
def test_row_actions_are_its_owners_alone(world: World, name: str) -> None:
    method = "get" if name == "password" else "post"
    for who, status in (("operator", 403), ("other_reseller", 404), ("sub_customer", 403)):
        answer = getattr(browser(world, who), method)(
            url(f"customer_{name}", world.sub_customer.pk)
        )
        assert answer.status_code == status, who


def test_change_password_leads_to_the_only_login_or_to_all(world: World) -> None:
    client = browser(world, "reseller")
    target = url("customer_password", world.sub_customer.pk)
    only = User.objects.get(customer=world.sub_customer)
    assert client.get(target).headers["Location"] == url("user_password", only.pk)
    create_user(
        actor=world.actor("reseller"),
        customer=world.sub_customer,
        login="second",
        password=PASSWORD,
    )
    assert client.get(target).headers["Location"] == url("customer_users", world.sub_customer.pk)
