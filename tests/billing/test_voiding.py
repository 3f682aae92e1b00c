"""Voiding: entries reversed, money free again, the number kept; and the period billed anew."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from billing.models import Balance, Invoice
from billing.services import verify
from billing.services.credit_notes import issue_credit_note
from billing.services.issuing import issue_invoice
from billing.services.voiding import reissue_invoice, void_invoice
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.billing.invoices import MARCH, draft_of, post
from tests.world import World, actor_of

MONTH = timedelta(days=31)


def bill(balance: Balance, month: int = 0, **facts: str) -> Invoice:
    """An issued invoice of 10 and 20 % of tax."""
    at = MARCH + month * MONTH
    post(balance, "debit", "-10", at)
    draft = draft_of(balance, at, taxes=["20"], **facts)  # type: ignore[arg-type]
    return issue_invoice(actor=actor_of(balance.issuer), invoice=draft)


def void(invoice: Invoice) -> Invoice:
    return void_invoice(actor=actor_of(invoice.issuer), invoice=invoice, reason="Wrong address")


def test_a_void_invoice_is_reversed_in_its_period_and_keeps_its_number(world: World) -> None:
    balance = world.balance("sub_reseller")
    issued = bill(balance)
    balance.refresh_from_db()
    assert balance.amount == -12
    done = void(issued)
    balance.refresh_from_db()
    assert balance.amount == -10
    done.refresh_from_db()
    assert (done.state, done.number, done.open_amount) == ("void", "INV-000001", Decimal(0))
    assert (done.reason, done.voided_by) == ("Wrong address", world.user("reseller"))
    entries = done.entries.order_by("sequence")
    assert [entry.kind for entry in entries] == ["tax", "reversal"]
    assert [entry.amount for entry in entries] == [-2, 2]
    assert {entry.period for entry in entries} == {done.period}
    assert AuditEvent.objects.filter(action="invoice_voided").count() == 1
    assert [*verify.differences()] == []


def test_pressing_twice_voids_once(world: World) -> None:
    issued = bill(world.balance("sub_reseller"))
    assert void(issued).voided_at == void(issued).voided_at
    assert issued.entries.count() == 2
    assert AuditEvent.objects.filter(action="invoice_voided").count() == 1


def test_what_had_paid_it_settles_the_next(world: World) -> None:
    balance = world.balance("sub_reseller")
    first, second = bill(balance), bill(balance, 1)
    post(balance, "add_funds", "15")
    void(first)
    second.refresh_from_db()
    assert second.open_amount == 0
    third = bill(balance, 2)
    assert third.open_amount == 9
    assert [*verify.differences()] == []


def test_credit_of_a_void_invoice_is_taken_back(world: World) -> None:
    balance = world.balance("sub_reseller")
    first = bill(balance)
    post(balance, "credit", "10", MARCH + MONTH)
    credit = issue_invoice(actor=world.actor("reseller"), invoice=draft_of(balance, MARCH + MONTH))
    first.refresh_from_db()
    assert first.open_amount == 2
    void(credit)
    first.refresh_from_db()
    assert first.open_amount == 12
    assert [*verify.differences()] == []


def test_the_period_is_billed_anew_under_another_number(world: World) -> None:
    balance = world.balance("sub_reseller")
    issued = bill(balance)
    post(balance, "add_funds", "4")
    void(issued)
    actor = world.actor("reseller")
    draft = reissue_invoice(actor=actor, invoice=issued)
    assert reissue_invoice(actor=actor, invoice=issued) == draft
    assert (draft.state, draft.replaces, draft.period) == ("draft", issued, issued.period)
    again = issue_invoice(actor=actor, invoice=draft)
    assert again.number == "INV-000002"
    assert [again.total, again.open_amount] == [10, 6]
    assert [*verify.differences()] == []


@pytest.mark.parametrize("state", ["draft", "issued"])
def test_only_what_is_void_is_issued_again(world: World, state: str) -> None:
    balance = world.balance("sub_reseller")
    post(balance, "debit", "-10")
    invoice = draft_of(balance)
    if state == "issued":
        issue_invoice(actor=world.actor("reseller"), invoice=invoice)
    with pytest.raises(DomainError) as caught:
        reissue_invoice(actor=world.actor("reseller"), invoice=invoice)
    assert caught.value.code == "state"


def test_what_cannot_be_voided(world: World) -> None:
    balance = world.balance("sub_reseller")
    post(balance, "debit", "-10")
    draft = draft_of(balance)
    codes = []
    actor = world.actor("reseller")

    def refuse(invoice: Invoice, reason: str = "Wrong") -> None:
        with pytest.raises(DomainError) as caught:
            void_invoice(actor=actor, invoice=invoice, reason=reason)
        codes.append(caught.value.code)

    refuse(draft)
    refuse(draft, " ")
    issued = issue_invoice(actor=actor, invoice=draft)
    note = issue_credit_note(actor=actor, invoice=issued, amount=issued.total, reason="x", key="1")
    refuse(issued)
    refuse(note)
    assert codes == ["state", "reason", "credited", "credit_note"]


@pytest.mark.parametrize("who", ["sub_reseller", "operator", "other_reseller"])
def test_only_who_bills_the_pair_voids(world: World, who: str) -> None:
    issued = bill(world.balance("sub_reseller"))
    with pytest.raises(PermissionDenied):
        void_invoice(actor=world.actor(who), invoice=issued, reason="x")
    void(issued)
    with pytest.raises(PermissionDenied):
        reissue_invoice(actor=world.actor(who), invoice=issued)
