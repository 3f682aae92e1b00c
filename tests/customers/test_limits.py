"""The Limits and Hosts lists: query, edit in place with and without HTMX, who may not."""

import csv
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Host, Trunk
from accounts.services.hosts import NewHost
from accounts.services.trunks import create_trunk
from billing.services.customers import edit_customer
from customers.models import AuditEvent, Customer
from customers.services.customers import set_status
from tests.customers.test_customer_pages import browser, url
from tests.sql import count_queries
from tests.world import OPENED, World, customer_of

HTMX = {"HX-Request": "true"}
HOSTS = "/accounts/hosts/"


@pytest.fixture
def trunk(world: World) -> Trunk:
    """A trunk of the reseller's business customer with two hosts; both customers have funds."""
    for owner, customer in (("operator", world.reseller), ("reseller", world.sub_customer)):
        money = {"credit_limit": Decimal(100)}
        edit_customer(actor=world.actor(owner), customer=customer, profile={}, money=money)
    return create_trunk(
        actor=world.actor("reseller"),
        customer=world.sub_customer,
        name="Main",
        hosts=[NewHost("192.0.2.0/28"), NewHost("198.51.100.7")],
        opened_at=OPENED,
        call_limit=30,
    )


def names(answer: Any) -> list[str]:
    return [str(row.record) for row in answer.context["page"].object_list]


def exported(answer: Any) -> list[list[str]]:
    """The cells of a CSV answer."""
    return list(csv.reader(answer.getvalue().decode("utf-8-sig").splitlines()))


# Customer limits -------------------------------------------------------------------------------
def test_limits_stand_beside_each_other_and_are_searched(world: World, trunk: Trunk) -> None:
    Customer.objects.filter(pk=world.sub_customer.pk).update(call_limit=60, cps_limit=0)
    client = browser(world, "reseller")
    page = client.get(url("limit_list")).content.decode()
    assert reverse("accounts:trunks_of", args=[world.sub_customer.pk]) in page
    assert "0.00" not in page or "EUR" in page
    assert "60" in page
    set_status(actor=world.actor("reseller"), customer=world.sub_customer, status="inactive")
    assert names(client.get(url("limit_list"), {"status": "stopped"})) == ["Sub customer"]
    assert names(client.get(url("limit_list"), {"status": "active"})) == ["Sub reseller"]
    assert names(client.get(url("limit_list"), {"name": "RESEL"})) == ["Sub reseller"]
    assert names(client.get(url("limit_list"), {"show": "all", "name": "sh"})) == ["Shop"]
    assert names(client.get(url("limit_list"), {"sort": "-call_limit"}))[-1] == "Sub customer"


def test_each_limit_stands_in_its_column(world: World, trunk: Trunk) -> None:
    Customer.objects.filter(pk=world.sub_customer.pk).update(call_limit=60, cps_limit=0)
    head, *rows = exported(browser(world, "reseller").get(url("limit_list"), {"export": "csv"}))
    (row,) = [dict(zip(head, row, strict=True)) for row in rows if row[0] == "Sub customer"]
    assert Decimal(row["Credit limit"]) == 100
    assert (row["Trunks"], row["Call limit"], row["CPS limit"]) == ("1", "60", "0")


def test_a_row_turns_into_inputs_and_back(world: World) -> None:
    client = browser(world, "reseller")
    target = url("limit_edit", world.sub_customer.pk)
    row = client.get(target, headers=HTMX).content.decode()
    assert row.strip().startswith("<tr")
    assert 'name="credit_limit"' in row
    read = client.get(target + "?read", headers=HTMX).content.decode()
    assert 'name="credit_limit"' not in read
    assert "Sub customer" in read
    sent = {"credit_limit": "75.5", "call_limit": "12", "cps_limit": ""}
    saved = client.post(target, sent, headers=HTMX).content.decode()
    assert "75.50" in saved
    assert 'class=" saved"' in saved
    world.sub_customer.refresh_from_db()
    assert (world.sub_customer.call_limit, world.sub_customer.cps_limit) == (12, None)
    assert world.balance("sub_customer").credit_limit == Decimal("75.5")
    actions = set(AuditEvent.objects.filter(customer=world.sub_customer).values_list("action"))
    assert {("customer_edited",), ("terms_changed",)} <= actions


