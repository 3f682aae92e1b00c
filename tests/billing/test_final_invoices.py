"""What ends is billed up to that instant, or not, and only then brought to exactly 0."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from billing.choices import NEVER, PeriodOutcome
from billing.models import (
    Allocation,
    Balance,
    BillingPeriod,
    ClosingHold,
    Invoice,
    LedgerEntry,
    UsageEntry,
)
from billing.selectors.final_invoices import final_invoice_of
from billing.services import verify
from billing.services.accounts import AccountTariff, close_account, open_account
from billing.services.archive import archive_customer
from billing.services.closing import close_due
from billing.services.maintenance import maintain
from billing.services.voiding import reissue_invoice, void_invoice
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.billing.drafts import D, call, lines_of, post, terms
from tests.billing.test_fees import add
from tests.calls.stored import store_call
from tests.world import OPENED, World

TODAY = datetime(2026, 3, 16, 12, tzinfo=UTC)
FEBRUARY, MARCH = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LONDON = "442071234567"


@pytest.fixture(autouse=True)
def _clean(world: World) -> Iterator[None]:
    """It is 16 March; whatever a test did, everything adds up."""
    with time_machine.travel(TODAY):
        yield
        assert [*verify.differences(), *verify_calls.differences()] == []


@pytest.fixture
def shop(world: World) -> Balance:
    """100 to begin with, a call of 0.045, 31 a month, and a fifth of tax."""
    terms(world, tax_percent=D(20))
    add(world, price=D(31))
    call(world, LONDON)
    charge_pending()
    return world.balance("shop")


def archive(world: World, **values: Any) -> None:
    given: dict[str, Any] = {"surplus": "pay_out", "reason": "Gone"} | values
    archive_customer(actor=world.actor("sub_reseller"), customer=world.shop, **given)


def settled(balance: Balance) -> list[tuple[str, Any]]:
    """What stands in the ledger of its end, and that the balance is 0 after it."""
    balance.refresh_from_db()
    assert balance.amount == 0
    assert balance.closes_at == NEVER
    rows = LedgerEntry.objects.filter(balance=balance, kind__in=["write_off", "pay_out", "forfeit"])
    return list(rows.order_by("sequence").values_list("kind", "amount"))


def invoices(balance: Balance) -> list[Invoice]:
    return list(Invoice.objects.filter(balance=balance).order_by("period__starts_at"))


@dataclass
class Everything:
    """What a later run could change."""

    periods: list[dict[str, Any]]
    invoices: list[dict[str, Any]]
    entries: int

    @classmethod
    def of(cls, balance: Balance) -> "Everything":
        rows = BillingPeriod.objects.filter(balance=balance).order_by("starts_at")
        return cls(
            [*map(dict, rows.values())],
            [*map(dict, Invoice.objects.filter(balance=balance).order_by("pk").values())],
            LedgerEntry.objects.filter(balance=balance).count(),
        )


# Archiving ---------------------------------------------------------------------------------------


def test_the_final_invoice_bills_up_to_the_day_and_the_rest_is_paid_out(
    world: World, shop: Balance
) -> None:
    """16 of 31 days of the fee, the call, the tax on both; what is left is the customer's."""
    archive(world)
    (invoice,) = invoices(shop)
    lines = lines_of(invoice, "kind", "until", "amount")
    assert lines == [("usage", None, D("0.05")), ("fee", date(2026, 3, 16), D(16))]
    assert (invoice.net, invoice.tax, invoice.total) == (D("16.05"), D("3.21"), D("19.26"))
    assert (invoice.state, invoice.number) == ("issued", "INV-000001")
    assert (invoice.open_amount, invoice.closing_balance) == (D(0), D("80.74"))
    assert settled(shop) == [("pay_out", D("-80.74"))]
    world.shop.refresh_from_db()
    periods = BillingPeriod.objects.filter(balance=shop, closed_at__isnull=False)
    ends = list(periods.order_by("starts_at").values_list("ends_at", "outcome"))
    assert ends == [
        (FEBRUARY, PeriodOutcome.ZERO),
        (MARCH, PeriodOutcome.ZERO),
        (world.shop.archived_at, PeriodOutcome.DRAFTED),
    ]
    event = AuditEvent.objects.get(action="customer_archived")
    assert event.changes["final_invoice"] == ["", "issue"]


def test_a_discarded_one_bills_calls_but_no_fee_and_no_tax(world: World, shop: Balance) -> None:
    archive(world, final_invoice="discard", surplus="forfeit")
    assert invoices(shop) == []
    assert settled(shop) == [("forfeit", D("-99.955"))]
    last = BillingPeriod.objects.filter(balance=shop, closed_at__isnull=False).latest("starts_at")
    assert last.outcome == PeriodOutcome.DISCARDED
    assert AuditEvent.objects.get(action="invoice_discarded").changes["reason"] == ["", "Gone"]
    event = AuditEvent.objects.get(action="customer_archived")
    assert event.changes["final_invoice"] == ["", "discard"]


