"""Moves against what goes on meanwhile: charging, postings, new customers and other moves."""

import threading
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from billing.models import Balance, Charge, LedgerEntry
from billing.services import usage, verify
from billing.services.maintenance import maintain
from billing.services.move import NewTerms, move_customer
from calls.models import PendingCall
from calls.services import charging
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from customers.models import Customer
from customers.services.tree import broken_nodes
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.calls.stored import charges_of, store_call
from tests.concurrency.test_tree import add_many
from tests.concurrency.threads import at_once
from tests.world import World, build_world, tariff_with_rates

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "442071234567"


@pytest.fixture
def stored(transactional_db: None) -> World:
    """A world that other connections see, in which the other reseller has a tariff."""
    world = build_world()
    tariff_with_rates(world.other_reseller, "Beside", "GBP", factor="5")
    return world


def move(world: World, customer: Customer, owner: Customer) -> str:
    """Move through the service; what it refused."""
    try:
        move_customer(
            actor=world.actor("operator"),
            customer=customer,
            owner=owner,
            terms=NewTerms(Tariff.objects.filter(owner=owner).earliest("pk")),
            surplus="pay_out",
            reason="Sold on",
        )
    except DomainError as error:
        return error.code
    return "moved"


def assert_whole() -> None:
    assert broken_nodes() == []
    assert [*verify.differences(), *verify_calls.differences()] == []


@pytest.mark.parametrize("step", ["payers_of", "stage_usage"])
def test_a_batch_that_read_the_chain_before_a_move_is_done_again(
    stored: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The call starts after the move, and the batch read the chain before it was committed.

    The balances it reads before the commit (``stage_usage``), or after it (``payers_of``).
    """
    started, read, moved = threading.Event(), threading.Event(), threading.Event()
    calls: list[int] = []
    tries: list[int] = []

    def late(*columns: Any) -> object:
        tries.append(1)
        read.set()
        assert moved.wait(timeout=60)
        return getattr(usage, step)(*columns)

    def move_slowly() -> None:
        with transaction.atomic():
            assert move(stored, stored.sub_reseller, stored.other_reseller) == "moved"
            elsewhere = threading.Thread(target=partial(call_now, stored, calls))
            elsewhere.start()
            elsewhere.join(timeout=60)
            started.set()
            assert read.wait(timeout=60)
        moved.set()

    def charge() -> None:
        assert started.wait(timeout=60)
        assert charge_pending().charged == 1

    monkeypatch.setattr(charging, step, late)
    at_once(move_slowly, charge)
    assert len(tries) == 2
    charges = Charge.objects.filter(call_id=calls[0]).order_by("level")
    owners = [stored.sub_reseller, stored.other_reseller, stored.root]
    assert [charge.issuer for charge in charges] == owners
    assert_whole()


def call_now(world: World, calls: list[int]) -> None:
    """A call of the shop that starts now, committed on a connection of its own."""
    try:
        calls.append(store_call(world.shop, NUMBER, at=datetime.now(UTC)).id)
    finally:
        connection.close()


def test_charging_while_a_customer_moves_there_and_back(stored: World) -> None:
    calls = [store_call(stored.shop, NUMBER) for _number in range(30)]

    def charge() -> None:
        while PendingCall.objects.exists():
            charge_pending(limit=3)

    def move_there_and_back() -> list[str]:
        home = Customer.objects.get(pk=stored.reseller.pk)
        moved = [move(stored, stored.sub_reseller, stored.other_reseller)]
        there = Customer.objects.get(pk=stored.sub_reseller.pk)
        return [*moved, move(stored, there, home)]

    results = at_once(charge, charge, move_there_and_back)
    assert results[-1] == ["moved", "moved"]
    for call in calls:
        assert [charge.issuer for charge in charges_of(call)] == [
            stored.sub_reseller,
            stored.reseller,
            stored.root,
        ]
    assert Balance.objects.filter(customer=stored.sub_reseller, account=None).count() == 3
    assert_whole()


def test_nobody_posts_to_a_balance_behind_a_move(stored: World) -> None:
    pair = stored.balance("sub_reseller")

    def post() -> list[str]:
        done = []
        for number in range(8):
            try:
                maintain(
                    actor=stored.actor("reseller"),
                    balance=pair,
                    action="credit",
                    amount=Decimal(1),
                    currency="GBP",
                    key=f"post {number}",
                )
                done.append("posted")
            except DomainError as error:
                done.append(error.code)
        return done

    posted, moved = at_once(post, partial(move, stored, stored.sub_reseller, stored.other_reseller))
    assert moved == "moved"
    assert set(posted) <= {"posted", "closed"}
    pair.refresh_from_db()
    assert pair.amount == 0
    entries = LedgerEntry.objects.filter(balance=pair, kind="credit")
    assert entries.count() == posted.count("posted")
    assert_whole()


def test_two_moves_of_one_customer_at_once_are_one(stored: World) -> None:
    done = at_once(
        *(partial(move, stored, stored.sub_reseller, stored.other_reseller) for _n in range(3))
    )
    assert sorted(done) == ["moved", "same_owner", "same_owner"]
    assert Balance.objects.closed().count() == 1
    assert_whole()


def test_moves_past_each_other_and_inserts_keep_the_tree(stored: World) -> None:
    """Two customers move below each other's owners while others are added below both."""
    done = at_once(
        partial(move, stored, stored.sub_reseller, stored.other_reseller),
        partial(move, stored, stored.other_reseller, stored.sub_reseller),
        partial(add_many, stored.sub_reseller, "Left", 4),
        partial(add_many, stored.reseller, "Right", 4),
    )
    assert sorted(done[:2]) == ["into_own_subtree", "moved"]
    assert Customer.objects.filter(name__startswith="Left").count() == 4
    assert_whole()
