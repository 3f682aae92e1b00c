"""What automatic reports say, whom they are told to, and when."""

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook

from billing.models import ArchivedMonth, Balance
from billing.selectors.day_sums import day_sums
from billing.selectors.statements import statement
from billing.services.maintenance import maintain
from billing.services.reversals import reverse_entry
from calls.models import DailyReport, ReportSchedule, UnratedCall
from calls.services.charging import charge_pending
from calls.services.daily_reports import contents
from calls.services.daily_reports.planning import plan_reports
from calls.services.daily_reports.running import PATIENCE, send_due
from calls.services.rate_books import BOOKS
from customers.models import Customer, CustomerClass, CustomerParameters
from notifications.models import Message, Webhook, WebhookDelivery
from tariffs.models import Rate
from tests.calls.daily import AT, DAY, give_reports, letter_of, tell_day
from tests.calls.stored import store_call
from tests.world import World

D = Decimal
KYIV = ZoneInfo("Europe/Kyiv")
NEXT = datetime(2026, 10, 14, 6, tzinfo=UTC)
HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shop(world: World) -> Customer:
    """The shop with four calls on DAY: two to Britain, one to France, one that failed."""
    Rate.objects.filter(prefix="4420").update(country="GB")
    Rate.objects.filter(prefix="33").update(country="FR")
    for number, seconds in (("442079460000", 61), ("442079460001", 30), ("33123456789", 90.5)):
        store_call(world.shop, number, seconds, at=AT, account=world.account)
    store_call(world.shop, "15550100", 30, at=AT, answered=False)
    store_call(world.shop, "447700900000", 60, at=AT + ONE_DAY)
    store_call(world.sub_reseller, "33123456789", 60, at=AT)
    charge_pending()
    Customer.objects.filter(pk=world.sub_reseller.pk).update(
        main_email="desk@sub.example", billing_email="bills@sub.example"
    )
    return world.shop


