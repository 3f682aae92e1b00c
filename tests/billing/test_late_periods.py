"""Late calls of what has ended are invoiced as others are, once, for a person to issue."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.timezone import now

from billing.choices import NEVER, PeriodOutcome
from billing.models import Balance, BillingPeriod, Fee, Invoice, UsageEntry
from billing.services import ledger, verify
from billing.services.archive import archive_customer
from billing.services.closing import close_due
from billing.services.drafts import discard_draft, refresh_draft
from billing.services.issuing import issue_due, issue_invoice
from billing.services.periods import periods_for
from billing.services.settlement import settle_balance
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from customers.models import Customer, CustomerParameters
from customers.tenancy import Actor
from tests.billing.drafts import D, lines_of
from tests.billing.test_fees import MARCH
from tests.billing.test_move import NUMBER, beside
from tests.billing.test_settlement import gone, left
from tests.calls.stored import store_call
from tests.security.portal import signed_in, text_of
from tests.world import World

__all__ = ["beside", "gone", "left"]
LATER = timedelta(days=99)


def late(balance: Balance) -> BillingPeriod:
    """The period that the late calls of a balance were posted to last."""
    entry = UsageEntry.objects.filter(balance=balance).latest("sequence")
    return BillingPeriod.objects.get(pk=entry.period_id)


def differences() -> list[str]:
    return [*verify.differences(), *verify_calls.differences()]


def settled(balance: Balance, actor: Actor, key: str) -> Balance:
    """Brought to 0: the debt was paid."""
    settle_balance(actor=actor, balance=balance, kind="add_funds", reason="Paid", key=key)
    balance.refresh_from_db()
    return balance


def test_they_are_drafted_taxed_issued_and_paid(world: World, left: Balance) -> None:
    period = late(left)
    close_due(moment=period.ends_at + timedelta(hours=6))
    period.refresh_from_db()
    left.refresh_from_db()
    assert (period.outcome, left.closes_at) == (PeriodOutcome.DRAFTED, NEVER)
    draft = Invoice.objects.get(period=period)
    assert (draft.issuer, draft.customer) == (world.reseller, left.customer)
    assert [kind for (kind,) in lines_of(draft, "kind")] == ["late"]
    invoice = issue_invoice(actor=world.actor("reseller"), invoice=draft)
    assert settled(left, world.actor("reseller"), "paid").amount == 0
    invoice.refresh_from_db()
    assert invoice.open_amount == 0
    assert differences() == []


def test_not_before_their_period_is_over_and_then_once(world: World, left: Balance) -> None:
    period = late(left)
    close_due(moment=period.ends_at + timedelta(hours=5))
    assert not Invoice.objects.filter(period=period).exists()
    close_due(moment=now() + LATER)
    close_due(moment=now() + LATER)
    assert Invoice.objects.filter(period=period).count() == 1
    store_call(left.customer, NUMBER, at=period.starts_at - timedelta(seconds=70))
    store_call(world.shop, NUMBER)
    charge_pending()
    again = late(left)
    assert again.starts_at == period.ends_at
    close_due(moment=now() + 2 * LATER)
    assert Invoice.objects.filter(balance=left).count() == 2
    assert differences() == []


def test_neither_fees_nor_a_minimum_nor_by_itself(world: World, gone: World) -> None:
    """What was agreed on for the time of service ended with the final invoice."""
    balance = Balance.objects.get(customer=gone.shop, account=None)
    draft = drafted_late(balance)
    assert [kind for (kind,) in lines_of(draft, "kind")] == ["late"]
    assert (draft.tax > 0, draft.issue_after) == (True, None)
    assert issue_due(moment=now() + 2 * LATER) == 0


def drafted_late(balance: Balance) -> Invoice:
    """The draft of the late calls, by terms that ask for all there is."""
    values = {"minimum_commitment": D(500), "auto_invoice": True, "tax_percent": D(100)}
    values |= {"invoice_non_zero_only": False}
    CustomerParameters.objects.update_or_create(customer=balance.customer, defaults=values)
    for kind in ("recurring", "once"):
        fee = {"name": kind, "price": 9, "quantity": 1, "starts_on": MARCH["starts_on"]}
        Fee.objects.create(balance=balance, kind=kind, creation_key=uuid4(), **fee)
    period = late(balance)
    close_due(moment=now() + LATER)
    return Invoice.objects.get(period=period)


def test_what_only_settles_is_no_invoice(world: World, gone: World) -> None:
    """The one who is left to settle it does so once the late calls are invoiced."""
    balance = Balance.objects.get(account=gone.account)
    close_due(moment=now() + LATER)
    settled(balance, world.actor("sub_reseller"), "one")
    rest = BillingPeriod.objects.filter(balance=balance).latest("starts_at")
    assert rest.closed_at is None
    close_due(moment=now() + 2 * LATER)
    rest.refresh_from_db()
    assert rest.outcome == PeriodOutcome.ZERO
    assert not Invoice.objects.filter(period=rest).exists()
    assert differences() == []


def test_who_posts_while_it_closes_notices(
    world: World, left: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The period that was found before the balance was locked is closed once it is."""
    stale, look = late(left), periods_for
    close_due(moment=now() + LATER)
    answers = [stale]

    def found(known: Any, moments: Any) -> Any:
        if answers:
            return dict.fromkeys(moments, answers.pop())
        return look(known, moments)

    monkeypatch.setattr(ledger, "periods_for", found)
    entry = settle_balance(
        actor=world.actor("reseller"), balance=left, kind="write_off", reason="Late", key="k"
    )
    assert answers == []
    assert entry.period.starts_at == stale.ends_at
    assert differences() == []


