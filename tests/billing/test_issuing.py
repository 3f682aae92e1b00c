"""Issuing: what is posted to the closed period, numbers, copies, order, the beat, the frozen."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now

from billing import tasks
from billing.choices import TaxMode
from billing.models import Invoice, InvoiceLine, LedgerEntry, NumberSeries
from billing.services import issuing, verify
from billing.services.issuing import issue_due, issue_invoice
from calls.services.charging import charge_pending
from customers.models import AuditEvent, Customer
from softswitch.core.errors import DomainError
from tests.billing.invoices import MARCH, close, draft_of, post, status_of
from tests.calls.stored import store_call
from tests.world import World

APRIL = MARCH + timedelta(days=31)


def issue(world: World, draft: Invoice, who: str = "sub_reseller") -> Invoice:
    return issue_invoice(actor=world.actor(who), invoice=draft)


def used(world: World, seconds: float = 61) -> Decimal:
    """A call of the shop in March, charged; what the shop pays for it."""
    store_call(world.shop, "442071234567", seconds, at=MARCH, account=world.account)
    charge_pending()
    amount: Decimal = world.balance("shop").usage_entries.latest("id").amount
    return -amount


def test_what_is_posted_with_the_calls_is_the_total(world: World) -> None:
    balance = world.balance("shop")
    cost = used(world)
    post(balance, "debit", "-1.005", notes="SIM card")
    draft = draft_of(balance, taxes=["20"], fee="10.00")
    issued = issue(world, draft)
    kinds = dict(issued.entries.values_list("kind", "amount"))
    assert kinds["fee"] == -10
    assert kinds["tax"] == -issued.tax
    assert kinds.keys() <= {"fee", "tax", "rounding"}
    assert sum(kinds.values()) == -issued.total + cost + Decimal("1.005")
    assert {entry.period for entry in issued.entries.all()} == {issued.period}
    assert issued.total == issued.net + issued.tax > 0
    assert [*verify.differences()] == []


def test_included_tax_is_not_posted(world: World) -> None:
    post(world.balance("shop"), "debit", "-12")
    draft = draft_of(world.balance("shop"), taxes=["20"], tax_mode=TaxMode.INCLUDED)
    issued = issue(world, draft)
    assert [issued.net, issued.tax, issued.total] == [10, 2, 12]
    assert not issued.entries.exists()
    assert [*verify.differences()] == []


def test_pressing_twice_issues_once(world: World) -> None:
    post(world.balance("shop"), "debit", "-12")
    draft = draft_of(world.balance("shop"), taxes=["20"])
    first, second = issue(world, draft), issue(world, draft)
    assert first.number == second.number == "INV-000001"
    assert LedgerEntry.objects.filter(invoice=draft).count() == 1
    assert AuditEvent.objects.filter(action="invoice_issued").count() == 1


def test_the_number_is_of_the_series_of_the_issuers_year(world: World) -> None:
    Customer.objects.filter(pk=world.sub_reseller.pk).update(timezone="Pacific/Auckland")
    numbers = []
    for month in range(2):
        at = MARCH + timedelta(days=31 * month)
        post(world.balance("shop"), "debit", "-1", at)
        draft = draft_of(world.balance("shop"), at, series="{year}/", terms={"due_days": 30})
        numbers.append(issue(world, draft))
    day = now().astimezone(numbers[0].issuer.timezone).date()
    assert [one.number for one in numbers] == [f"{day:%Y}/000001", f"{day:%Y}/000002"]
    assert (numbers[0].issued_on, numbers[0].due_on) == (day, day + timedelta(days=30))
    assert NumberSeries.objects.get().last == 2


def test_a_day_that_is_to_come_is_refused_and_an_earlier_one_taken(world: World) -> None:
    post(world.balance("shop"), "debit", "-1")
    draft = draft_of(world.balance("shop"), series="{year}-")
    actor = world.actor("sub_reseller")
    with pytest.raises(DomainError) as caught:
        issue_invoice(actor=actor, invoice=draft, issued_on=now().date() + timedelta(days=2))
    assert caught.value.code == "issued_on"
    issued = issue_invoice(actor=actor, invoice=draft, issued_on=date(2026, 4, 2))
    assert (issued.number, issued.due_on) == ("2026-000001", date(2026, 4, 16))


def test_both_parties_are_copied_and_stay(world: World) -> None:
    shop = Customer.objects.filter(pk=world.shop.pk)
    data = {"company_name": "Shop Ltd", "address": "1 High St", "tax_id": "GB1"}
    shop.update(**data, main_email="a@b.example")
    post(world.balance("shop"), "debit", "-1")
    issued = issue(world, draft_of(world.balance("shop")))
    shop.update(company_name="Renamed", address="")
    issued.refresh_from_db()
    assert issued.issuer_data["name"] == "Sub reseller"
    copied = [issued.customer_data[name] for name in ("company", "address", "tax_id", "email")]
    assert copied == ["Shop Ltd", "1 High St", "GB1", "a@b.example"]


def test_the_balances_of_the_invoice_are_those_of_the_ledger(world: World) -> None:
    balance = world.balance("shop")  # opened with 100
    post(balance, "debit", "-30", MARCH - timedelta(days=31))
    earlier = draft_of(balance, MARCH - timedelta(days=31), taxes=["10"])
    post(balance, "debit", "-50")
    post(balance, "add_funds", "20")
    post(balance, "reset", "-40")
    draft = draft_of(balance, taxes=["10"])
    post(balance, "add_funds", "7", APRIL)
    issue(world, earlier)
    issued = issue(world, draft)
    assert issued.previous_balance == 100 - 33
    assert [issued.payments, issued.other, issued.total] == [20, -40, 55]
    assert [issued.closing_balance, issued.amount_due] == [-8, 8]
    assert issued.open_amount == 1  # 7 more came in since
    assert [*verify.differences()] == []


def test_invoices_are_issued_in_the_order_of_their_periods(world: World) -> None:
    balance = world.balance("shop")
    post(balance, "debit", "-1")
    first = draft_of(balance)
    post(balance, "debit", "-1", APRIL)
    second = draft_of(balance, APRIL)
    with pytest.raises(DomainError, match="1–31 Mar 2026") as caught:
        issue(world, second)
    assert caught.value.code == "earlier_draft"
    assert [issue(world, one).number for one in (first, second)] == ["INV-000001", "INV-000002"]


def test_a_draft_that_no_longer_bills_its_period_is_refused(world: World) -> None:
    balance = world.balance("shop")
    post(balance, "debit", "-1")
    draft = draft_of(balance)
    InvoiceLine.objects.filter(invoice=draft).update(exact=2)
    with pytest.raises(DomainError) as caught, transaction.atomic():
        issue(world, draft)
    assert caught.value.code == "stale"
    assert not NumberSeries.objects.exists()


def test_an_open_period_is_not_billed(world: World) -> None:
    post(world.balance("shop"), "debit", "-1")
    draft = draft_of(world.balance("shop"))
    assert draft.period is not None
    draft.period.closed_at = None
    draft.period.save()
    with pytest.raises(DomainError) as caught:
        issue(world, draft)
    assert caught.value.code == "open_period"


def test_a_discarded_draft_is_refused(world: World) -> None:
    post(world.balance("shop"), "debit", "-1")
    draft = draft_of(world.balance("shop"))
    gone = Invoice.objects.get(pk=draft.pk)
    draft.delete()
    with pytest.raises(DomainError, match="discarded"):
        issue(world, gone)


@pytest.mark.parametrize("who", ["shop", "reseller", "other_reseller", "operator"])
def test_only_who_bills_the_pair_issues(world: World, who: str) -> None:
    post(world.balance("shop"), "debit", "-1")
    draft = draft_of(world.balance("shop"))
    with pytest.raises(PermissionDenied):
        issue(world, draft, who)


def test_the_beat_issues_what_is_due_and_keeps_why_it_could_not(world: World) -> None:
    balance = world.balance("shop")
    post(balance, "debit", "-1")
    first = draft_of(balance)
    post(balance, "debit", "-1", APRIL)
    second = draft_of(balance, APRIL, issue_after=APRIL)
    assert issue_due(moment=APRIL - timedelta(seconds=1)) == 0
    assert issue_due(moment=APRIL) == 0
    second.refresh_from_db()
    assert "comes first" in second.problem
    first.issue_after = APRIL
    first.save()
    assert issue_due(moment=APRIL, limit=1) == 1
    assert issue_due(moment=APRIL) == 1
    second.refresh_from_db()
    assert (second.state, second.number, second.problem) == ("issued", "INV-000002", "")
    assert issue_due(moment=APRIL) == 0


def test_a_full_batch_asks_for_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("shop", "sub_customer"):
        post(world.balance(name), "debit", "-1")
        draft_of(world.balance(name), issue_after=MARCH)
    asked: list[str] = []
    monkeypatch.setattr(issuing, "BATCH", 1)
    monkeypatch.setattr("billing.tasks.enqueue", asked.append)
    for issued in (1, 2, 2):
        tasks.issue_invoices()
        assert Invoice.objects.filter(state="issued").count() == issued
    assert asked == ["billing.issue_invoices"] * 2  # the third found nothing


def test_a_draft_that_fails_on_its_data_holds_up_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It is the oldest, so that it would come first each time."""
    bad, good = world.balance("shop"), world.balance("sub_customer")
    for balance in (bad, good):
        post(balance, "debit", "-1")
        draft_of(balance, issue_after=MARCH)
    broken = bad.invoices.get()
    broken.terms |= {"due_days": "soon"}
    broken.save()
    assert issue_due(moment=MARCH) == 1
    broken.refresh_from_db()
    assert (broken.state, broken.number, bad.entries.latest("pk").kind) == ("draft", "", "debit")
    assert "log" in broken.problem
    assert f"draft {broken.pk} could not be issued" in caplog.text
    assert good.invoices.get().state == "issued"
    broken.terms |= {"due_days": 14}
    broken.save()
    assert issue_due(moment=MARCH) == 1
    assert [*verify.differences()] == []


