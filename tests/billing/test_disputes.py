"""Disputes told by Stripe: taken and returned once, in whatever order and however often told."""

from itertools import permutations
from typing import Any

import pytest
from django.urls import reverse

from billing.models import LedgerEntry, OnlinePayment, PaymentProvider, TopUp
from billing.selectors.reversals import why_not
from billing.selectors.sources import sources_of
from billing.services import verify
from billing.services.issuing import issue_invoice
from customers.models import AuditEvent
from tests.billing.fake_stripe import FakeStripe, charge, dispute, event
from tests.billing.invoices import MARCH, draft_of
from tests.billing.invoices import post as post_at
from tests.billing.money import amount_of
from tests.billing.paying import begun, fake, paid, tell
from tests.billing.test_ledger_pages import browser
from tests.concurrency.threads import at_once
from tests.world import World, build_world

__all__ = ["fake"]
OPEN = {
    "created": "needs_response",
    "funds_withdrawn": "needs_response",
    "funds_reinstated": "won",
}


def say(
    provider: PaymentProvider,
    intent: str,
    what: str,
    status: str = "",
    *,
    units: int = 2000,
    **changes: Any,
) -> int:
    told = dispute(intent, units, status or OPEN[what], **changes)
    return tell(provider, event(f"charge.dispute.{what}", told))


def posted() -> list[tuple[str, Any]]:
    rows = LedgerEntry.objects.filter(source="online").order_by("pk")
    return list(rows.values_list("kind", "amount"))


def state() -> tuple[str, Any]:
    payment = OnlinePayment.objects.get()
    return payment.state, payment.disputed


def test_a_lost_dispute_takes_the_payment_back_once(world: World, fake: FakeStripe) -> None:
    provider, intent = paid(world, fake)
    assert say(provider, intent, "created") == 200
    assert (state(), amount_of(world.balance("shop"))) == (("paid", 0), 120)
    assert "product not received" in OnlinePayment.objects.get().note
    for _delivery in range(2):
        assert say(provider, intent, "funds_withdrawn") == 200
        assert say(provider, intent, "created") == 200
        assert say(provider, intent, "closed", "lost") == 200
    assert posted() == [("add_funds", 20), ("reversal", -20)]
    assert LedgerEntry.objects.get(kind="reversal").reverses == OnlinePayment.objects.get().entry
    assert (state(), amount_of(world.balance("shop"))) == (("disputed", 20), 100)
    events = AuditEvent.objects.filter(action__endswith="_online").order_by("pk")
    named = list(events.values_list("action", flat=True))
    assert named == ["paid_online", "disputed_online", "withdrawn_online"]
    assert [*verify.differences()] == []


def test_a_won_dispute_pays_in_again_once(world: World, fake: FakeStripe) -> None:
    provider, intent = paid(world, fake)
    for _delivery in range(2):
        assert say(provider, intent, "funds_withdrawn") == 200
    for _delivery in range(2):
        assert say(provider, intent, "funds_reinstated") == 200
        assert say(provider, intent, "closed", "won") == 200
    assert posted() == [("add_funds", 20), ("reversal", -20), ("add_funds", 20)]
    assert (state(), amount_of(world.balance("shop"))) == (("paid", 0), 120)
    assert [*verify.differences()] == []
    # What is given back after that is a payment out: an entry is reversed but once.
    assert tell(provider, event("charge.refunded", charge(intent, 2000))) == 200
    assert posted()[-1] == ("pay_out", -20)
    assert (state(), amount_of(world.balance("shop"))) == (("refunded", 0), 100)
    assert [*verify.differences()] == []


@pytest.mark.parametrize(
    "order", list(permutations(["paid", "funds_withdrawn", "funds_reinstated", "closed"]))
)
def test_every_order_comes_to_the_same(
    world: World, fake: FakeStripe, order: tuple[str, ...]
) -> None:
    """What is refused is sent again, as Stripe does, until all was taken."""
    provider, session_id = begun(world, fake)
    session = fake.complete(session_id)
    intent = str(session["payment_intent"])
    OnlinePayment.objects.update(intent_id=intent)
    left = list(order)
    for _round in range(4):
        for what in list(left):
            if what == "paid":
                answer = tell(provider, event("checkout.session.completed", session))
            else:
                answer = say(provider, intent, what, "won")
            assert answer in {200, 409}
            if answer == 200:
                left.remove(what)
    assert left == []
    assert (state(), amount_of(world.balance("shop"))) == (("paid", 0), 120)
    assert [amount for _kind, amount in posted()] == [20, -20, 20]
    assert [*verify.differences()] == []