def test_a_debt_that_is_written_off_settles_the_final_invoice(world: World, shop: Balance) -> None:
    """216.05 and a fifth of it are 259.26; 100 were there."""
    post(world, "debit", "200", "Hardware", at=TODAY - DAY)
    archive(world)
    (invoice,) = invoices(shop)
    assert (invoice.total, invoice.amount_due) == (D("259.26"), D("159.26"))
    assert invoice.open_amount == 0
    assert settled(shop) == [("write_off", D("159.26"))]
    paid = Allocation.objects.filter(invoice=invoice).values_list("source_entry__kind", "amount")
    assert set(paid) == {("opening", D(100)), ("write_off", D("159.26"))}


def test_periods_that_were_missed_are_billed_first(world: World, shop: Balance) -> None:
    """Nothing ran in February: its invoice has the lower number."""
    store_call(world.shop, LONDON, 600, at=FEBRUARY + DAY)
    charge_pending()
    archive(world)
    assert [(row.number, row.total) for row in invoices(shop)] == [
        ("INV-000001", D("0.54")),  # 0.45 and a fifth of it
        ("INV-000002", D("19.26")),
    ]
    assert settled(shop) == [("pay_out", D("-80.20"))]


@pytest.mark.parametrize(("choice", "states"), [("issue", ["issued"] * 2), ("discard", [])])
def test_drafts_that_wait_go_the_same_way(
    world: World, shop: Balance, choice: str, states: list[str]
) -> None:
    store_call(world.shop, LONDON, 600, at=FEBRUARY + DAY)
    charge_pending()
    close_due(moment=MARCH + DAY)
    assert [row.state for row in invoices(shop)] == ["draft"]
    assert "1 draft that waits goes the same way." in final_invoice_of(shop)
    archive(world, final_invoice=choice)
    assert [row.state for row in invoices(shop)] == states
    assert len(settled(shop)) == 1


def test_unrated_calls_hold_nothing_back_and_are_counted(world: World, shop: Balance) -> None:
    for number, ended_at in enumerate([MARCH - DAY, MARCH + DAY, MARCH + 2 * DAY], 7):
        ClosingHold.objects.create(
            call_id=number, customer=world.shop, ended_at=ended_at, reason="no_rate"
        )
    archive(world)
    periods = BillingPeriod.objects.filter(balance=shop, closed_at__isnull=False)
    assert list(periods.order_by("starts_at").values_list("unrated_calls", flat=True)) == [0, 1, 2]


def test_a_later_run_of_closing_finds_nothing_more(world: World, shop: Balance) -> None:
    archive(world)
    billed = [row.pk for row in invoices(shop)]
    close_due(moment=TODAY + 99 * DAY)  # the period of what settled it: there is nothing to bill
    assert [row.pk for row in invoices(shop)] == billed
    before = Everything.of(shop)
    close_due(moment=TODAY + 199 * DAY)
    archive(world)
    assert Everything.of(shop) == before


def test_a_late_call_is_charged_and_waits_to_be_settled(world: World, shop: Balance) -> None:
    archive(world)
    store_call(world.shop, LONDON)
    charge_pending()
    shop.refresh_from_db()
    assert shop.amount == D("-0.045")
    late = UsageEntry.objects.filter(balance=shop).latest("sequence")
    assert late.period.closed_at is None
    assert [row.total for row in invoices(shop)] == [D("19.26")]


def test_where_there_is_nothing_to_bill_there_is_no_invoice(world: World) -> None:
    balance = world.balance("sub_customer")
    archive_customer(
        actor=world.actor("reseller"),
        customer=world.sub_customer,
        surplus="pay_out",
        reason="Gone",
    )
    assert invoices(balance) == []
    assert settled(balance) == []
    assert final_invoice_of(balance) == ("None: nothing is left to bill.")


def test_a_choice_that_is_none_and_a_draft_that_cannot_be_issued_change_nothing(
    world: World, shop: Balance
) -> None:
    with pytest.raises(DomainError) as caught:
        archive(world, final_invoice="keep")
    assert (caught.value.code, caught.value.field) == ("final_invoice", "final_invoice")
    store_call(world.shop, LONDON, 600, at=FEBRUARY + DAY)
    charge_pending()
    close_due(moment=MARCH + DAY)
    (draft,) = invoices(shop)
    draft.lines.update(exact=D(9))  # as if the period held something else
    with pytest.raises(DomainError) as caught:
        archive(world)
    assert caught.value.code == "stale"
    world.shop.refresh_from_db()
    assert world.shop.archived_at is None
    assert Balance.objects.get(pk=shop.pk).closes_at == datetime(2026, 4, 1, tzinfo=UTC)


