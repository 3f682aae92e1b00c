"""The aging report: ages, past days, currencies that add up, who reads it, its cost."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing.models import Balance, Invoice
from billing.selectors.aging import BUCKETS, Aging, aging
from billing.services.accounts import AccountTariff, open_account
from customers.models import User
from tariffs.models import Currency, Tariff
from tests.billing.issued import issued, settle
from tests.customers.wizard import signed_in
from tests.sql import count_queries
from tests.world import World

TODAY = date(2026, 6, 15)
URL = "billing:aging"


@pytest.fixture(autouse=True)
def clock(world: World) -> Iterator[time_machine.Traveller]:
    """The morning of TODAY, after the world was made."""
    with time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=False) as travelled:
        yield travelled


def due(balance: Balance, total: str, days_late: int, **columns: Any) -> Invoice:
    """An invoice that was due ``days_late`` days before TODAY."""
    day = TODAY - timedelta(days=days_late)
    return issued(balance, total, min(day, TODAY) - timedelta(days=14), due_on=day, **columns)


def report(world: World, who: str = "reseller", as_of: date = TODAY) -> Aging:
    return aging(world.actor(who), as_of)


def owed(world: World, who: str = "reseller", as_of: date = TODAY) -> dict[str, str]:
    """Payer to what it owes in all."""
    return {row.name: f"{row.total:f}" for row in report(world, who, as_of).rows}


# Ages --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-5, "not_due"),
        (0, "not_due"),
        (1, "days_30"),
        (30, "days_30"),
        (31, "days_60"),
        (60, "days_60"),
        (61, "days_90"),
        (90, "days_90"),
        (91, "older"),
        (140, "older"),
    ],
)
def test_an_invoice_stands_in_the_bucket_of_its_age(world: World, days: int, bucket: str) -> None:
    due(world.balance("sub_customer"), "10", days)
    (row,) = report(world).rows
    assert dict(zip(BUCKETS, row.amounts, strict=True)) == dict.fromkeys(BUCKETS, 0) | {bucket: 10}


def test_only_what_is_open_of_issued_invoices_counts(world: World) -> None:
    balance = world.balance("sub_customer")
    settle(due(balance, "100", 3), "30.5")
    settle(due(balance, "50", 3), "50")
    due(balance, "7", 3, state="draft", number="", issued_at=None)
    due(balance, "8", 3, state="void", open_amount=0, voided_at=datetime(2026, 6, 14, tzinfo=UTC))
    due(balance, "9", 3, kind="credit_note", open_amount=0)
    due(balance, "-4", 3)
    assert owed(world) == {"Sub customer": "69.50"}


# Past days ---------------------------------------------------------------------------------------
def test_a_past_day_knows_neither_later_payments_nor_later_invoices(
    world: World, clock: time_machine.Traveller
) -> None:
    balance = world.balance("sub_customer")
    invoice = issued(balance, "100", date(2026, 3, 1))
    later = issued(balance, "40", date(2026, 6, 1))
    for day, amount in {10: "20", 20: "80", 25: "-50"}.items():
        clock.move_to(datetime(2026, 4, day, 12, tzinfo=UTC))
        settle(invoice, amount)
    clock.move_to(datetime(2026, 6, 15, 10, tzinfo=UTC))
    expected = {
        date(2026, 2, 28): {},
        date(2026, 3, 1): {"Sub customer": "100.00"},
        date(2026, 4, 9): {"Sub customer": "100.00"},
        date(2026, 4, 10): {"Sub customer": "80.00"},
        date(2026, 4, 20): {},
        date(2026, 4, 25): {"Sub customer": "50.00"},
        date(2026, 5, 31): {"Sub customer": "50.00"},
        date(2026, 6, 1): {"Sub customer": "90.00"},
        TODAY: {"Sub customer": "90.00"},
    }
    assert {day: owed(world, as_of=day) for day in expected} == expected
    assert report(world, as_of=date(2026, 4, 10)).rows[0].amounts[1] == 80  # due 15 March
    assert later.open_amount == 40


def test_a_void_invoice_was_owed_until_it_was_void(world: World) -> None:
    invoice = issued(world.balance("sub_customer"), "100", date(2026, 3, 1))
    voided = {"state": "void", "open_amount": 0, "voided_at": datetime(2026, 5, 2, 9, tzinfo=UTC)}
    Invoice.objects.filter(pk=invoice.pk).update(**voided)
    assert owed(world, as_of=date(2026, 5, 1)) == {"Sub customer": "100.00"}
    assert owed(world, as_of=date(2026, 5, 2)) == {}
    assert owed(world) == {}


def test_the_day_ends_where_the_viewer_is(world: World) -> None:
    """Issued at noon UTC of 1 March, which is 2 March in Kiritimati (+14)."""
    issued(world.balance("sub_customer"), "100", date(2026, 3, 1))
    User.objects.filter(pk=world.user("reseller").pk).update(timezone="Pacific/Kiritimati")
    assert owed(world, as_of=date(2026, 3, 1)) == {}
    assert owed(world, as_of=date(2026, 3, 2)) == {"Sub customer": "100.00"}


# Sums --------------------------------------------------------------------------------------------
def test_sums_are_those_of_what_is_shown(world: World) -> None:
    """EUR 1.25 and GBP 1.5 for a USD; each amount is rounded before it is added."""
    for cents in ("0.01", "0.03", "0.05"):
        due(world.balance("sub_customer"), cents, 1)  # 0.0125, 0.0375, 0.0625 in one sum
    due(world.balance("sub_reseller"), "10.01", 40)  # 15.015
    due(world.balance("sub_reseller"), "0.33", 100)  # 0.495
    found = report(world)
    assert found.total.currency == "USD"
    for row in (*found.rows, *found.by_currency):
        assert row.total == sum(row.amounts)
        assert row.converted is not None
        assert row.converted_total == sum(row.converted)
    for place in range(len(BUCKETS)):
        rows = [row.converted[place] for row in found.rows if row.converted]
        assert found.total.amounts[place] == sum(rows)
    assert [row.currency for row in found.by_currency] == ["EUR", "GBP"]
    assert [f"{sum_:.2f}" for sum_ in found.total.amounts] == [
        "0.00",
        "0.11",
        "15.02",
        "0.00",
        "0.50",
    ]
    assert found.total.total == Decimal("15.63")


def test_a_currency_without_a_rate_is_named_and_in_no_sum(world: World) -> None:
    balance = world.balance("sub_customer")
    due(balance, "10", 1, currency=Currency.objects.get(code="JPY"))
    due(balance, "2", 1)
    found = report(world)
    assert found.unknown == ["JPY"]
    assert found.total.total == Decimal("2.50")
    page = signed_in(world, "reseller").get(reverse(URL)).content.decode()
    assert "Without an exchange rate, and in no sum: JPY." in page


# Who ---------------------------------------------------------------------------------------------
def test_everybody_reads_what_is_owed_to_it_alone(world: World) -> None:
    due(world.balance("reseller"), "1", 1)
    due(world.balance("sub_customer"), "2", 1)
    due(world.balance("shop"), "3", 1)
    assert owed(world, "operator") == {"Reseller": "1.00"}
    assert owed(world, "reseller") == {"Sub customer": "2.00"}
    assert owed(world, "sub_reseller") == {"Shop": "3.00"}
    assert owed(world, "other_reseller") == owed(world, "shop") == {}


def test_a_business_reads_what_its_accounts_owe(world: World) -> None:
    tariff = Tariff.objects.get(name="Street")
    own = open_account(
        actor=world.actor("shop"),
        customer=world.shop,
        auth_name="desk",
        by_itself=AccountTariff(tariff),
    )
    due(Balance.objects.get(account=own), "6", 1)
    (row,) = report(world, "shop").rows
    assert (row.name, row.account, f"{row.total:f}") == ("Shop", "desk", "6.00")
    assert "desk" in signed_in(world, "shop").get(reverse(URL)).content.decode()


def test_the_page_needs_the_right_for_invoices(world: World) -> None:
    User.objects.filter(pk=world.user("reseller").pk).update(role="noc")
    assert signed_in(world, "reseller").get(reverse(URL)).status_code == 403
    account_user = Client()
    user = User.objects.get(account=world.account)
    account_user.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert account_user.get(reverse(URL)).status_code == 403


# The page ----------------------------------------------------------------------------------------
def test_the_page_shows_ages_sums_and_the_way_to_the_invoices(world: World) -> None:
    due(world.balance("sub_customer"), "1234.5", 1)
    page = signed_in(world, "reseller").get(reverse(URL)).content.decode()
    assert "At the end of 15 Jun 2026, UTC." in page
    assert "1,234.50" in page
    assert "1,543.13" in page  # in USD
    assert f"{reverse('billing:invoice_list')}?text=Sub+customer&amp;side=issued" in page
    assert (
        "Nothing is owed" in signed_in(world, "other_reseller").get(reverse(URL)).content.decode()
    )


def test_the_day_is_chosen_and_one_to_come_is_refused(world: World) -> None:
    client = signed_in(world, "reseller")
    due(world.balance("sub_customer"), "5", 1)
    page = client.get(reverse(URL), {"day": "2026-02-01"}).content.decode()
    assert "At the end of 1 Feb 2026" in page
    assert "Nothing is owed" in page
    for wrong in ("2026-06-16", "1899-12-31", "soon"):
        page = client.get(reverse(URL), {"day": wrong}).content.decode()
        assert "Nothing is owed" not in page
        assert "5.00" not in page
    part = client.get(reverse(URL), {"day": "2026-06-14"}, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "5.00" in part.content.decode()


def test_rows_are_sorted_and_exported(world: World) -> None:
    due(world.balance("sub_customer"), "9", 1)
    due(world.balance("sub_reseller"), "100", 40)
    client = signed_in(world, "reseller")
    rows = client.get(reverse(URL), {"sort": "-total"}).context["page"].object_list
    assert [row.record.name for row in rows] == ["Sub reseller", "Sub customer"]
    export = b"".join(client.get(reverse(URL), {"export": "csv"})).decode("utf-8-sig")
    assert export.splitlines() == [
        "Customer,Currency,Not due,1–30 days,31–60 days,61–90 days,Over 90 days,Total,In USD",
        "Sub customer,EUR,0.00,9.00,0.00,0.00,0.00,9.00,11.25",
        "Sub reseller,GBP,0.00,0.00,100.00,0.00,0.00,100.00,150.00",
    ]
    workbook = client.get(reverse(URL), {"export": "xlsx"})
    assert b"".join(workbook).startswith(b"PK")


def test_more_invoices_cost_no_more_statements(world: World) -> None:
    client = signed_in(world, "reseller")
    due(world.balance("sub_customer"), "1", 1)

    def counts() -> list[int]:
        pages = (reverse(URL), f"{reverse(URL)}?day=2026-06-01")
        return [count_queries(partial(client.get, page)) for page in pages]

    counts()
    few = counts()
    for number in range(20):
        for who in ("sub_customer", "sub_reseller"):
            due(world.balance(who), "1", number * 9)
    assert counts() == few
