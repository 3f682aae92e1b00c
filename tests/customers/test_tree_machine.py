"""Drives the tree at random, and after each step compares it with a naive model of its own.

The model is a dictionary: who owns whom, since when, with which grants. It knows nothing of nested
sets, guardian or SQL, and says who sees whom, who holds which right and whom somebody blocks.
"""

import os
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from billing.models import Balance, LedgerEntry
from billing.selectors.standing import standings
from billing.services import verify
from billing.services.archive import archive_customer
from billing.services.customers import Login, Terms, open_customer
from billing.services.first_run import set_up
from billing.services.maintenance import maintain
from billing.services.move import NewTerms, move_customer
from customers.models import Customer, User
from customers.permissions import KINDS
from customers.selectors import actor_for, effective_rights
from customers.services.customers import set_status
from customers.services.permissions import delegated_rights, set_rights
from customers.services.session import switch_to
from customers.services.tree import broken_nodes
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tariffs.services.tariffs import create_tariff
from tests.world import PASSWORD

# A few rights of each sort are enough: the others go the same way.
GRANTED = ("accounts.add", "balance.view", "reports.view", "trunks.add")
EXAMPLES = int(os.environ.get("TREE_EXAMPLES", "10"))
STEPS = int(os.environ.get("TREE_STEPS", "20"))


@dataclass
class Pair:
    """Money between a customer and one of its owners; ``entries`` are those it was given."""

    customer: int
    issuer: int
    entries: int = 0
    is_open: bool = True
    amount: int = 0


@dataclass
class Node:
    """A customer of the model; ``owner`` is None for Root."""

    owner: int | None
    kind: str
    grants: set[str] = field(default_factory=set)
    status: str = "active"
    is_archived: bool = False


