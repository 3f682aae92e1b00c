"""Dunning by itself: each step on its day, once, for what postpaid balances owe."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from accounts.models import Account
from billing.models import Balance, DunningStep, Invoice, Suspension
from billing.services.accounts import AccountTariff, open_account
from billing.services.archive import archive_customer
from billing.services.dunning import run_dunning
from billing.services.invoice_settings import create_term
from billing.services.suspensions import lift_if_paid
from billing.tasks import run_dunning as task
from customers.models import AuditEvent, Customer, User
from customers.services.parameters import set_parameters
from notifications.models import Message, Notice
from tariffs.models import Tariff
from tests.billing.dunned import DUE, after, at, invoice, kinds, letters, pay, postpaid, ready
from tests.billing.test_move import beside, move
from tests.sql import count_queries
from tests.world import OPENED, World

__all__ = ["beside"]
ALL = ["reminder_before3", "overdue", "reminder_after1", "reminder_after7", "suspended"]


@pytest.fixture
def balance(world: World) -> Balance:
    return ready(world)


def run_days(first: int, last: int) -> None:
    """At noon of each day from ``first`` to ``last`` days after DUE."""
    for days in range(first, last + 1):
        run_dunning(moment=after(days))


def test_each_step_is_made_on_its_day(balance: Balance) -> None:
    made = invoice(balance)
    run_days(-14, 30)
    assert kinds(balance) == ALL
    steps = DunningStep.objects.filter(balance=balance).order_by("pk")
    assert [(row.on_day - DUE).days for row in steps] == [-3, 1, 1, 7, 8]
    assert [row.invoice_id for row in steps] == [made.pk] * 4 + [None]
    standing = Suspension.objects.get()
    assert (standing.is_stopping, standing.until_paid, standing.since) == (True, True, after(8))


def test_a_day_brings_one_notice_of_an_invoice(balance: Balance) -> None:
    """The mark and the reminder of the same day are told as one, with an address or without."""
    invoice(balance)
    run_days(1, 1)
    assert kinds(balance) == ["overdue", "reminder_after1"]
    notice = Notice.objects.get(recipient=balance.issuer)
    assert notice.event == "invoice_overdue"


def test_the_days_are_edges(balance: Balance) -> None:
    invoice(balance)
    for days, expected in ((-4, 0), (-3, 1), (0, 1), (1, 3), (6, 3), (7, 4), (8, 5)):
        run_dunning(moment=after(days))
        assert len(kinds(balance)) == expected, days


def test_a_letter_per_step_from_the_owner_in_the_customers_language(
    world: World, balance: Balance
) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(language="ar")
    invoice(balance, "12.50", number="INV-7")
    run_days(-14, 30)
    rows = list(Message.objects.filter(customer=world.shop).order_by("pk"))
    assert [row.event for row in rows] == [
        "invoice_due",
        "invoice_overdue",
        "invoice_overdue",
        "suspended",
    ]
    assert {row.recipient for row in rows} == {"pay@shop.example"}
    assert {(row.language, row.owner_id) for row in rows} == {("ar", world.sub_reseller.pk)}
    assert rows[0].sender_name == world.sub_reseller.name
    assert "INV-7" in rows[0].subject
    assert "12.50 GBP" in rows[1].text
    assert "2026" in rows[1].text  # the day on which calls stop
    owed = reverse("billing:invoice_detail", args=[Invoice.objects.get().pk])
    assert all(f"http://localhost:8000{owed}" in row.text for row in rows[:3])
    assert all(f'{owed}">' in row.html for row in rows[:3])
    assert "/billing/invoices/?status=overdue" in rows[3].text
    steps = DunningStep.objects.exclude(recipient="").count()
    assert steps == len(rows)


def test_the_letter_that_threatens_names_the_day(balance: Balance) -> None:
    invoice(balance)
    run_days(1, 7)
    first, last = Message.objects.filter(event="invoice_overdue").order_by("pk")
    assert "Calls stop on 18 Mar 2026" in first.text
    assert "Calls stop on 18 Mar 2026" in last.text
    assert "<strong>10.00 GBP</strong>" in last.html


def test_without_an_address_the_step_is_made_all_the_same(world: World, balance: Balance) -> None:
    Customer.objects.filter(pk=world.shop.pk).update(billing_email="", main_email="")
    invoice(balance)
    run_days(-3, 8)
    assert kinds(balance) == ALL
    assert letters(world.shop) == []


def test_running_often_makes_each_step_once(world: World, balance: Balance) -> None:
    invoice(balance)
    for hours in range(0, 24 * 12, 5):
        moment = after(-3) + timedelta(hours=hours)
        run_dunning(moment=moment)
        run_dunning(moment=moment)
    assert kinds(balance) == ALL
    assert len(letters(world.shop)) == 4
    assert AuditEvent.objects.filter(action="dunning_suspended").count() == 1
    assert AuditEvent.objects.filter(action__startswith="dunning_").count() == len(ALL)


def test_a_clock_that_jumps_back_repeats_nothing(balance: Balance) -> None:
    invoice(balance)
    run_days(-3, 8)
    run_days(-3, 8)
    assert kinds(balance) == ALL


def test_a_clock_that_ran_ahead_keeps_no_later_invoice_from_being_dunned(balance: Balance) -> None:
    """The day that it marked as done is still to come: it does not count."""
    first = invoice(balance)
    run_dunning(moment=after(400))
    pay(first)
    later = invoice(balance, due=DUE + timedelta(days=30))
    run_days(20, 40)
    steps = DunningStep.objects.filter(invoice=later).order_by("pk")
    assert [(row.kind, (row.on_day - DUE).days) for row in steps] == [
        ("reminder_before", 27),
        ("overdue", 31),
        ("reminder_after", 31),
        ("reminder_after", 37),
    ]
    assert Suspension.objects.stopping().count() == 1


def test_after_a_pause_only_the_latest_letter_is_written(world: World, balance: Balance) -> None:
    """A machine that was off from before all reminders until the ninth day after the due date."""
    invoice(balance)
    run_dunning(moment=after(-5))
    run_dunning(moment=after(9))
    run_dunning(moment=after(10))
    assert kinds(balance) == ["overdue", "reminder_after7", "suspended"]
    assert letters(world.shop) == ["invoice_overdue", "suspended"]


def test_an_invoice_issued_shortly_before_is_not_reminded_at_once(balance: Balance) -> None:
    invoice(balance, issued_on=DUE - timedelta(days=3))
    run_days(-3, 0)
    assert kinds(balance) == []


@pytest.mark.parametrize(
    "values",
    [
        {"mode": "prepaid"},
        {"state": "void"},
        {"state": "draft", "number": "", "issued_at": None},
        {"kind": "credit_note"},
        {"open_amount": Decimal(0)},
    ],
)
def test_only_open_amounts_of_postpaid_invoices_count(
    balance: Balance, values: dict[str, Any]
) -> None:
    invoice(balance, **values)
    run_days(-3, 9)
    assert kinds(balance) == []


def test_the_term_and_the_grace_days_in_force_decide(world: World, balance: Balance) -> None:
    actor = world.actor("sub_reseller")
    term = create_term(
        actor=actor, name="Strict", grace_days=2, reminders_before=[], reminders_after=[2]
    )
    set_parameters(actor=actor, customer=world.shop, values={"payment_term": term})
    invoice(balance)
    run_days(-14, 3)
    assert kinds(balance) == ["overdue", "reminder_after2", "suspended"]
    assert letters(world.shop) == ["invoice_overdue", "invoice_overdue", "suspended"]


def test_a_term_that_changes_brings_no_older_letter(world: World, balance: Balance) -> None:
    invoice(balance)
    run_days(1, 7)
    actor = world.actor("sub_reseller")
    term = create_term(actor=actor, name="Other", grace_days=30, reminders_after=[5, 12])
    set_parameters(actor=actor, customer=world.shop, values={"payment_term": term})
    run_days(8, 12)
    assert kinds(balance) == ["overdue", "reminder_after1", "reminder_after7", "reminder_after12"]


def test_it_is_lifted_when_all_that_is_overdue_is_paid(world: World, balance: Balance) -> None:
    first, second = invoice(balance), invoice(balance, due=DUE + timedelta(days=5))
    run_days(8, 8)
    assert Suspension.objects.stopping().count() == 1
    pay(first)
    run_dunning(moment=after(8))
    assert Suspension.objects.stopping().count() == 1
    pay(second)
    run_dunning(moment=after(8))
    assert Suspension.objects.standing().count() == 0
    assert kinds(balance)[-1] == "lifted"
    assert letters(world.shop)[-2:] == ["suspended", "lifted"]
    run_days(8, 20)
    assert kinds(balance)[-1] == "lifted"


def test_a_payment_lifts_at_once(balance: Balance) -> None:
    made = invoice(balance)
    run_days(8, 8)
    assert not lift_if_paid(balance=balance, moment=after(8))
    pay(made)
    assert lift_if_paid(balance=balance, moment=after(8))
    assert not lift_if_paid(balance=balance, moment=after(8))
    assert kinds(balance).count("lifted") == 1


def test_it_is_suspended_anew_for_another_invoice(balance: Balance) -> None:
    first = invoice(balance)
    run_days(8, 8)
    pay(first)
    invoice(balance, due=DUE + timedelta(days=30))
    run_days(9, 38)
    assert kinds(balance).count("suspended") == 2
    assert Suspension.objects.count() == 2


def test_a_balance_of_an_account_is_dunned_by_its_customer(world: World) -> None:
    owner = world.sub_reseller
    tariff = Tariff.objects.get(owner=owner)
    account = open_account(
        actor=world.actor("sub_reseller"),
        customer=owner,
        auth_name="payer",
        by_itself=AccountTariff(tariff, mode="postpaid"),
        opened_at=OPENED,
    )
    User.objects.create(login="payer", customer=owner, account=account, email="me@x.example")
    balance = Balance.objects.get(account=account)
    invoice(balance)
    run_days(-3, 8)
    assert kinds(balance) == ALL
    assert {row.recipient for row in Message.objects.all()} == {"me@x.example"}
    assert {row.owner_id for row in Message.objects.all()} == {owner.pk}


def test_what_is_archived_is_left_alone(world: World, balance: Balance) -> None:
    invoice(balance)
    run_days(8, 8)
    actor = world.actor("sub_reseller")
    archive_customer(actor=actor, customer=world.shop, surplus="pay_out", reason="Gone")
    assert Suspension.objects.standing().count() == 0
    before = kinds(balance)
    assert before[-1] == "lifted"
    assert letters(world.shop)[-1] == "suspended"
    run_days(9, 30)
    assert kinds(balance) == before


def test_a_move_ends_what_was_between_the_old_pair(world: World, beside: Any) -> None:
    balance = world.balance("sub_reseller")
    Balance.objects.filter(pk=balance.pk).update(mode="postpaid")
    invoice(balance)
    run_days(8, 8)
    assert Suspension.objects.stopping().count() == 1
    move(world, beside)
    assert Suspension.objects.standing().count() == 0
    run_days(9, 20)
    assert kinds(balance)[-1] == "lifted"


def test_ten_times_the_balances_cost_the_same_to_look_at(world: World, balance: Balance) -> None:
    """A day on which nothing is due: statements do not grow with the invoices."""

    def load(*places: int) -> None:
        for place in places:
            row = postpaid(world, f"Customer {place}")
            for _copy in range(2):
                invoice(row)

    load(*range(2))
    few = count_queries(lambda: run_dunning(moment=after(-10)))
    load(*range(2, 12))
    assert count_queries(lambda: run_dunning(moment=after(-9))) == few
    assert DunningStep.objects.count() == 0


def test_the_task_runs_it_now(balance: Balance, world: World) -> None:
    invoice(balance, due=date(2026, 1, 20))
    task()
    assert "suspended" in kinds(balance)
    assert Account.objects.count() >= 1


ZONES = {
    "Europe/London": "2026-03-29",  # 23 hours
    "America/New_York": "2026-03-08",
    "Pacific/Auckland": "2026-04-05",  # 25 hours
    "Asia/Kolkata": "2026-04-01",
    "America/Santiago": "2026-04-05",
    "Pacific/Kiritimati": "2026-04-01",
    "Pacific/Pago_Pago": "2026-04-01",
    "Africa/Cairo": "2026-04-24",  # 00:00 is missing
}


def test_ninety_days_in_many_zones(world: World, balance: Balance) -> None:
    """Ran every five hours: each step once, on its local day, at the first run of that day."""
    balances = {}
    for zone, due in ZONES.items():
        owing = postpaid(world, zone, zone)
        balances[owing.pk] = (zone, date.fromisoformat(due))
        for shift in (-2, -1, 0, 1):
            invoice(owing, due=date.fromisoformat(due) + timedelta(days=shift))
    start, step = at(date(2026, 2, 15), 0), timedelta(hours=5)
    for count in range(90 * 24 // 5):
        run_dunning(moment=start + count * step)
    expected = {"reminder_before3": -3, "overdue": 1, "reminder_after1": 1, "reminder_after7": 7}
    for pk, (zone, due_on) in balances.items():
        tz = ZoneInfo(zone)
        rows = list(DunningStep.objects.filter(balance=pk).select_related("invoice"))
        of_invoices = [row for row in rows if row.invoice is not None]
        assert len(of_invoices) == 4 * len(expected), zone
        for row in of_invoices:
            assert row.invoice is not None
            assert row.invoice.due_on is not None
            day = row.invoice.due_on + timedelta(days=expected[f"{row.kind}{row.days or ''}"])
            assert row.on_day == day == row.at.astimezone(tz).date(), zone
            first = next_run(start, step, datetime(day.year, day.month, day.day, tzinfo=tz))
            assert row.at == first, zone
        (stop,) = [row for row in rows if row.invoice is None]
        assert (stop.kind, stop.on_day) == ("suspended", due_on + timedelta(days=6)), zone
    assert Invoice.objects.count() == 4 * len(ZONES)


def next_run(start: datetime, step: timedelta, moment: datetime) -> datetime:
    """The first run at or after a moment."""
    passed = -(-(moment - start) // step)
    return start + passed * step
