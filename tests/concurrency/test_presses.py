"""Two people press at the same moment: what was done meanwhile is seen under the lock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from billing.models import (
    Balance,
    BillingPeriod,
    DunningStep,
    Invoice,
    LedgerEntry,
    OnlinePayment,
    TopUp,
)
from billing.services import dunning, verify
from billing.services.credit_notes import issue_credit_note
from billing.services.drafts import discard_draft, make_draft, refresh_draft
from billing.services.issuing import issue_invoice
from billing.services.maintenance import maintain
from billing.services.payment_providers import save_provider
from billing.services.periods import periods_for
from billing.services.resets import reset_balance
from billing.services.reversals import reverse_entry
from billing.services.transfers import transfer_funds
from billing.services.voiding import void_invoice
from billing.services.write_offs import write_off
from softswitch.core.errors import DomainError
from tests.billing.dunned import invoice as owed
from tests.billing.dunned import postpaid, ready
from tests.billing.invoices import draft_of, post
from tests.billing.money import fresh, paying_account
from tests.billing.paying import set_up
from tests.concurrency.test_archive import wait_for_a_lock
from tests.concurrency.threads import at_once
from tests.world import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)
Act = Callable[[], Any]


def said(act: Act) -> str:
    """What becomes of it: ``done``, or the code of the refusal."""
    try:
        act()
    except DomainError as error:
        return error.code
    finally:
        connection.close()
    return "done"


def behind(first: Act, second: Act) -> str:
    """``first`` is done but not committed when ``second`` comes; what becomes of ``second``."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            waiting = pool.submit(said, second)
            wait_for_a_lock()
        return waiting.result(timeout=60)


def opened(world: World) -> World:
    """The present periods are there: opening one at once would make the second wait too early."""
    known = Balance.objects.in_bulk()
    periods_for(known, [(pk, now()) for pk in known])
    return world


class Desk:
    """A draft of 10 of the shop, and what its owner does to it."""

    def __init__(self) -> None:
        world = build_world()
        self.actor = world.actor("sub_reseller")
        post(world.balance("shop"), "debit", "-10")
        self.row = draft_of(world.balance("shop"))
        self.period = BillingPeriod.objects.get(invoices=self.row)
        self.key = fresh()
        opened(world)

    def issue(self) -> None:
        issue_invoice(actor=self.actor, invoice=self.row)

    def void(self) -> None:
        void_invoice(actor=self.actor, invoice=self.row, reason="Wrong")

    def credit(self, key: str = "") -> None:
        amount = Decimal(10)
        issue_credit_note(
            actor=self.actor, invoice=self.row, amount=amount, reason="Bad", key=key or fresh()
        )

    def credit_once(self) -> None:
        self.credit(self.key)

    def discard(self) -> None:
        discard_draft(actor=self.actor, invoice=self.row, reason="Not yet")

    def refresh(self) -> None:
        refresh_draft(actor=self.actor, invoice=self.row)

    def make(self) -> None:
        make_draft(actor=self.actor, period=self.period)


@pytest.mark.parametrize(
    ("first", "second", "outcome", "left"),
    [
        ("issue", "issue", "done", ["issued"]),
        ("issue", "discard", "issued", ["issued"]),
        ("issue", "refresh", "issued", ["issued"]),
        ("issue", "void", "done", ["void"]),
        ("refresh", "issue", "done", ["issued"]),
        ("discard", "issue", "state", []),
        ("discard", "refresh", "gone", []),
        ("discard", "discard", "gone", []),
    ],
)
def test_a_draft_is_what_it_is_under_the_lock(
    first: str, second: str, outcome: str, left: list[str]
) -> None:
    desk = Desk()
    assert behind(getattr(desk, first), getattr(desk, second)) == outcome
    assert list(Invoice.objects.values_list("state", flat=True)) == left
    assert [*verify.differences()] == []


@pytest.mark.parametrize(
    ("first", "second", "outcome", "left"),
    [
        ("void", "void", "done", ["void"]),
        ("void", "credit", "state", ["void"]),
        ("credit", "void", "credited", ["issued", "issued"]),
        ("credit", "credit", "amount", ["issued", "issued"]),
        ("credit_once", "credit_once", "done", ["issued", "issued"]),
        ("void", "make", "done", ["draft", "void"]),
    ],
)
def test_an_issued_invoice_is_what_it_is_under_the_lock(
    first: str, second: str, outcome: str, left: list[str]
) -> None:
    desk = Desk()
    desk.issue()
    desk.row.refresh_from_db()
    assert behind(getattr(desk, first), getattr(desk, second)) == outcome
    assert sorted(Invoice.objects.values_list("state", flat=True)) == left
    assert [*verify.differences()] == []


