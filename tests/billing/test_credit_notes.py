"""Credit notes: gross amounts with their share of the taxes, their own series, once per key."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.choices import TaxMode
from billing.models import Balance, Fee, Invoice, InvoiceLine, Tax, TaxRate
from billing.services import verify
from billing.services.credit_notes import issue_credit_note
from billing.services.drafts import make_draft
from billing.services.issuing import issue_invoice
from customers.services.parameters import set_parameters
from softswitch.core.errors import DomainError
from tests.billing.invoices import MARCH, close, draft_of, post
from tests.world import World, actor_of


@pytest.fixture
def issued(world: World) -> Invoice:
    """100 and two taxes of 20 and 5 %: 125 of the sub-reseller."""
    return bill(world.balance("sub_reseller"), "100")


def bill(balance: Balance, amount: str, month: int = 0, mode: TaxMode = TaxMode.ADDED) -> Invoice:
    at = MARCH + timedelta(days=31 * month)
    post(balance, "debit", f"-{amount}", at)
    draft = draft_of(balance, at, taxes=["20", "5"], tax_mode=mode)
    return issue_invoice(actor=actor_of(balance.issuer), invoice=draft)


def credit(invoice: Invoice, amount: str | Decimal, key: str = "k") -> Invoice:
    return issue_credit_note(
        actor=actor_of(invoice.issuer),
        invoice=invoice,
        amount=Decimal(amount),
        reason="Bad line",
        key=key,
    )


def test_a_credit_note_settles_its_invoice_and_has_its_share_of_tax(issued: Invoice) -> None:
    note = credit(issued, "25")
    assert (note.kind, note.state, note.number) == ("credit_note", "issued", "CN-000001")
    assert [note.net, note.tax, note.total] == [20, 5, 25]
    assert note.corrects == issued
    assert [row.amount for row in note.taxes.all()] == [4, 1]
    assert [line.amount for line in note.lines.all()] == [20]
    entry = note.entries.get()
    assert (entry.kind, entry.amount) == ("credit_note", Decimal(25))
    assert entry.period.closed_at is None
    issued.refresh_from_db()
    assert issued.open_amount == 100
    assert [*verify.differences()] == []


def test_prices_with_tax_are_credited_as_one_line(world: World) -> None:
    invoice = bill(world.balance("sub_reseller"), "125", mode=TaxMode.INCLUDED)
    note = credit(invoice, "62.5")
    amounts = [note.net, note.tax, note.lines.get().amount]
    assert amounts == [50, Decimal("12.5"), Decimal("62.5")]
    assert [*verify.differences()] == []


@pytest.mark.parametrize("mode", [TaxMode.ADDED, TaxMode.INCLUDED])
@pytest.mark.parametrize("steps", [["170"], ["0.03", "0.03", "33.33", "100", "36.61"]])
def test_what_bore_no_tax_is_credited_without_it(
    world: World, mode: TaxMode, steps: list[str]
) -> None:
    """Of 100 with 20 % and 50 without; every base is what the lines of the note come to."""
    balance = world.balance("sub_reseller")
    tax = Tax.objects.create(owner=world.reseller, name="VAT", mode=mode)
    TaxRate.objects.create(tax=tax, name="VAT", percent=20)
    set_parameters(actor=world.actor("reseller"), customer=world.sub_reseller, values={"tax": tax})
    post(balance, "debit", "-100" if mode == TaxMode.ADDED else "-120")
    Fee.objects.create(
        balance=balance, kind="once", name="Deposit", price=50, is_taxed=False, starts_on=MARCH
    )
    draft = make_draft(actor=world.actor("reseller"), period=close(balance))
    invoice = issue_invoice(actor=world.actor("reseller"), invoice=draft)
    assert [invoice.net, invoice.tax, invoice.total] == [150, 20, 170]
    notes = [credit(invoice, amount, f"k{place}") for place, amount in enumerate(steps)]
    lines = InvoiceLine.objects.filter(invoice__in=notes)
    for note in notes:
        (row,) = note.taxes.all()
        taxed = sum(line.amount for line in note.lines.all() if line.is_taxed)
        assert taxed == row.base + (row.amount if mode == TaxMode.INCLUDED else 0)
        assert abs(row.base * 20 / 100 - row.amount) <= Decimal("0.01")
    assert sum(line.amount for line in lines if not line.is_taxed) == 50
    assert sum(row.base for note in notes for row in note.taxes.all()) == 100
    assert sum(note.tax for note in notes) == 20
    assert [*verify.differences()] == []


def test_its_own_invoice_goes_before_older_ones(world: World, issued: Invoice) -> None:
    later = bill(world.balance("sub_reseller"), "10", 1)
    credit(later, "2.50")
    for invoice in (later, issued):
        invoice.refresh_from_db()
    assert [later.open_amount, issued.open_amount] == [10, 125]


def test_what_its_paid_invoice_does_not_need_settles_others(world: World, issued: Invoice) -> None:
    balance = world.balance("sub_reseller")
    post(balance, "add_funds", "125")
    later = bill(balance, "10", 1)
    credit(issued, "5")
    later.refresh_from_db()
    assert later.open_amount == Decimal("7.5")
    assert [*verify.differences()] == []


def test_pressing_twice_credits_once(issued: Invoice) -> None:
    assert credit(issued, "25") == credit(issued, "25")
    with pytest.raises(DomainError) as caught:
        credit(issued, "26")
    assert caught.value.code == "key_reused"


@pytest.mark.parametrize("amount", ["0", "-1", "125.01", "1.001", "NaN", "Infinity"])
def test_amounts_that_cannot_be_credited(issued: Invoice, amount: str) -> None:
    with pytest.raises(DomainError) as caught:
        credit(issued, amount)
    assert (caught.value.code, caught.value.field) == ("amount", "amount")


def test_no_more_is_credited_than_was_billed(issued: Invoice) -> None:
    credit(issued, "120", "a")
    with pytest.raises(DomainError, match="Only 5 "):
        credit(issued, "6", "b")
    credit(issued, "5", "c")
    assert [*verify.differences()] == []


def test_a_draft_and_a_credit_note_are_not_credited(world: World, issued: Invoice) -> None:
    note = credit(issued, "1")
    post(world.balance("shop"), "debit", "-1")
    draft = draft_of(world.balance("shop"))
    for invoice in (note, draft):
        with pytest.raises(DomainError) as caught:
            credit(invoice, "1", "other")
        assert caught.value.code == "state"


@pytest.mark.parametrize("who", ["sub_reseller", "operator", "other_reseller"])
def test_only_who_bills_the_pair_credits(world: World, issued: Invoice, who: str) -> None:
    with pytest.raises(PermissionDenied):
        issue_credit_note(
            actor=world.actor(who), invoice=issued, amount=Decimal(1), reason="x", key="k"
        )


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.sets(st.integers(1, 12498), max_size=5))
def test_credits_of_a_whole_invoice_add_up_to_its_taxes(world: World, cuts: set[int]) -> None:
    """However it is cut: every cent of net and of each tax comes back, none twice."""
    with transaction.atomic():
        invoice = bill(world.balance("sub_reseller"), "99.99")
        points = [0, *sorted(cuts), int(invoice.total * 100)]
        notes = [
            credit(invoice, Decimal(end - start) / 100, f"{start}")
            for start, end in pairwise(points)
        ]
        assert sum(note.net for note in notes) == invoice.net
        by_rate = zip(*([row.amount for row in note.taxes.all()] for note in notes), strict=True)
        assert [sum(amounts) for amounts in by_rate] == [row.amount for row in invoice.taxes.all()]
        transaction.set_rollback(True)