def test_late_calls_of_an_archived_issuers_account_are_its_owners_to_invoice(gone: World) -> None:
    """Nobody acts for the issuer any more; the nearest owner that is left does, and no other."""
    balance = Balance.objects.get(account=gone.account)
    draft = drafted_late(balance)
    assert draft.issuer == gone.shop
    for who in ("operator", "reseller"):
        with pytest.raises(PermissionDenied):
            issue_invoice(actor=gone.actor(who), invoice=draft)
    owner = gone.actor("sub_reseller")
    refresh_draft(actor=owner, invoice=draft)
    with pytest.raises(PermissionDenied):
        issue_invoice(actor=replace(owner, rights=owner.rights - {"money.manage"}), invoice=draft)
    client = signed_in(gone.user("sub_reseller"))
    page = client.get(reverse("billing:invoice_detail", args=[draft.pk]))
    issue = reverse("billing:invoice_issue", args=[draft.pk])
    assert issue in text_of(page)
    assert (
        client.post(issue, {"issued_on": now().date().isoformat(), "save": ""}).status_code == 302
    )
    draft.refresh_from_db()
    assert (draft.state, draft.issuer) == ("issued", gone.shop)
    assert draft.number
    assert settled(balance, owner, "one").amount == 0
    assert differences() == []


def test_whoever_is_left_above_invoices_for_all_that_are_archived(gone: World) -> None:
    for customer in Customer.objects.direct_of(gone.sub_reseller.pk):
        archive_customer(
            actor=gone.actor("sub_reseller"), customer=customer, surplus="forfeit", reason="x"
        )
    archive_customer(
        actor=gone.actor("reseller"), customer=gone.sub_reseller, surplus="forfeit", reason="x"
    )
    draft = drafted_late(Balance.objects.get(account=gone.account))
    with pytest.raises(PermissionDenied):
        issue_invoice(actor=gone.actor("operator"), invoice=draft)
    discard_draft(actor=gone.actor("reseller"), invoice=draft, reason="Too small")
    assert not Invoice.objects.filter(pk=draft.pk).exists()
    assert differences() == []


def test_who_is_there_bills_for_itself(world: World, left: Balance) -> None:
    """The owner of an issuer that is not archived reads its drafts only."""
    draft = drafted_late(left)
    for who in ("operator", "sub_reseller"):
        with pytest.raises(PermissionDenied):
            issue_invoice(actor=world.actor(who), invoice=draft)