def rows_of(report: DailyReport) -> list[list[str]]:
    assert report.file is not None
    return list(csv.reader(io.StringIO(bytes(report.file.content).decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("grouping", "heads", "rows"),
    [
        (
            "country",
            ["Country"],
            [["France", "1", "1", "1.6", "0.144000"],
             ["United Kingdom", "2", "2", "2.1", "0.094500"]],
        ),
        (
            "code_name",
            ["Code name", "Country"],
            [["Prefix 33", "France", "1", "1", "1.6", "0.144000"],
             ["Prefix 4420", "United Kingdom", "2", "2", "2.1", "0.094500"]],
        ),
        (
            "code",
            ["Code", "Code name"],
            [["33", "Prefix 33", "1", "1", "1.6", "0.144000"],
             ["4420", "Prefix 4420", "2", "2", "2.1", "0.094500"]],
        ),
    ],
)  # fmt: skip
def test_usage_by_group_of_what_the_customer_pays(
    shop: Customer, grouping: str, heads: list[str], rows: list[list[str]]
) -> None:
    give_reports(shop, email="shop@x.example", usage_summary=True, usage_grouping=grouping)
    (report,) = tell_day(until=NEXT)
    head, *lines = rows_of(report)
    assert head == [*heads, "Calls", "Connected", "Minutes", "Cost, GBP"]
    assert lines == rows
    assert report.calls == 4
    letter = letter_of(report)
    assert letter.subject == "Shop: usage of 13 Oct 2026"
    assert "Connected  3" in letter.text
    assert "0.24 GBP" in letter.text
    assert all(line[0] in letter.text for line in rows)
    assert letter.attachment is None


@pytest.mark.parametrize("grouping", ["country", "code_name", "code"])
def test_groups_without_a_connected_call_where_all_are_asked_for(
    shop: Customer, grouping: str
) -> None:
    give_reports(shop, usage_summary=True, usage_grouping=grouping, usage_non_zero_only=False)
    (report,) = tell_day(until=NEXT)
    *_others, last = rows_of(report)
    assert last[-4:] == ["1", "0", "0.0", "0.000000"]
    assert len(rows_of(report)) == 4


def test_free_calls_are_connected_ones(shop: Customer) -> None:
    Rate.objects.filter(prefix="33").update(price_1=0, price_n=0)
    BOOKS.clear()  # a used rate never changes, so they are kept in memory
    store_call(shop, "33123456780", 60, at=AT + ONE_DAY)
    charge_pending()
    give_reports(shop, usage_summary=True, usage_grouping="code_name")
    report = tell_day(until=NEXT + ONE_DAY)[-1]
    assert ["Prefix 33", "France", "1", "1", "1.0", "0.000000"] in rows_of(report)


def test_many_groups_are_attached_too(shop: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "SHOWN_ROWS", 1)
    give_reports(shop, email="shop@x.example", usage_summary=True)
    (report,) = tell_day(until=NEXT)
    letter = letter_of(report)
    assert "France" in letter.text
    assert "United Kingdom" not in letter.text
    assert letter.attachment == report.file
    assert "United Kingdom" in bytes(report.file.content).decode()  # type: ignore[union-attr]


def test_a_day_without_calls_is_told_too(world: World) -> None:
    give_reports(world.shop, email="shop@x.example", usage_summary=True)
    (report,) = tell_day(until=NEXT)
    assert report.calls == 0
    assert "Calls      0" in letter_of(report).text


def test_the_balance_is_that_of_the_statement(world: World, shop: Customer) -> None:
    give_reports(shop, email="shop@x.example", balance_summary=True)
    balance = world.balance("shop")
    balance.credit_limit = D(50)
    balance.save(update_fields=["credit_limit"])
    sums = day_sums(balance, DAY)
    stated = statement(actor=world.actor("sub_reseller"), balance=balance, since=DAY, until=DAY)
    assert (sums.opening, sums.closing) == (stated.opening, stated.closing)
    assert (sums.opening, sums.used, sums.payments, sums.other) == (
        D(100),
        D("-0.2385"),
        D(0),
        D(0),
    )
    assert (sums.available, sums.calls) == (D("149.7615"), 4)
    (report,) = tell_day(until=NEXT)
    assert rows_of(report)[1] == [
        "2026-10-13", "GBP", "100.000000", "0.000000", "-0.238500", "0", "0.000000", "99.761500",
        "50.000000", "149.761500",
    ]  # fmt: skip
    assert "Credit left      149.76 GBP" in letter_of(report).text


def test_payments_and_their_reversals_are_payments(world: World) -> None:
    actor, balance = world.actor("sub_reseller"), world.balance("shop")
    today = datetime.now(ZoneInfo(str(balance.period_timezone))).date()
    before = day_sums(balance, today)
    for action, amount in (("add_funds", "20"), ("add_funds", "5"), ("debit", "3")):
        entry = maintain(
            actor=actor,
            balance=balance,
            action=action,
            amount=D(amount),
            currency="GBP",
            key=f"{action}-{amount}",
            notes="by hand",
        )
        if amount == "5":
            reverse_entry(actor=actor, entry=entry, reason="twice", key="back")
    balance.refresh_from_db()
    sums = day_sums(balance, today)
    assert (sums.payments, sums.other - before.other) == (D(20), D(-3))
    assert sums.closing == balance.amount
    assert sums.opening + sums.used + sums.payments + sums.other == sums.closing


def test_few_calls_are_attached_as_csv(world: World, shop: Customer) -> None:
    give_reports(
        shop, email="shop@x.example", daily_cdrs=True, report_timezone=KYIV, report_at=time(5)
    )
    (report,) = tell_day(until=datetime(2026, 10, 14, 2, tzinfo=UTC))
    letter = letter_of(report)
    assert letter.attachment == report.file
    assert report.file is not None
    assert report.file.name == "shop-calls-2026-10-13.csv"
    head, *lines = rows_of(report)
    assert head[0] == "Set-up time"
    assert head[-1] == "Amount, GBP"
    assert len(lines) == report.calls == 4
    assert {line[0] for line in lines} == {"2026-10-13T12:00:00+03:00"}
    assert sorted((line[4], line[6], line[7], line[8], line[-1]) for line in lines) == [
        ("15550100", "0", "0", "", "0.000000"),
        ("33123456789", "90.5", "96", "0.09", "0.144000"),
        ("442079460000", "61", "66", "0.045", "0.049500"),
        ("442079460001", "30", "60", "0.045", "0.045000"),
    ]
    assert {(line[11], line[12]) for line in lines} == {("Shop", "shop-1"), ("Shop", "")}
    assert "attached are the calls of 13 Oct 2026" in letter.text


def test_or_as_a_workbook(shop: Customer) -> None:
    give_reports(shop, daily_cdrs=True, cdr_format="xlsx", report_timezone=KYIV)
    (report,) = tell_day(until=NEXT)
    assert report.file is not None
    assert report.file.name.endswith(".xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(bytes(report.file.content)))
    _head, *rows = book.get_sheet_by_index(0).to_python()
    assert {row[0] for row in rows} == {datetime(2026, 10, 13, 12)}  # noqa: DTZ001


def test_many_calls_are_a_link(shop: Customer, settings: Any) -> None:
    settings.REPORT_ATTACHED_CALLS = 3
    give_reports(shop, email="shop@x.example", daily_cdrs=True)
    (report,) = tell_day(until=NEXT)
    letter = letter_of(report)
    assert (report.file, letter.attachment, report.calls) == (None, None, 4)
    assert "/calls/automatic-reports/by-link/" in letter.text
    assert "?format=csv" in letter.text
    assert "works for 14 days" in letter.text


def test_a_reseller_reads_all_calls_of_its_own_below(world: World, shop: Customer) -> None:
    give_reports(world.sub_reseller, daily_cdrs=True, usage_summary=True)
    cdrs, usage = tell_day(until=NEXT)
    assert (cdrs.calls, usage.calls) == (5, 5)
    _head, *lines = rows_of(cdrs)
    assert sorted(line[11] for line in lines) == [*["Shop"] * 4, "Sub reseller"]
    paid = Balance.objects.of_customers().get(customer=world.sub_reseller)
    used = day_sums(paid, DAY).used
    assert sum(D(line[-1]) for line in lines) == -used


@pytest.mark.parametrize(
    ("told", "theirs", "own"),
    [
        ("customer", ["pay@x.example"], []),
        ("owner", [], ["bills@sub.example"]),
        ("both", ["pay@x.example"], ["bills@sub.example"]),
    ],
)
def test_who_gets_it(shop: Customer, told: str, theirs: list[str], own: list[str]) -> None:
    give_reports(shop, email="shop@x.example", balance_summary=True, report_recipients=told)
    Customer.objects.filter(pk=shop.pk).update(billing_email="pay@x.example")
    (report,) = tell_day(until=NEXT)
    assert (report.recipients, report.own_recipients) == (theirs, own)
    letters = Message.objects.filter(event="balance_summary")
    assert sorted(letters.values_list("recipient", flat=True)) == sorted([*theirs, *own])
    assert {letter.owner_id for letter in letters} == {shop.owner_id}


def test_the_main_address_where_there_is_none_for_bills(world: World, shop: Customer) -> None:
    Customer.objects.filter(pk=world.sub_reseller.pk).update(billing_email="")
    give_reports(shop, email="shop@x.example", balance_summary=True, report_recipients="both")
    (report,) = tell_day(until=NEXT)
    assert report.recipients == ["shop@x.example"]
    assert report.own_recipients == ["desk@sub.example"]


def test_each_reads_it_in_its_own_language(world: World, shop: Customer) -> None:
    Customer.objects.filter(pk=world.sub_reseller.pk).update(language="es")
    give_reports(shop, email="shop@x.example", usage_summary=True, report_recipients="both")
    tell_day(until=NEXT)
    languages = dict(Message.objects.values_list("recipient", "language"))
    assert languages == {"shop@x.example": "en", "bills@sub.example": "es"}


def test_without_an_address_it_is_kept_and_webhooks_are_told(world: World, shop: Customer) -> None:
    Webhook.objects.create(
        owner=world.sub_reseller, name="n", url="https://x.example", events=["usage_summary"],
        secret=b"s",
    )  # fmt: skip
    give_reports(shop, usage_summary=True)
    (report,) = tell_day(until=NEXT)
    assert report.state == "unaddressed"
    assert rows_of(report)
    assert not Message.objects.exists()
    (delivery,) = WebhookDelivery.objects.all()
    assert '"head":["Country","Calls","Connected","Minutes","Cost"]' in delivery.payload


def test_it_comes_at_its_hour_and_once(shop: Customer) -> None:
    give_reports(shop, balance_summary=True, report_at=time(6, 30), report_timezone=KYIV)
    due = datetime(2026, 10, 14, 3, 30, tzinfo=UTC)
    send_due(moment=AT)
    assert send_due(moment=due - timedelta(seconds=1)) == 0
    assert send_due(moment=due) == 1
    assert [send_due(moment=due + number * HOUR) for number in range(20)] == [0] * 20
    assert DailyReport.objects.get().due_at == due


def test_what_was_due_before_it_was_switched_on_is_not_told(shop: Customer) -> None:
    give_reports(shop, balance_summary=True, usage_summary=True)
    assert send_due(moment=NEXT + HOUR) == 0
    assert send_due(moment=NEXT + ONE_DAY) == 2
    assert set(DailyReport.objects.values_list("day", flat=True)) == {DAY + ONE_DAY}


def test_after_a_stop_every_day_is_told_in_order(shop: Customer) -> None:
    give_reports(shop, email="shop@x.example", balance_summary=True, usage_summary=True)
    send_due(moment=AT)
    assert send_due(moment=NEXT + 30 * ONE_DAY) == 62
    for event in ("balance_summary", "usage_summary"):
        subjects = Message.objects.filter(event=event).order_by("pk").values_list("key", flat=True)
        days = [date.fromisoformat(str(key).split(":")[2]) for key in subjects]
        assert days == [DAY + number * ONE_DAY for number in range(31)]


def test_switched_off_and_on_again_it_begins_anew(shop: Customer) -> None:
    give_reports(shop, balance_summary=True)
    send_due(moment=AT)
    give_reports(shop, balance_summary=False)
    assert send_due(moment=NEXT + 5 * ONE_DAY) == 0
    assert not ReportSchedule.objects.exists()
    give_reports(shop, balance_summary=True)
    assert send_due(moment=NEXT + 10 * ONE_DAY + HOUR) == 0
    assert send_due(moment=NEXT + 11 * ONE_DAY) == 1


def test_a_class_switches_it_on_for_its_customers(world: World, shop: Customer) -> None:
    group = CustomerClass.objects.create(
        owner=world.sub_reseller, name="Daily", balance_summary=True, report_at=time(8)
    )
    Customer.objects.filter(pk=shop.pk).update(customer_class=group)
    (report,) = tell_day(until=NEXT + 2 * HOUR)
    assert report.customer == shop
    CustomerParameters.objects.create(customer=shop, balance_summary=False)
    assert send_due(moment=NEXT + 2 * ONE_DAY) == 0


def test_archived_customers_have_none(shop: Customer) -> None:
    give_reports(shop, balance_summary=True)
    send_due(moment=AT)
    Customer.objects.filter(pk=shop.pk).update(archived_at=AT)
    assert send_due(moment=NEXT) == 0


def test_a_report_waits_for_calls_that_are_not_charged_yet(shop: Customer) -> None:
    give_reports(shop, usage_summary=True)
    send_due(moment=AT)
    store_call(shop, "33123456789", 60, at=AT + HOUR)
    assert send_due(moment=NEXT) == 0
    assert DailyReport.objects.get().state == "waiting"
    charge_pending()
    assert send_due(moment=NEXT + HOUR) == 1
    assert DailyReport.objects.get().calls == 5


def test_but_not_for_ever(shop: Customer) -> None:
    give_reports(shop, usage_summary=True)
    send_due(moment=AT)
    store_call(shop, "33123456789", 60, at=AT + HOUR)
    assert send_due(moment=NEXT) == 0
    assert send_due(moment=NEXT + PATIENCE) == 0
    assert send_due(moment=NEXT + PATIENCE + timedelta(seconds=1)) == 1
    assert DailyReport.objects.get().calls == 4


def test_calls_that_cannot_be_rated_hold_nothing_back(shop: Customer) -> None:
    Rate.objects.filter(prefix="").delete()
    BOOKS.clear()
    store_call(shop, "99999", 60, at=AT + HOUR)
    charge_pending()
    assert UnratedCall.objects.exists()
    give_reports(shop, usage_summary=True)
    (report,) = tell_day(until=NEXT)
    assert report.state == "unaddressed"


def test_one_that_cannot_be_made_stops_no_other(shop: Customer) -> None:
    give_reports(shop, email="shop@x.example", usage_summary=True)
    send_due(moment=AT)
    plan_reports(moment=NEXT)
    ArchivedMonth.objects.create(month=DAY.replace(day=1), calls=0, charges=0)
    assert send_due(moment=NEXT + 40 * ONE_DAY) == 41
    states = dict(DailyReport.objects.values_list("day", "state"))
    assert states.pop(DAY) == "failed"
    assert DailyReport.objects.get(day=DAY).failure == "The calls of this day are archived."
    assert {state for day, state in states.items() if day.month == 11} == {"sent"}


def test_a_new_owner_tells_the_days_since_it_came(world: World, shop: Customer) -> None:
    give_reports(shop, balance_summary=True)
    send_due(moment=AT)
    moved = AT + 3 * ONE_DAY
    Balance.objects.of_customers().filter(customer=shop).update(
        issuer=world.reseller, opened_at=moved
    )
    send_due(moment=NEXT + 4 * ONE_DAY)
    told = DailyReport.objects.order_by("day").values_list("day", "issuer")
    assert list(told) == [
        (moved.date(), world.reseller.pk),
        (moved.date() + ONE_DAY, world.reseller.pk),
    ]
