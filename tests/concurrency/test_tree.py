"""Structural writes at once: no node takes another's place, nobody waits for a charging batch."""

import threading
from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import connection, transaction

from billing.models import Balance, BillingPeriod, LedgerEntry
from customers.models import Customer, CustomerOwnership, User
from customers.selectors.actors import actor_for
from customers.services.tree import broken_nodes, move_node
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.concurrency.threads import at_once
from tests.world import World, build_world, customer_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stored(transactional_db: None) -> World:
    """A world that other connections see."""
    return build_world()


def owned_tariff(owner: Customer) -> Tariff:
    return Tariff.objects.filter(owner=owner).earliest("pk")


def add_many(owner: Customer, prefix: str, count: int) -> None:
    for number in range(count):
        customer_of(owner, f"{prefix} {number}", "business", owned_tariff(owner))


def test_top_level_customers_added_at_once_start_trees_of_their_own(stored: World) -> None:
    at_once(*(partial(add_many, stored.root, f"Top {n}", 5) for n in range(4)))
    tops = Customer.objects.filter(parent=None)
    assert tops.count() == len(set(tops.values_list("tree_id", flat=True))) == 3 + 20
    assert broken_nodes() == []


def test_inserts_into_one_tree_at_once_are_clean(stored: World) -> None:
    owners = (stored.reseller, stored.sub_reseller)
    at_once(*(partial(add_many, owners[n % 2], f"Shop {n}", 6) for n in range(4)))
    assert broken_nodes() == []
    assert Customer.objects.filter(owner=stored.reseller).count() == 2 + 12


def test_a_move_while_others_insert_keeps_the_tree(stored: World) -> None:
    moved = stored.sub_reseller
    at = datetime.now(UTC)
    at_once(
        partial(add_many, stored.reseller, "Left", 6),
        partial(add_many, stored.other_reseller, "Right", 0),
        partial(move_node, customer=moved, owner=stored.other_reseller, at=at),
    )
    assert broken_nodes() == []
    moved.refresh_from_db()
    assert moved.owner == stored.other_reseller
    spans = CustomerOwnership.objects.filter(customer=moved).order_by("valid_from")
    assert [(span.owner, span.valid_till) for span in spans] == [
        (stored.reseller, at),
        (stored.other_reseller, None),
    ]


def test_rights_outlast_a_move_after_their_user_was_read(stored: World) -> None:
    """The move closes the gap in the tree: the place that was read is nobody's any more."""
    user = User.objects.select_related("customer").get(customer=stored.reseller)
    rights = actor_for(user).rights
    assert "customers.add" in rights
    move_node(customer=stored.sub_reseller, owner=stored.other_reseller, at=datetime.now(UTC))
    assert user.customer.rght != Customer.objects.get(pk=stored.reseller.pk).rght
    assert actor_for(user).rights == rights


def test_a_top_customer_moves_below_another_and_back(stored: World) -> None:
    for owner in (stored.other_reseller, stored.root, stored.other_reseller):
        moved = move_node(customer=stored.reseller, owner=owner, at=datetime.now(UTC))
        stored.reseller.refresh_from_db()
        assert stored.reseller.owner == owner == moved.owner
        assert stored.reseller.parent == (None if owner.is_root else owner)
        assert broken_nodes() == []


def test_nobody_moves_below_itself(stored: World) -> None:
    with pytest.raises(DomainError, match="below itself"):
        move_node(customer=stored.reseller, owner=stored.sub_reseller, at=datetime.now(UTC))


def test_two_of_one_name_at_once_make_one(stored: World) -> None:
    tariff = owned_tariff(stored.reseller)

    def add() -> str:
        try:
            customer_of(stored.reseller, "Twin", "business", tariff)
        except DomainError as error:
            return error.code
        return "made"

    assert sorted(at_once(add, add)) == ["made", "taken"]
    assert Customer.objects.filter(name="Twin").count() == 1
    assert Balance.objects.filter(customer__name="Twin").count() == 1


def entry_of(world: World, balance: Balance, period: BillingPeriod) -> LedgerEntry:
    """An entry that refers to both parties: its foreign keys hold KEY SHARE locks on them."""
    return LedgerEntry.objects.create(
        balance=balance,
        sequence=99,
        amount=0,
        balance_after=balance.amount,
        customer=world.shop,
        issuer=world.sub_reseller,
        period=period,
        kind="debit",
        original_amount=0,
        original_currency_id="GBP",
        acting_as=world.sub_reseller,
        source="test",
        idempotency_key="held open",
    )


def test_inserts_pass_while_a_charging_transaction_is_open(stored: World) -> None:
    """A batch that references customers (KEY SHARE) neither waits for inserts nor blocks them."""
    held, done = threading.Event(), threading.Event()

    def charge() -> None:
        balance = stored.balance("shop")
        with transaction.atomic():
            Balance.objects.select_for_update(no_key=True).get(pk=balance.pk)
            period = BillingPeriod.objects.filter(balance=balance).earliest("pk")
            entry_of(stored, balance, period)
            held.set()
            assert done.wait(timeout=60), "the insert waited for the charging transaction"

    def insert() -> None:
        assert held.wait(timeout=60)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '10s'")
            add_many(stored.sub_reseller, "While open", 3)
            move_node(
                customer=stored.sub_customer,
                owner=stored.other_reseller,
                at=datetime.now(UTC),
            )
        finally:
            done.set()

    at_once(charge, insert)
    assert broken_nodes() == []
