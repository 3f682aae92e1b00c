"""Drafts made, refreshed and discarded by a person of the issuer: who may, when, what is kept."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from billing.choices import PeriodOutcome
from billing.models import BillingPeriod, Invoice
from billing.services.drafts import discard_draft, make_draft, refresh_draft
from billing.services.ledger import Posting, post_entry
from calls.services.charging import charge_pending
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.billing.drafts import (
    PARIS,
    D,
    call,
    closed_period,
    drafted,
    figures,
    lines_of,
    post,
    settings_of,
    terms,
)
from tests.calls.stored import START
from tests.world import World


def ready(world: World) -> BillingPeriod:
    """A closed period of the shop with one call, of 9 pence, and no invoice."""
    call(world, PARIS)
    charge_pending()
    return closed_period(world.balance("shop"))


def voided(invoice: Invoice, number: str) -> None:
    Invoice.objects.filter(pk=invoice.pk).update(
        state="void", number=number, issued_at=now(), voided_at=now()
    )


def test_a_draft_is_made_for_a_closed_period(world: World) -> None:
    terms(world, auto_invoice=True)
    period = ready(world)
    invoice = make_draft(actor=world.actor("sub_reseller"), period=period)
    assert (invoice.state, invoice.total, invoice.period) == ("draft", D("0.09"), period)
    assert invoice.issue_after is None  # who makes it issues it
    period.refresh_from_db()
    assert period.outcome == PeriodOutcome.DRAFTED
    event = AuditEvent.objects.get(action="invoice_drafted")
    assert (event.customer, event.is_private) == (world.shop, True)


def test_not_for_a_period_that_is_open_or_has_one(world: World) -> None:
    actor, period = world.actor("sub_reseller"), ready(world)
    BillingPeriod.objects.filter(pk=period.pk).update(closed_at=None)
    assert refused(lambda: make_draft(actor=actor, period=period)) == "open"
    BillingPeriod.objects.filter(pk=period.pk).update(closed_at=now())
    make_draft(actor=actor, period=period)
    assert refused(lambda: make_draft(actor=actor, period=period)) == "exists"
    assert Invoice.objects.count() == 1


def test_not_for_nothing(world: World) -> None:
    period = closed_period(world.balance("shop"))
    actor = world.actor("sub_reseller")
    assert refused(lambda: make_draft(actor=actor, period=period)) == "nothing"
    assert not Invoice.objects.exists()


def refused(action: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as caught:
        action()
    return caught.value.code


def test_after_a_void_one_it_replaces_that(world: World) -> None:
    actor, period = world.actor("sub_reseller"), ready(world)
    first = make_draft(actor=actor, period=period)
    voided(first, "1")
    second = make_draft(actor=actor, period=period)
    assert second.replaces == first
    refreshed = refresh_draft(actor=actor, invoice=second)
    assert (refreshed.pk, refreshed.replaces) == (second.pk, first)
    voided(second, "2")
    assert make_draft(actor=actor, period=period).replaces == second


def test_a_refreshed_draft_goes_by_the_terms_of_now(world: World) -> None:
    call(world, PARIS, 600)  # 0.90
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert invoice.previous_balance == 100
    terms(world, tax_percent=D(10), auto_invoice=True)
    settings_of(world, series="NEW-")
    post(world, "debit", "5", at=START.replace(month=2))
    Invoice.objects.filter(pk=invoice.pk).update(problem="A rate was missing")
    actor = world.actor("sub_reseller")
    fresh = refresh_draft(actor=actor, invoice=invoice)
    assert fresh == Invoice.objects.get()
    assert figures(Invoice.objects.get()) == {
        "net": D("0.90"),
        "tax": D("0.09"),
        "total": D("0.99"),
        "previous_balance": 95,
        "payments": 0,
        "other": 0,
        "closing_balance": D("94.01"),
        "amount_due": 0,
    }
    assert (fresh.terms["series"], fresh.problem, fresh.issue_after) == ("NEW-", "", None)
    assert lines_of(fresh, "position", "amount") == [(1, D("0.90"))]
    assert list(fresh.taxes.values_list("amount")) == [(D("0.09"),)]
    assert AuditEvent.objects.get(action="invoice_refreshed").changes == {
        "tax": ["0.000000", "0.09"],
        "total": ["0.900000", "0.99"],
        "previous_balance": ["100.000000", "95.000000"],
    }


def test_a_draft_that_came_to_nothing_waits_for_a_person(world: World) -> None:
    terms(world, auto_invoice=True)
    call(world, PARIS)
    charge_pending()
    balance = world.balance("shop")
    invoice = drafted(balance)
    assert invoice.issue_after is not None
    BillingPeriod.objects.filter(invoices=invoice).update(closed_at=None)
    credit = Posting("credit", D("0.09"), "GBP", "late credit")
    actor = world.actor("sub_reseller")
    post_entry(actor=actor, balance_id=balance.pk, posting=credit, at=START)
    BillingPeriod.objects.filter(invoices=invoice).update(closed_at=now())
    fresh = refresh_draft(actor=actor, invoice=invoice)
    assert (fresh.total, fresh.issue_after) == (D(0), None)


def test_a_discarded_draft_leaves_a_closed_period(world: World) -> None:
    period = ready(world)
    actor = world.actor("sub_reseller")
    invoice = make_draft(actor=actor, period=period)
    assert refused(lambda: discard_draft(actor=actor, invoice=invoice, reason=" ")) == "reason"
    discard_draft(actor=actor, invoice=invoice, reason="A gift")
    period.refresh_from_db()
    assert period.outcome == PeriodOutcome.DISCARDED
    assert not Invoice.objects.exists()
    event = AuditEvent.objects.get(action="invoice_discarded")
    assert event.changes == {"total": ["0.090000", ""], "reason": ["", "A gift"]}
    assert refused(lambda: discard_draft(actor=actor, invoice=invoice, reason="Again")) == "gone"
    assert make_draft(actor=actor, period=period).total == D("0.09")


def test_what_is_issued_stays(world: World) -> None:
    actor = world.actor("sub_reseller")
    invoice = make_draft(actor=actor, period=ready(world))
    Invoice.objects.filter(pk=invoice.pk).update(state="issued", number="1", issued_at=now())
    assert refused(lambda: refresh_draft(actor=actor, invoice=invoice)) == "issued"
    assert refused(lambda: discard_draft(actor=actor, invoice=invoice, reason="No")) == "issued"


def test_only_who_bills_the_balance_may(world: World) -> None:
    period = ready(world)
    owner = world.actor("sub_reseller")
    strangers = [
        *(world.actor(who) for who in ("operator", "reseller", "shop", "other_reseller")),
        replace(owner, rights=owner.rights - {"money.manage"}),
    ]
    for actor in strangers:
        with pytest.raises(PermissionDenied):
            make_draft(actor=actor, period=period)
    invoice = make_draft(actor=owner, period=period)
    for actor in strangers:
        with pytest.raises(PermissionDenied):
            refresh_draft(actor=actor, invoice=invoice)
        with pytest.raises(PermissionDenied):
            discard_draft(actor=actor, invoice=invoice, reason="Mine")
    assert Invoice.objects.get() == invoice
