"""What settles which invoice: oldest first, by payments, credits, credit notes; and back again."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from billing.models import Allocation, Balance, Invoice, Suspension
from billing.services import verify
from billing.services.issuing import issue_invoice
from tests.billing.invoices import MARCH, draft_of, post, reverse, status_of
from tests.world import World, actor_of

MONTH = timedelta(days=31)


@pytest.fixture
def balance(world: World) -> Balance:
    """That of the sub-reseller, at 0."""
    return world.balance("sub_reseller")


def bill(balance: Balance, amount: str, month: int = 0) -> Invoice:
    """An issued invoice of ``amount``: of March, or so many months later."""
    at = MARCH + month * MONTH
    post(balance, "credit" if amount.startswith("-") else "debit", str(-Decimal(amount)), at)
    draft = draft_of(balance, at)
    return issue_invoice(actor=actor_of(balance.issuer), invoice=draft)


def open_of(*invoices: Invoice) -> list[Decimal]:
    for invoice in invoices:
        invoice.refresh_from_db()
    return [invoice.open_amount for invoice in invoices]


def assert_sound() -> None:
    assert [*verify.differences()] == []


def test_a_payment_settles_the_oldest_first(balance: Balance) -> None:
    invoices = [bill(balance, "10", month) for month in range(3)]
    post(balance, "add_funds", "15")
    assert open_of(*invoices) == [0, 5, 10]
    post(balance, "voucher", "4")
    assert open_of(*invoices) == [0, 1, 10]
    due = invoices[1].due_on
    assert due is not None
    assert [status_of(one, due) for one in invoices] == ["paid", "partly_paid", "issued"]
    assert status_of(invoices[1], due + timedelta(days=1)) == "overdue"
    assert Allocation.objects.count() == 3


def test_a_payment_of_all_that_is_overdue_lifts_the_suspension(balance: Balance) -> None:
    Balance.objects.filter(pk=balance.pk).update(mode="postpaid")
    balance.refresh_from_db()
    post(balance, "debit", "-10", MARCH)
    draft = draft_of(balance, MARCH)
    actor = actor_of(balance.issuer)
    issue_invoice(actor=actor, invoice=draft, issued_on=date(2026, 4, 1))
    since = now() - timedelta(days=1)
    standing = Suspension.objects.create(balance=balance, opened_at=since, since=since)
    post(balance, "add_funds", "4")
    standing.refresh_from_db()
    assert standing.lifted_at is None
    post(balance, "add_funds", "6")
    standing.refresh_from_db()
    assert standing.lifted_at is not None


def test_what_was_paid_before_settles_at_issue(balance: Balance) -> None:
    post(balance, "add_funds", "15")
    assert not Allocation.objects.exists()
    first, second = bill(balance, "10"), bill(balance, "10", 1)
    assert open_of(first, second) == [0, 5]
    assert status_of(first, date(2030, 1, 1)) == "paid"
    assert_sound()


def test_a_credit_never_settles_an_issued_invoice(balance: Balance) -> None:
    invoice = bill(balance, "10")
    post(balance, "credit", "10", MARCH + MONTH)
    assert open_of(invoice) == [10]
    draft = draft_of(balance, MARCH + MONTH)
    issued = issue_invoice(actor=actor_of(balance.issuer), invoice=draft)
    assert [issued.total, *open_of(issued, invoice)] == [-10, 0, 0]
    assert invoice.allocations.get().source_invoice == issued
    assert_sound()


def test_money_that_went_out_settles_nothing(balance: Balance) -> None:
    paid = post(balance, "add_funds", "15")
    out = post(balance, "opening", "-6")
    invoice = bill(balance, "10")
    assert open_of(invoice) == [1]
    assert [(row.source_entry, row.amount) for row in out.taken.all()] == [(paid, Decimal(6))]
    assert_sound()


def test_a_debt_from_the_beginning_is_older_than_invoices(balance: Balance) -> None:
    post(balance, "opening", "-20")
    invoice = bill(balance, "10")
    post(balance, "add_funds", "25")
    assert open_of(invoice) == [5]
    assert_sound()


def test_the_reversal_of_a_payment_opens_what_it_paid(balance: Balance) -> None:
    first, second = bill(balance, "10"), bill(balance, "10", 1)
    small = post(balance, "add_funds", "4")
    large = post(balance, "add_funds", "20")
    assert open_of(first, second) == [0, 0]
    taken = reverse(large)
    assert open_of(first, second) == [6, 10]
    assert sorted(row.amount for row in large.spent.filter(invoice__isnull=False)) == [
        -10,
        -6,
        6,
        10,
    ]
    assert taken.taken.get().source_entry == large
    assert [row.amount for row in small.spent.all()] == [4]
    assert_sound()


def test_money_that_is_free_takes_the_place_of_a_reversed_payment(balance: Balance) -> None:
    invoice = bill(balance, "10")
    paid = post(balance, "add_funds", "10")
    post(balance, "add_funds", "7")
    reverse(paid)
    assert open_of(invoice) == [3]
    assert_sound()


def test_the_reversal_of_a_reversal_pays_again(balance: Balance) -> None:
    invoice = bill(balance, "10")
    back = reverse(post(balance, "add_funds", "10"))
    assert open_of(invoice) == [10]
    again = reverse(back)
    assert open_of(invoice) == [0]
    reverse(again)
    assert open_of(invoice) == [10]


def test_the_reversal_of_what_went_out_is_free_again(balance: Balance) -> None:
    post(balance, "add_funds", "10")
    out = post(balance, "opening", "-10")
    invoice = bill(balance, "10")
    assert open_of(invoice) == [10]
    reverse(out)
    assert open_of(invoice) == [0]
    assert_sound()


def test_the_reversal_of_a_debit_settles_nothing(balance: Balance) -> None:
    invoice = bill(balance, "10")
    reverse(post(balance, "debit", "-10", MARCH + MONTH))
    assert open_of(invoice) == [10]
    assert_sound()


def test_a_balance_without_open_invoices_pays_one_statement(world: World, balance: Balance) -> None:
    post(balance, "credit", "1")
    with CaptureQueriesContext(connection) as plain:
        post(balance, "credit", "1")
    with CaptureQueriesContext(connection) as paying:
        post(balance, "add_funds", "1")
    with CaptureQueriesContext(connection) as leaving:
        post(balance, "opening", "-1")
    assert len(paying) == len(plain) + 1
    assert len(leaving) == len(plain)