def test_a_period_gets_one_draft() -> None:
    desk = Desk()
    desk.discard()
    assert behind(desk.make, desk.make) == "exists"
    assert Invoice.objects.count() == 1


def reset(world: World) -> Callable[[str], Any]:
    return lambda key: reset_balance(
        actor=world.actor("sub_reseller"), customer=world.shop, reason="Tidy", key=key
    )


def wrote_off(world: World) -> Callable[[str], Any]:
    post(world.balance("shop"), "debit", "-150")
    return lambda key: write_off(
        actor=world.actor("sub_reseller"),
        balance=world.balance("shop"),
        amount=Decimal(50),
        reason="Lost",
        key=key,
    )


def took_back(world: World) -> Callable[[str], Any]:
    entry = maintain(
        actor=world.actor("sub_reseller"),
        balance=world.balance("shop"),
        action="add_funds",
        amount=Decimal(5),
        currency="GBP",
        key=fresh(),
    )
    return lambda key: reverse_entry(
        actor=world.actor("sub_reseller"), entry=entry, reason="Bounced", key=key
    )


def moved(world: World) -> Callable[[str], Any]:
    target = paying_account(world)
    return lambda key: transfer_funds(
        actor=world.actor("shop"),
        source=world.balance("shop"),
        target=target,
        amount=Decimal(100),
        key=key,
    )


@pytest.mark.parametrize(
    ("form", "refusal", "entries"),
    [(reset, "zero", 1), (wrote_off, "no_debt", 1), (took_back, "reversed", 1),
     (moved, "available", 2)],
)  # fmt: skip
def test_one_form_posts_once_and_another_finds_what_it_did(
    form: Callable[[World], Callable[[str], Any]], refusal: str, entries: int
) -> None:
    world = build_world()
    send = form(world)
    opened(world)
    before = LedgerEntry.objects.count()
    assert behind(partial(send, "one"), partial(send, "one")) == "done"
    assert LedgerEntry.objects.count() == before + entries
    assert said(partial(send, "two")) == refusal
    assert [*verify.differences()] == []


@pytest.mark.parametrize(
    ("form", "refusal"),
    [(reset, "zero"), (wrote_off, "no_debt"), (took_back, "reversed"), (moved, "available")],
)
def test_two_forms_at_once_are_told_by_what_the_lock_leaves(
    form: Callable[[World], Callable[[str], Any]], refusal: str
) -> None:
    world = build_world()
    send = form(world)
    opened(world)
    assert behind(partial(send, "one"), partial(send, "two")) == refusal
    assert [*verify.differences()] == []


def test_an_invoice_is_voided_while_dunning_writes_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between its letters and its locks: they wait for nobody, and what is void suspends nobody."""
    world, moment = build_world(), now()
    ready(world)
    balance = postpaid(world, "Late")
    row, suspend = owed(balance, due=moment.date() - timedelta(days=30)), dunning._suspend

    def void() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")  # dunning waits for this thread
            void_invoice(actor=world.actor("sub_reseller"), invoice=row, reason="Wrong")

    def late(*given: Any) -> int:
        at_once(void)
        return suspend(*given)

    monkeypatch.setattr(dunning, "_suspend", late)
    dunning.run_dunning(moment=moment)
    assert DunningStep.objects.filter(invoice=row).exists()
    assert not DunningStep.objects.filter(kind="suspended").exists()
    row.refresh_from_db()
    assert row.state == "void"


def test_a_provider_is_switched_off_while_a_top_up_is_begun() -> None:
    """The sweep has its row when it stores a payment, which names the provider."""
    world = build_world()
    provider, shop = set_up(world), world.balance("shop")
    top_up = TopUp.objects.create(
        balance=shop, provider=provider, is_enabled=True, payer_id="cus_1", method_id="pm_1"
    )
    switch_off = partial(
        save_provider, actor=world.actor("sub_reseller"), values={"is_enabled": False}
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            TopUp.objects.select_for_update().get(pk=top_up.pk)
            waiting = pool.submit(said, switch_off)
            wait_for_a_lock()
            OnlinePayment.objects.create(
                balance=shop,
                provider=provider,
                amount=Decimal(20),
                currency_id="GBP",
                key="top_up:1",
                is_automatic=True,
                acting_as=world.shop,
                created_at=now(),
            )
        assert waiting.result(timeout=60) == "done"
    top_up.refresh_from_db()
    assert not top_up.is_enabled
