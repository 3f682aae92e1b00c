"""The revenue chart: months, credit notes, currencies, payments, who reads it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from billing.models import LedgerEntry
from billing.selectors.revenue import last_months, revenue
from billing.services.ledger import Posting, post_entry
from billing.services.maintenance import maintain
from customers.models import User
from tariffs.models import Currency
from tests.billing.issued import issued
from tests.customers.wizard import signed_in
from tests.sql import count_queries
from tests.world import World, actor_of

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
URL = "billing:revenue"


@pytest.fixture(autouse=True)
def clock(world: World) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as travelled:
        yield travelled


def months(world: World, who: str = "reseller") -> dict[str, tuple[int, str, str]]:
    """The months that are not empty: invoices, net, received."""
    found = revenue(world.actor(who))
    return {
        f"{month.first:%Y-%m}": (month.invoices, f"{month.net:f}", f"{month.received:f}")
        for month in found.months
        if month.invoices or month.net or month.received
    }


def paid(world: World, who: str, amount: str, at: datetime) -> LedgerEntry:
    balance = world.balance(who)
    return maintain(
        actor=actor_of(balance.issuer),
        balance=balance,
        action="add_funds",
        amount=Decimal(amount),
        currency=balance.currency_id,
        key=f"{who}-{amount}-{at}",
        at=at,
    )


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 6, 15), date(2025, 7, 1), date(2026, 6, 1)),
        (date(2026, 12, 31), date(2026, 1, 1), date(2026, 12, 1)),
        (date(2027, 1, 1), date(2026, 2, 1), date(2027, 1, 1)),
    ],
)
def test_the_last_months_end_with_the_present_one(today: date, first: date, last: date) -> None:
    found = last_months(today)
    assert (len(found), found[0], found[-1]) == (12, first, last)
    assert found == sorted(set(found))


def test_a_month_has_what_was_issued_in_it_net_and_less_credit_notes(world: World) -> None:
    User.objects.filter(pk=world.user("reseller").pk).update(display_currency="EUR")
    balance = world.balance("sub_customer")
    issued(balance, "120", date(2026, 5, 31), net=100, tax=20)
    issued(balance, "50", date(2026, 5, 1))
    issued(balance, "30", date(2026, 5, 2), kind="credit_note", net=25, tax=5)
    issued(balance, "10", date(2026, 6, 1))
    issued(balance, "-4", date(2026, 6, 1))
    issued(balance, "77", date(2026, 6, 2), state="void", voided_at=NOW)
    issued(balance, "66", date(2026, 6, 2), state="draft", number="", issued_at=None)
    issued(balance, "5", date(2025, 7, 1))
    issued(balance, "9", date(2025, 6, 30))
    assert months(world) == {
        "2025-07": (1, "5.00", "0"),
        "2026-05": (2, "125.00", "0"),
        "2026-06": (2, "6.00", "0"),
    }


def test_payments_stand_in_the_month_of_the_viewer_less_what_was_reversed(world: World) -> None:
    User.objects.filter(pk=world.user("reseller").pk).update(
        display_currency="EUR", timezone="Asia/Tokyo"
    )
    paid(world, "sub_customer", "20", datetime(2026, 4, 30, 14, tzinfo=UTC))  # 23:00 in Tokyo
    late = paid(world, "sub_customer", "7", datetime(2026, 4, 30, 15, tzinfo=UTC))  # 1 May there
    posting = Posting(kind="reversal", amount=Decimal(-7), currency="EUR", key="r", reverses=late)
    post_entry(
        actor=world.actor("reseller"),
        balance_id=late.balance_id,
        posting=posting,
        at=datetime(2026, 6, 2, tzinfo=UTC),
    )
    for kind, source in (("pay_out", "online"), ("forfeit", "forfeit"), ("pay_out", "pay_out")):
        out = Posting(kind, Decimal(-2), "EUR", key=f"{kind}{source}", source=source)
        post_entry(
            actor=world.actor("reseller"),
            balance_id=late.balance_id,
            posting=out,
            at=datetime(2026, 6, 2, tzinfo=UTC),
        )
    maintain(
        actor=world.actor("reseller"),
        balance=world.balance("sub_customer"),
        action="credit",
        amount=Decimal(1000),
        currency="EUR",
        key="no payment",
    )
    assert months(world) == {
        "2026-04": (0, "0", "20.00"),
        "2026-05": (0, "0", "7.00"),
        "2026-06": (0, "0", "-9.00"),  # and 2 of an online payment given back
    }


def test_currencies_are_converted_month_by_month_and_add_up(world: World) -> None:
    issued(world.balance("sub_customer"), "0.01", date(2026, 5, 1))  # EUR: 0.0125 USD
    issued(world.balance("sub_reseller"), "0.01", date(2026, 5, 1))  # GBP: 0.015 USD
    issued(world.balance("sub_reseller"), "10", date(2026, 4, 1))
    issued(world.balance("sub_reseller"), "5", date(2026, 4, 1), currency=Currency(code="JPY"))
    found = revenue(world.actor("reseller"))
    assert (found.currency, found.is_converted, found.unknown) == ("USD", True, {"JPY"})
    by_month = {month.first.month: month.net for month in found.months}
    assert (by_month[4], by_month[5]) == (Decimal("15.00"), Decimal("0.03"))
    assert found.total.net == sum(by_month.values()) == Decimal("15.03")
    assert found.total.invoices == 4


def test_everybody_reads_its_own_sales(world: World) -> None:
    issued(world.balance("reseller"), "1", date(2026, 5, 1))
    issued(world.balance("shop"), "3", date(2026, 5, 1))
    paid(world, "shop", "2", datetime(2026, 5, 3, tzinfo=UTC))
    assert [month.net for month in revenue(world.actor("operator")).months if month.net] == [
        Decimal("1.25")
    ]
    assert months(world) == {}
    assert months(world, "sub_reseller") == {"2026-05": (1, "4.50", "3.00")}
    assert months(world, "shop") == {}
    User.objects.filter(pk=world.user("reseller").pk).update(role="noc")
    assert signed_in(world, "reseller").get(reverse(URL)).status_code == 403


def test_the_page_draws_a_chart_and_leads_to_the_invoices_of_a_month(world: World) -> None:
    issued(world.balance("sub_customer"), "1000", date(2026, 5, 1))
    page = signed_in(world, "reseller").get(reverse(URL)).content.decode()
    assert '<svg class="chart-plot"' in page
    assert "<title>May 2026: 1,250.00 USD</title>" in page
    days = "since=2026-05-01&amp;until=2026-05-31&amp;side=issued"
    assert f"{reverse('billing:invoice_list')}?{days}" in page
    assert page.count("side=issued") == 12
    assert "1,250.00" in page.split("All months")[1]


def test_a_month_below_0_is_told_and_not_drawn(world: World) -> None:
    issued(world.balance("sub_customer"), "100", date(2026, 5, 1), kind="credit_note")
    answer = signed_in(world, "reseller").get(reverse(URL))
    bar = answer.context["chart"].bars[-2]
    assert (bar.height, bar.y, bar.title) == ("0.00", "100.00", "May 2026: −125.00 USD")


def test_more_invoices_cost_no_more_statements(world: World) -> None:
    client = signed_in(world, "reseller")
    issued(world.balance("sub_customer"), "1", date(2026, 5, 1))
    client.get(reverse(URL))
    few = count_queries(lambda: client.get(reverse(URL)))
    for month in range(1, 7):
        for who in ("sub_customer", "sub_reseller"):
            issued(world.balance(who), "1", date(2026, month, 1))
            paid(world, who, "1", datetime(2026, month, 2, tzinfo=UTC))
    assert count_queries(lambda: client.get(reverse(URL))) == few