def test_without_scripts_the_row_is_a_page_with_its_form(world: World) -> None:
    client = browser(world, "reseller")
    target = url("limit_edit", world.sub_customer.pk)
    assert "Limits of Sub customer" in client.get(target).content.decode()
    answer = client.post(target, {"credit_limit": "5", "call_limit": "0", "cps_limit": "3"})
    assert answer.headers["Location"] == url("limit_list")
    world.sub_customer.refresh_from_db()
    assert (world.sub_customer.call_limit, world.sub_customer.cps_limit) == (0, 3)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("credit_limit", "-1", "greater than or equal to 0"),
        ("call_limit", "-1", "greater than or equal to 0"),
        ("cps_limit", "99999999999", "less than or equal to"),
        ("call_limit", "many", "whole number"),
    ],
)
def test_errors_stand_in_the_row(world: World, field: str, value: str, text: str) -> None:
    client = browser(world, "reseller")
    target = url("limit_edit", world.sub_customer.pk)
    sent = {"credit_limit": "1", "call_limit": "", "cps_limit": ""} | {field: value}
    over_htmx = client.post(target, sent, headers=HTMX)
    assert over_htmx.status_code == 200  # HTMX swaps in nothing else
    assert text in over_htmx.content.decode()
    assert client.post(target, sent).status_code == 422
    assert world.balance("sub_customer").credit_limit == 0


def test_limits_of_deeper_customers_are_read_only(world: World) -> None:
    client = browser(world, "reseller")
    page = client.get(url("limit_list"), {"show": "all"}).content.decode()
    assert url("limit_edit", world.shop.pk) not in page
    sent = {"credit_limit": "9", "call_limit": "", "cps_limit": ""}
    assert client.post(url("limit_edit", world.shop.pk), sent).status_code == 403
    assert client.get(url("limit_edit", world.other_reseller.pk)).status_code == 404
    assert browser(world, "shop").get(url("limit_list")).status_code == 403
    assert Client().get(url("limit_list")).status_code == 302


def test_a_role_without_money_sees_no_credit_limit(world: World) -> None:
    user = world.user("reseller")
    user.role = "noc"
    user.save()
    client = Client()
    client.force_login(user)
    page = client.get(url("limit_list"))
    assert "Credit limit" not in page.content.decode()
    edited = client.get(url("limit_edit", world.sub_customer.pk))
    assert "credit_limit" not in edited.context["form"].fields


def test_columns_hidden_in_the_list_stay_hidden_in_the_saved_row(world: World) -> None:
    client = browser(world, "reseller")
    client.post(url("limit_list"), {"set_columns": "", "columns": ["credit_limit", "cps_limit"]})
    read = client.get(url("limit_edit", world.sub_customer.pk) + "?read", headers=HTMX)
    assert read.content.decode().count("<td") == 4  # customer, credit limit, CPS, actions


# Hosts -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"network": "192.0.2.5"}, ["192.0.2.0/28"]),
        ({"network": "192.0.2."}, ["192.0.2.0/28"]),
        ({"network": "198.51"}, ["198.51.100.7/32"]),
        ({"network": "192.0.2.77"}, []),
        ({"network": "0.0.0.0/0"}, ["192.0.2.0/28", "198.51.100.7/32"]),
        ({"trunk": "mai"}, ["192.0.2.0/28", "198.51.100.7/32"]),
        ({"customer": "sub cus"}, ["192.0.2.0/28", "198.51.100.7/32"]),
        ({"customer": "nobody"}, []),
        ({"status": "stopped"}, []),
    ],
)
def test_hosts_are_found(world: World, trunk: Trunk, asked: dict[str, str], found: Any) -> None:
    assert names(browser(world, "reseller").get(HOSTS, asked)) == found


def test_an_address_that_is_none_is_said(world: World, trunk: Trunk) -> None:
    answer = browser(world, "reseller").get(HOSTS, {"network": "main"})
    assert "Enter an IP address" in answer.content.decode()
    assert names(answer) == []


def test_the_smallest_limit_of_a_host_is_shown(world: World, trunk: Trunk) -> None:
    Customer.objects.filter(pk=world.sub_customer.pk).update(call_limit=60, cps_limit=4)
    Host.objects.filter(trunk=trunk).update(call_limit=40)
    client = browser(world, "reseller")
    head, first, *_rest = exported(client.get(HOSTS, {"export": "csv"}))
    row = dict(zip(head, first, strict=True))
    assert (row["Customer calls"], row["Trunk calls"], row["Host calls"]) == ("60", "30", "40")
    assert (row["Effective calls"], row["Effective CPS"]) == ("30", "4")
    set_status(actor=world.actor("reseller"), customer=world.sub_customer, status="inactive")
    head, first, *_rest = exported(client.get(HOSTS, {"export": "csv", "status": "stopped"}))
    row = dict(zip(head, first, strict=True))
    assert (row["Status"], row["Effective calls"]) == ("Customer: Inactive", "0")