class Model:
    """The naive tree: everything is found by climbing."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.pairs: list[Pair] = []

    def line(self, pk: int) -> list[int]:
        """The customer and all above it, Root last."""
        found = [pk]
        while (owner := self.nodes[found[-1]].owner) is not None:
            found.append(owner)
        return found

    def sees(self, viewer: int, pk: int) -> bool:
        return viewer in self.line(pk)

    def live_below(self, pk: int) -> list[int]:
        return [k for k, n in self.nodes.items() if n.owner == pk and not n.is_archived]

    def rights(self, pk: int) -> set[str]:
        """Those of GRANTED that hold from the top down to the customer."""
        if self.nodes[pk].owner is None:
            return set(GRANTED)
        held = set(GRANTED)
        for each in self.line(pk)[:-1]:
            held &= self.nodes[each].grants
        return held & KINDS[self.nodes[pk].kind]

    def sees_pair(self, viewer: int, pair: Pair) -> bool:
        is_own = pair.customer == viewer and "balance.view" in self.rights(viewer)
        return self.sees(viewer, pair.issuer) or is_own

    def pair(self, pk: int) -> Pair:
        return next(p for p in self.pairs if p.customer == pk and p.is_open)

    def standing(self, viewer: int, pk: int) -> str:
        own = self.alone(pk)
        if own != "ok":
            return own
        line = self.line(pk)
        blockers = [each for each in line[1:-1] if self.alone(each) != "ok"]
        if not blockers:
            return "ok"
        known = line[: line.index(viewer) + 1]
        return "blocked" if set(blockers) & set(known) else "unavailable"

    def alone(self, pk: int) -> str:
        node = self.nodes[pk]
        if node.is_archived:
            return "archived"
        if node.status != "active":
            return node.status
        # Prepaid without credit: with nothing left, nothing can be spent.
        return "exhausted" if self.pair(pk).amount <= 0 else "ok"


class TreeMachine(RuleBasedStateMachine):
    """Every rule does one thing through the services and the same to the model."""

    @initialize()
    def begin(self) -> None:
        self.count = 0
        self.model = Model()
        root = set_up(name="Root", login="operator", password=PASSWORD)
        self.root = root.pk
        self.model.nodes[root.pk] = Node(None, "root", set(GRANTED))
        self.add_tariff(root.pk)
        for _place in range(2):
            self.open(root.pk, "reseller")

    # What there is -------------------------------------------------------------------------------
    def customer(self, pk: int) -> Customer:
        found: Customer = Customer.objects.get(pk=pk)
        return found

    def actor(self, pk: int) -> Actor:
        return actor_for(User.objects.filter(customer=pk).earliest("pk"))

    def tariff(self, pk: int) -> Tariff:
        found: Tariff = Tariff.objects.filter(owner=pk).earliest("pk")
        return found

    def add_tariff(self, pk: int) -> None:
        create_tariff(actor=self.actor(pk), name=f"T{pk}", currency="USD")

    def live(self, *kinds: str) -> list[int]:
        """The customers of these kinds in service, by age: a number picks the same one each run."""
        nodes = self.model.nodes.items()
        return [k for k, n in nodes if not n.is_archived and (not kinds or n.kind in kinds)]

    def pick(self, number: int, *kinds: str) -> int:
        known = self.live(*kinds)
        return known[number % len(known)]

    def customers(self) -> list[int]:
        return [pk for pk in self.live() if pk != self.root]

    # What is done ----------------------------------------------------------------------------
    def open(self, owner: int, kind: str) -> None:
        self.count += 1
        made = open_customer(
            actor=self.actor(owner),
            name=f"C{self.count}",
            kind=kind,
            terms=Terms(tariff=self.tariff(owner), opening_balance=Decimal(1)),
            login=Login(f"c{self.count}", PASSWORD),
        )
        allowed = self.model.rights(owner) & KINDS[kind]
        self.model.nodes[made.pk] = Node(owner, kind, set(allowed))
        self.model.pairs.append(Pair(made.pk, owner, entries=1, amount=1))
        if kind == "reseller":
            self.add_tariff(made.pk)

    @rule(number=st.integers(0, 30), kind=st.sampled_from(["reseller", "reseller", "business"]))
    def create(self, number: int, kind: str) -> None:
        if len(self.model.nodes) < 14:
            self.open(self.pick(number, "root", "reseller"), kind)

    @precondition(lambda self: self.customers())
    @rule(number=st.integers(0, 30), right=st.sampled_from(GRANTED))
    def grant_or_revoke(self, number: int, right: str) -> None:
        known = self.customers()
        pk = known[number % len(known)]
        node = self.model.nodes[pk]
        owner = node.owner
        assert owner is not None
        customer = self.customer(pk)
        wanted = delegated_rights(customer) ^ {right}
        may = right in self.model.rights(owner) and right in KINDS[node.kind]
        if right in node.grants:
            set_rights(actor=self.actor(owner), customer=customer, rights=wanted)
            if right in self.model.rights(owner):
                node.grants.discard(right)
        elif may:
            set_rights(actor=self.actor(owner), customer=customer, rights=wanted)
            node.grants.add(right)
        else:
            with pytest.raises(DomainError), transaction.atomic():
                set_rights(actor=self.actor(owner), customer=customer, rights=wanted)

    @precondition(lambda self: self.customers())
    @rule(number=st.integers(0, 30), status=st.sampled_from(["active", "inactive", "closed"]))
    def close_or_activate(self, number: int, status: str) -> None:
        known = self.customers()
        pk = known[number % len(known)]
        owner = self.model.nodes[pk].owner
        assert owner is not None
        set_status(actor=self.actor(owner), customer=self.customer(pk), status=status)
        self.model.nodes[pk].status = status

    @precondition(lambda self: self.customers())
    @rule(number=st.integers(0, 30), amount=st.integers(-3, 3).filter(bool))
    def post(self, number: int, amount: int) -> None:
        known = self.customers()
        pk = known[number % len(known)]
        pair = self.model.pair(pk)
        self.count += 1
        maintain(
            actor=self.actor(pair.issuer),
            balance=Balance.objects.of_customers().get(customer=pk),
            action="credit" if amount > 0 else "debit",
            amount=Decimal(abs(amount)),
            currency="USD",
            key=f"post {self.count}",
        )
        pair.amount += amount
        pair.entries += 1

    @precondition(lambda self: self.customers())
    @rule(number=st.integers(0, 30))
    def archive(self, number: int) -> None:
        known = self.customers()
        pk = known[number % len(known)]
        pair = self.model.pair(pk)
        values: dict[str, Any] = {"surplus": "forfeit", "reason": "x"}
        actor, customer = self.actor(pair.issuer), self.customer(pk)
        if self.model.live_below(pk):
            with pytest.raises(DomainError) as caught, transaction.atomic():
                archive_customer(actor=actor, customer=customer, **values)
            assert caught.value.code == "has_customers"
            return
        archive_customer(actor=actor, customer=customer, **values)
        self.model.nodes[pk].is_archived = True
        self.settle(pair)

    def settle(self, pair: Pair) -> None:
        pair.entries += bool(pair.amount)
        pair.amount = 0

    @precondition(lambda self: self.customers())
    @rule(number=st.integers(0, 30), place=st.integers(0, 30), who=st.integers(0, 30))
    def move(self, number: int, place: int, who: int) -> None:
        known = self.customers()
        pk, owner = known[number % len(known)], self.pick(place, "root", "reseller", "business")
        actor = self.pick(who, "root", "reseller")
        tariffs = Tariff.objects.filter(owner=owner)
        terms = NewTerms(tariffs.first() or self.tariff(self.root))
        refusal = self.refusal(pk, owner, actor)
        assert self.try_to_move(pk, owner, actor, terms) == refusal
        if not refusal:
            self.settle(self.model.pair(pk))
            self.model.pair(pk).is_open = False
            self.model.nodes[pk].owner = owner
            self.model.pairs.append(Pair(pk, owner))

    def try_to_move(self, pk: int, owner: int, actor: int, terms: NewTerms) -> str:
        """What became of it, in the words of ``refusal``."""
        try:
            with transaction.atomic():
                move_customer(
                    actor=self.actor(actor),
                    customer=self.customer(pk),
                    owner=self.customer(owner),
                    terms=terms,
                    surplus="forfeit",
                    reason="x",
                )
        except PermissionDenied:
            return "denied"
        except DomainError as error:
            return error.code
        return ""

    def refusal(self, pk: int, owner: int, actor: int) -> str:
        """What the model says of a move: nothing, ``denied``, or the code of the error."""
        model = self.model
        if pk == actor or not model.sees(actor, pk):
            return "denied"
        if model.nodes[pk].owner == owner:
            return "same_owner"
        if model.nodes[owner].kind not in ("root", "reseller") or not model.sees(actor, owner):
            return "owner"
        return "into_own_subtree" if model.sees(pk, owner) else ""

    @rule(number=st.integers(0, 30), path=st.lists(st.integers(0, 30), min_size=1, max_size=3))
    def switch(self, number: int, path: list[int]) -> None:
        """Acting goes down step by step, with the rights of both ends."""
        at = start = self.pick(number)
        actor = self.actor(start)
        for step in path:
            target = self.pick(step)
            may = target != at and self.model.sees(at, target)
            try:
                stack = switch_to(actor=actor, customer=self.customer(target))
            except PermissionDenied:
                assert not may
                continue
            assert may
            assert actor.user is not None
            actor, at = actor_for(actor.user, stack=stack), target
            assert actor.customer_id == at
            assert actor.rights & set(GRANTED) == self.model.rights(start) & self.model.rights(at)

    # What is true after every step ---------------------------------------------------------------
    @invariant()
    def nested_sets_and_ledger_hold(self) -> None:
        assert broken_nodes() == []
        assert [*verify.differences()] == []

    @invariant()
    def everybody_sees_its_own(self) -> None:
        for viewer in self.live():
            actor = self.actor(viewer)
            below = {pk for pk in self.model.nodes if self.model.sees(viewer, pk)}
            assert keys(Customer, actor) == below
            users = User.objects.visible_to(actor).values_list("customer", flat=True)
            assert set(users) == below
            pairs = [p for p in self.model.pairs if self.model.sees_pair(viewer, p)]
            assert told(Balance, actor) == sorted((p.customer, p.issuer) for p in pairs)
            entries = [(p.customer, p.issuer) for p in pairs for _each in range(p.entries)]
            assert told(LedgerEntry, actor) == sorted(entries)

    @invariant()
    def rights_are_granted_all_the_way_down(self) -> None:
        for pk in self.model.nodes:
            assert effective_rights(self.customer(pk)) & set(GRANTED) == self.model.rights(pk)

    @invariant()
    def badges_say_who_stops_whom(self) -> None:
        for viewer in self.live():
            actor = self.actor(viewer)
            rows = [c for c in Customer.objects.visible_to(actor) if not c.is_root]
            shown = {pk: str(badge.value) for pk, badge in standings(actor, rows).items()}
            assert shown == {c.pk: self.model.standing(viewer, c.pk) for c in rows}


def keys(model: Any, actor: Actor) -> set[int]:
    return set(model.objects.visible_to(actor).values_list("pk", flat=True))


def told(model: Any, actor: Actor) -> list[tuple[int, int]]:
    """The pairs of the rows that the actor sees, Root's own entries included."""
    return sorted(model.objects.visible_to(actor).values_list("customer", "issuer"))


@pytest.mark.django_db
def test_the_tree_and_a_naive_model_agree() -> None:
    """Each example runs in a savepoint that is rolled back: it starts with an empty database."""

    class InSavepoint(TreeMachine):
        def __init__(self) -> None:
            super().__init__()
            self.point = transaction.savepoint()

        def teardown(self) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.savepoint_rollback(self.point)

    run_state_machine_as_test(
        InSavepoint,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="TREE_EXAMPLES" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