def test_disputes_of_parts_pay_out_beside_refunds(world: World, fake: FakeStripe) -> None:
    provider, intent = paid(world, fake)
    assert tell(provider, event("charge.refunded", charge(intent, 500))) == 200
    assert say(provider, intent, "funds_withdrawn", units=600, id="dp_1") == 200
    assert say(provider, intent, "funds_withdrawn", units=700, id="dp_2") == 200
    assert say(provider, intent, "closed", "won", units=600, id="dp_1") == 200
    assert posted()[1:] == [("pay_out", -5), ("pay_out", -6), ("pay_out", -7), ("add_funds", 6)]
    assert (state(), amount_of(world.balance("shop"))) == (("disputed", 7), 108)
    assert [*verify.differences()] == []


@pytest.mark.parametrize("status", ["warning_closed", "won"])
def test_an_inquiry_that_took_nothing_returns_nothing(
    world: World, fake: FakeStripe, status: str
) -> None:
    provider, intent = paid(world, fake)
    assert say(provider, intent, "created", "warning_needs_response") == 200
    assert say(provider, intent, "closed", status) == 200
    assert (state(), posted()) == (("paid", 0), [("add_funds", 20)])


def test_another_currency_or_a_stranger_moves_nothing(world: World, fake: FakeStripe) -> None:
    provider, intent = paid(world, fake)
    assert say(provider, intent, "funds_withdrawn", currency="eur") == 200
    assert say(provider, "pi_of_somebody", "funds_withdrawn") == 200
    assert (state(), posted()) == (("paid", 0), [("add_funds", 20)])


def test_an_invoice_that_was_paid_so_is_open_again(world: World, fake: FakeStripe) -> None:
    shop = world.balance("shop")
    post_at(shop, "debit", "-110", MARCH)
    draft = draft_of(shop, MARCH)
    invoice = issue_invoice(actor=world.actor("sub_reseller"), invoice=draft)
    assert invoice.open_amount == 10
    provider, intent = paid(world, fake)
    invoice.refresh_from_db()
    assert invoice.open_amount == 0
    say(provider, intent, "funds_withdrawn")
    invoice.refresh_from_db()
    assert invoice.open_amount == 10
    say(provider, intent, "funds_reinstated")
    invoice.refresh_from_db()
    assert invoice.open_amount == 0
    assert [*verify.differences()] == []


def test_the_card_is_not_charged_again_by_itself(world: World, fake: FakeStripe) -> None:
    provider, intent = paid(world, fake)
    top_up = TopUp.objects.create(
        balance=world.balance("shop"),
        provider=provider,
        is_enabled=True,
        payer_id="cus_1",
        method_id="pm_1",
    )
    say(provider, intent, "created")
    top_up.refresh_from_db()
    assert (top_up.is_enabled, top_up.problem) == (False, "A payment was disputed at the bank.")


def test_its_entries_lead_to_the_payment_and_are_not_reversed_by_hand(
    world: World, fake: FakeStripe
) -> None:
    provider, intent = paid(world, fake)
    say(provider, intent, "funds_withdrawn")
    say(provider, intent, "funds_reinstated")
    entries = list(LedgerEntry.objects.filter(source="online").order_by("pk"))
    found = sources_of(world.actor("sub_reseller"), [entry.pk for entry in entries])
    assert [found[entry.pk].kind for entry in entries] == ["online", "entry", "online"]
    assert [refusal[0] for entry in entries if (refusal := why_not(entry))] == [
        "online",
        "kind",
        "online",
    ]
    page = browser(world, "sub_reseller").get(reverse("billing:entry_detail", args=[entries[2].pk]))
    payment = OnlinePayment.objects.get()
    assert reverse("billing:online_detail", args=[payment.pk]) in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_one_dispute_told_at_once_by_several_notices_is_one(fake: FakeStripe) -> None:
    world = build_world()
    provider, intent = paid(world, fake)
    told = [("created", ""), ("funds_withdrawn", ""), ("closed", "lost")] * 2
    said = at_once(*[lambda one=one: say(provider, intent, *one) for one in told])
    assert said == [200] * 6
    assert posted() == [("add_funds", 20), ("reversal", -20)]
    assert AuditEvent.objects.filter(action="disputed_online").count() == 1
    assert [*verify.differences()] == []