def test_a_final_invoice_can_be_voided_and_issued_anew(world: World, shop: Balance) -> None:
    """Its tax and fee are the customer's again, until it is settled once more."""
    archive(world)
    (invoice,) = invoices(shop)
    owner = world.actor("sub_reseller")
    void_invoice(actor=owner, invoice=invoice, reason="Wrong address")
    shop.refresh_from_db()
    assert shop.amount == D("19.215")
    again = reissue_invoice(actor=owner, invoice=invoice)
    assert (again.total, again.closing_balance) == (invoice.total, invoice.closing_balance)


# Accounts ----------------------------------------------------------------------------------------


@pytest.fixture
def desk(world: World) -> Balance:
    """An account of the sub-reseller's that is charged by itself; it owes a call of 0.045."""
    street = Tariff.objects.get(owner=world.sub_reseller)
    account = open_account(
        actor=world.actor("sub_reseller"),
        customer=world.sub_reseller,
        auth_name="desk",
        by_itself=AccountTariff(street),
        opened_at=OPENED,
    )
    store_call(world.sub_reseller, LONDON, account=account)
    charge_pending()
    return Balance.objects.select_related("account").get(account=account)


def account_of(balance: Balance) -> Account:
    assert balance.account is not None
    return balance.account


@pytest.mark.parametrize(
    ("choice", "billed", "written_off"),
    [("issue", [("issued", D("0.05"))], "0.05"), ("discard", [], "0.045")],
)
def test_a_closed_account_is_billed_by_its_customer(
    world: World, desk: Balance, choice: str, billed: list[Any], written_off: str
) -> None:
    close_account(
        actor=world.actor("sub_reseller"),
        account=account_of(desk),
        reason="Left",
        final_invoice=choice,
    )
    found = invoices(desk)
    assert [(row.state, row.total) for row in found] == billed
    assert {row.issuer for row in found} <= {world.sub_reseller}
    assert settled(desk) == [("write_off", D(written_off))]
    event = AuditEvent.objects.get(action="account_archived")
    assert event.changes == {"reason": ["", "Left"], "final_invoice": ["", choice]}


def test_who_does_not_bill_an_account_leaves_its_draft_to_its_customer(
    world: World, desk: Balance
) -> None:
    with pytest.raises(DomainError) as caught:
        close_account(actor=world.actor("reseller"), account=account_of(desk), reason="Left")
    assert caught.value.code == "balance_not_zero"
    maintain(
        actor=world.actor("sub_reseller"),
        balance=desk,
        action="add_funds",
        amount=D("0.045"),
        currency=desk.currency_id,
        key="paid",
    )
    close_account(actor=world.actor("reseller"), account=account_of(desk), reason="Left")
    assert [row.state for row in invoices(desk)] == ["draft"]
    assert settled(desk) == []


def test_with_a_customer_its_accounts_are_billed(world: World) -> None:
    """In the customer's name, by its owner's choice."""
    street = Tariff.objects.get(owner=world.sub_reseller)
    account = open_account(
        actor=world.actor("shop"),
        customer=world.shop,
        auth_name="till",
        by_itself=AccountTariff(street),
        opened_at=OPENED,
    )
    store_call(world.shop, LONDON, account=account)
    charge_pending()
    archive(world)
    till = Balance.objects.get(account=account)
    (invoice,) = invoices(till)
    assert (invoice.issuer, invoice.state, invoice.total) == (world.shop, "issued", D("0.05"))
    assert settled(till) == [("write_off", D("0.05"))]


# Pages -------------------------------------------------------------------------------------------


def client_of(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who))
    return client


def test_the_page_says_what_is_billed_and_carries_the_choice(world: World, shop: Balance) -> None:
    client = client_of(world, "sub_reseller")
    url = reverse("customers:customer_archive", args=[world.shop.pk])
    page = client.get(url).content.decode()
    assert "Bills calls, adjustments, fees and taxes since 1 Jan 2026" in page
    client.post(url, {"surplus": "pay_out", "final_invoice": "discard", "reason": "Gone"})
    assert settled(shop) == [("pay_out", D("-99.955"))]


def test_many_at_once_are_asked_the_same(world: World, shop: Balance) -> None:
    client, url = client_of(world, "sub_reseller"), reverse("customers:customer_list")
    asked = client.post(url, {"do": "delete", "pk": world.shop.pk}).content.decode()
    assert "Bills calls, adjustments, fees and taxes since 1 Jan 2026" in asked
    answer = {"final_invoice": "issue", "surplus": "pay_out", "reason": "Gone"}
    client.post(url, {"do": "delete", "pk": world.shop.pk, "confirmed": "1"} | answer)
    assert settled(shop) == [("pay_out", D("-80.74"))]


def test_the_page_of_an_account_asks_too(world: World, desk: Balance) -> None:
    client = client_of(world, "sub_reseller")
    url = reverse("accounts:account_archive", args=[desk.account_id])
    assert "Bills calls, adjustments" in client.get(url).content.decode()
    client.post(url, {"final_invoice": "discard", "surplus": "pay_out", "reason": "Left"})
    assert settled(desk) == [("write_off", D("0.045"))]