def test_a_host_stands_beside_its_customer_trunk_status_and_all_limits(
    world: World, trunk: Trunk
) -> None:
    Customer.objects.filter(pk=world.sub_customer.pk).update(call_limit=60, cps_limit=4)
    Trunk.objects.filter(pk=trunk.pk).update(cps_limit=5)
    Host.objects.filter(trunk=trunk).update(call_limit=40, cps_limit=6)
    head, *rows = exported(browser(world, "reseller").get(HOSTS, {"export": "csv"}))
    assert [dict(zip(head, row, strict=True)) for row in rows] == [
        {
            "Host": network,
            "Customer": "Sub customer",
            "Trunk": "Main",
            "Status": "Active",
            "Customer calls": "60",
            "Trunk calls": "30",
            "Host calls": "40",
            "Effective calls": "30",
            "Customer CPS": "4",
            "Trunk CPS": "5",
            "Host CPS": "6",
            "Effective CPS": "4",
        }
        for network in ("192.0.2.0/28", "198.51.100.7/32")
    ]


def test_what_blocks_from_above_is_not_told(world: World, trunk: Trunk) -> None:
    set_status(actor=world.actor("operator"), customer=world.reseller, status="inactive")
    page = browser(world, "sub_customer").get(HOSTS).content.decode()
    assert "Not available from your provider" in page
    assert "Blocked by owner" not in page


def test_the_limits_of_trunk_and_host_are_set_in_the_row(world: World, trunk: Trunk) -> None:
    client = browser(world, "reseller")
    host = trunk.hosts.earliest("pk")
    target = reverse("accounts:host_limits", args=[host.pk])
    assert 'value="30"' in client.get(target, headers=HTMX).content.decode()
    sent = {"trunk_calls": "30", "trunk_cps": "", "call_limit": "7", "cps_limit": "2"}
    saved = client.post(target, sent, headers=HTMX)
    assert "192.0.2.0/28" in saved.content.decode()
    host.refresh_from_db()
    assert (host.call_limit, host.cps_limit, host.valid_till) == (7, 2, None)
    whole = client.post(target, sent | {"trunk_calls": "5"}, headers=HTMX)
    assert whole.headers["HX-Refresh"] == "true"  # the other hosts show it too
    trunk.refresh_from_db()
    assert trunk.call_limit == 5


def test_the_customer_itself_stays_within_its_ceiling(world: World, trunk: Trunk) -> None:
    edit_customer(
        actor=world.actor("reseller"), customer=world.sub_customer, profile={"call_limit": 10}
    )
    client = browser(world, "sub_customer")
    target = reverse("accounts:host_limits", args=[trunk.hosts.earliest("pk").pk])
    sent = {"trunk_calls": "11", "trunk_cps": "", "call_limit": "", "cps_limit": ""}
    answer = client.post(target, sent)
    assert answer.status_code == 422
    assert "at most 10" in answer.context["form"].errors["trunk_calls"][0]
    trunk.refresh_from_db()
    assert trunk.call_limit == 30


def test_hosts_of_others_are_not_there(world: World, trunk: Trunk) -> None:
    target = reverse("accounts:host_limits", args=[trunk.hosts.earliest("pk").pk])
    assert browser(world, "other_reseller").get(target).status_code == 404
    assert browser(world, "operator").get(target).status_code == 403
    assert names(browser(world, "other_reseller").get(HOSTS)) == []


def test_the_lists_send_the_same_statements_for_more_rows(world: World, trunk: Trunk) -> None:
    client = browser(world, "reseller")
    tariff = world.sub_customer.tariff_assignments.get().tariff
    few = []
    for number in range(21):
        other = customer_of(world.reseller, f"Limited {number}", "business", tariff)
        create_trunk(
            actor=world.actor("reseller"),
            customer=other,
            name="T",
            hosts=[NewHost(f"203.0.113.{number}")],
        )
        if number in (1, 20):
            client.get(url("limit_list"))
            pages = (url("limit_list"), HOSTS)
            few.append([count_queries(lambda page=page: client.get(page)) for page in pages])  # type: ignore[misc]
    assert few[0] == few[1]