def test_a_debt_that_the_issuer_owes_is_born_paid(world: World) -> None:
    post(world.balance("shop"), "credit", "12")
    issued = issue(world, draft_of(world.balance("shop")))
    assert [issued.total, issued.open_amount] == [-12, 0]
    assert status_of(issued, date(2030, 1, 1)) == "paid"


FROZEN = [
    "UPDATE billing_invoice SET total = total + 1, net = net + 1",
    "UPDATE billing_invoice SET customer_data = '{}'",
    "UPDATE billing_invoice SET due_on = due_on + 1",
    "UPDATE billing_invoice SET state = 'draft', number = '', issued_at = NULL",
    "DELETE FROM billing_invoice",
    "UPDATE billing_invoiceline SET amount = 0",
    "DELETE FROM billing_invoiceline",
    "UPDATE billing_invoicetax SET amount = 0",
    "DELETE FROM billing_invoicetax",
    """INSERT INTO billing_invoicetax
    (invoice_id, position, name, percent, is_compound, base, amount)
    SELECT id, 9, 'x', 1, false, 1, 1 FROM billing_invoice""",
    "TRUNCATE billing_invoice CASCADE",
    "TRUNCATE billing_invoiceline",
    "UPDATE billing_allocation SET amount = 1",
    "DELETE FROM billing_allocation",
    "TRUNCATE billing_allocation",
]


@pytest.mark.parametrize("statement", FROZEN)
def test_the_database_refuses_to_change_what_was_issued(world: World, statement: str) -> None:
    post(world.balance("shop"), "debit", "-1")
    issued = issue(world, draft_of(world.balance("shop"), taxes=["20"]))
    assert issued.allocations.exists()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="refused"):
            cursor.execute(statement)


def test_a_line_is_not_moved_from_a_draft_to_what_was_issued(world: World) -> None:
    post(world.balance("shop"), "debit", "-1")
    issued = issue(world, draft_of(world.balance("shop")))
    post(world.balance("shop"), "debit", "-1", APRIL)
    draft = draft_of(world.balance("shop"), APRIL)
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
        draft.lines.update(invoice=issued, position=7)
    draft.lines.update(description="Drafts are computed anew at will")
    draft.lines.all().delete()
    draft.delete()


def test_a_void_invoice_never_comes_back(world: World) -> None:
    post(world.balance("shop"), "debit", "-1")
    issued = issue(world, draft_of(world.balance("shop")))
    rows = Invoice.objects.filter(pk=issued.pk)
    rows.update(mailed_at=datetime(2026, 4, 2, tzinfo=UTC), open_amount=0, state="void")
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
        rows.update(state="issued")


def test_closing_is_what_the_draft_says(world: World) -> None:
    """The factory closes the period that it bills."""
    period = close(world.balance("shop"))
    assert period.closed_at is not None
    assert period.ends_at == datetime(2026, 4, 1, tzinfo=UTC)
