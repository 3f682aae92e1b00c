"""Drives money at random, and after each step compares it with a naive model of its own.

Posts, pays, reverses, reserves, transfers, charges, closes, issues, voids, issues again and credits
one balance in any order; ledger, invoices and balances say what the model
(tests.billing.money_model) says.
"""

import os
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from billing.models import Balance, Invoice, LedgerEntry, UsageEntry
from billing.services import verify
from billing.services.credit_notes import issue_credit_note
from billing.services.issuing import issue_invoice
from billing.services.voiding import reissue_invoice, void_invoice
from calls.services.charging import charge_pending
from softswitch.core.errors import DomainError
from tests.billing.invoices import close, draft_of, post, reverse
from tests.billing.money import paying_account
from tests.billing.money_model import Bill, Model, Money
from tests.billing.money_wallet import AMOUNTS, PRESENT, WHICH, Wallet, pick
from tests.calls.stored import store_call
from tests.world import World, build_world

EXAMPLES = int(os.environ.get("MONEY_EXAMPLES", "8"))
STEPS = int(os.environ.get("MONEY_STEPS", "25"))
WALKS = int(os.environ.get("MONEY_WALKS", "2"))
MONTHS = 6  # all of them are over when the tests run
PRICE = Decimal("0.045")  # a minute to London on the tariff Street


class MoneyMachine(Wallet):
    """Every rule does one thing through the services and the same to the model."""

    @initialize()
    def begin(self) -> None:
        self.actor = self.world.actor("sub_reseller")
        self.model = Model()
        self.month = 0
        self.count = 0
        self.entries: dict[Money, LedgerEntry] = {}
        self.rows: dict[Bill, Invoice] = {}
        self.model.post("payment", Decimal(100), 0, 0)  # the opening balance, never reversed
        self.open_wallet(paying_account(self.world))

    # What there is ---------------------------------------------------------------------------
    def balance(self) -> Balance:
        return self.world.balance("shop")

    def moment(self) -> datetime:
        """One second later each time, in the open month."""
        self.count += 1
        return datetime(2026, self.month + 1, 10, tzinfo=UTC) + timedelta(seconds=self.count)

    def bills(self, *states: str) -> list[Bill]:
        return [bill for bill in self.model.bills if bill.state in states]

    def replaceable(self) -> list[Bill]:
        return [bill for bill in self.bills("void") if not bill.is_replaced]

    # What is done ----------------------------------------------------------------------------
    @rule(
        kind=st.sampled_from(["debit", "credit", "add_funds", "add_funds", "opening"]),
        amount=AMOUNTS,
    )
    def post(self, kind: str, amount: Decimal) -> None:
        """An opening below 0 stands for all money that goes out."""
        signed = -amount if kind in ("debit", "opening") else amount
        entry = post(self.balance(), kind, signed, self.moment())
        kinds = "adjustment" if kind in ("debit", "credit") else "payment"
        self.entries[self.model.post(kinds, signed, self.month, self.count)] = entry

    @precondition(lambda self: self.kept())
    @rule(number=WHICH)
    def reverse(self, number: int) -> None:
        one = pick(self.kept(), number)
        reverse(self.entries[one], self.moment())
        self.model.reverse(one, self.month)

    @rule(minutes=st.integers(1, 90), is_late=st.booleans())
    def charge(self, minutes: int, is_late: bool) -> None:
        """A call of this month, or one that comes in after its month was closed."""
        at = self.moment() - timedelta(days=31 * (is_late and self.month > 0))
        store_call(self.world.shop, "442071234567", 60 * minutes, at=at, account=self.world.account)
        assert charge_pending().charged == 1
        late = is_late and self.month > 0
        self.model.post("call", -PRICE * minutes, self.month, self.count, is_late=late)

    @precondition(lambda self: self.month < MONTHS)
    @rule(fee=st.sampled_from(["", "3.33"]), tax=st.sampled_from([0, 7, 20]))
    def close(self, fee: str, tax: int) -> None:
        """The month ends; what is nothing in sum gets no draft."""
        at, bill = self.moment(), Bill(self.month, Decimal(fee or 0), tax)
        close(self.balance(), at)
        taxes = [str(tax)] if tax else []
        if self.model.lines(self.month):
            self.rows[bill] = draft_of(self.balance(), at, fee=fee, taxes=taxes)
            self.model.bills.append(bill)
        else:
            with pytest.raises(DomainError) as caught, transaction.atomic():
                draft_of(self.balance(), at)
            assert caught.value.code == "nothing"
        self.month += 1

    @precondition(lambda self: self.bills("draft", "issued"))
    @rule(number=WHICH)
    def issue(self, number: int) -> None:
        """What is issued already is pressed twice."""
        bill = pick(self.bills("draft") or self.bills("issued"), number)
        if bill.state == "draft":
            earlier = [one for one in self.model.drafts() if one.month < bill.month]
            if earlier:
                with pytest.raises(DomainError) as caught, transaction.atomic():
                    issue_invoice(actor=self.actor, invoice=self.rows[bill])
                assert caught.value.code == "earlier_draft"
                return
            self.model.issue(bill)
            closing = self.model.balance(bill.month)
            issued = issue_invoice(actor=self.actor, invoice=self.rows[bill])
            assert issued.closing_balance == closing
            assert issued.amount_due == max(Decimal(0), -closing)
        assert issue_invoice(actor=self.actor, invoice=self.rows[bill]).number == bill.number

    @precondition(lambda self: self.bills("issued"))
    @rule(number=WHICH)
    def void(self, number: int) -> None:
        bill = pick(self.bills("issued"), number)
        if bill.notes:
            with pytest.raises(DomainError) as caught, transaction.atomic():
                void_invoice(actor=self.actor, invoice=self.rows[bill], reason="Wrong")
            assert caught.value.code == "credited"
            return
        void_invoice(actor=self.actor, invoice=self.rows[bill], reason="Wrong")
        self.model.void(bill)

    @precondition(lambda self: self.replaceable())
    @rule(number=WHICH)
    def issue_again(self, number: int) -> None:
        """The draft has what the terms say: no fee and no tax, which the first one was given."""
        bill = pick(self.replaceable(), number)
        bill.is_replaced = True
        again = Bill(bill.month)
        self.rows[again] = reissue_invoice(actor=self.actor, invoice=self.rows[bill])
        self.model.bills.append(again)

    @precondition(lambda self: self.bills("issued"))
    @rule(number=WHICH, amount=st.decimals("0.01", "20", places=2))
    def credit(self, number: int, amount: Decimal) -> None:
        bill = pick(self.bills("issued"), number)
        self.count += 1
        key = str(self.count)
        if bill.credited + amount > bill.total:
            with pytest.raises(DomainError) as caught, transaction.atomic():
                issue_credit_note(
                    actor=self.actor, invoice=self.rows[bill], amount=amount, reason="x", key=key
                )
            assert caught.value.code == "amount"
            return
        note = issue_credit_note(
            actor=self.actor, invoice=self.rows[bill], amount=amount, reason="x", key=key
        )
        self.model.credit(bill, amount, PRESENT)
        assert note.number == self.model.number("CN-")
        assert note.total == note.net + note.tax == amount

    # What holds --------------------------------------------------------------------------------
    @invariant()
    def ledger_and_balance_agree(self) -> None:
        balance = self.balance()
        assert balance.amount == self.model.balance()
        assert balance.reserved == self.model.reserved
        rows = [
            *LedgerEntry.objects.filter(balance=balance),
            *UsageEntry.objects.filter(balance=balance),
        ]
        assert balance.amount == sum(row.amount for row in rows)

    @invariant()
    def invoices_agree(self) -> None:
        for bill, row in self.rows.items():
            row.refresh_from_db()
            total = self.model.total(bill) if bill.state == "draft" else bill.total
            assert (row.state, row.number, row.total) == (bill.state, bill.number, total)
            assert row.open_amount == self.model.open_amount(bill)

    @invariant()
    def the_proof_holds(self) -> None:
        assert [*verify.differences()] == []


@pytest.mark.django_db
def test_money_and_a_naive_model_agree() -> None:
    """Each example runs in a savepoint that is rolled back: it starts with the same world."""
    world = build_world()

    class InSavepoint(MoneyMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = world
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
            derandomize="MONEY_EXAMPLES" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )


FIRST: list[tuple[str, dict[str, Any]]] = [
    ("post", {"kind": "debit", "amount": Decimal("9.000005")}),
    ("move", {"amount": Decimal(5), "is_back": False}),
    ("close", {"fee": "3.33", "tax": 7}),
    ("issue", {"number": 0}),
    ("void", {"number": 0}),
    ("issue_again", {"number": 0}),
]
WALK = {
    "post": 5,
    "charge": 2,
    "close": 2,
    "issue": 4,
    "reverse": 2,
    "void": 1,
    "issue_again": 3,
    "credit": 1,
    "hold": 3,
    "hold_longer": 1,
    "let_one_go": 1,
    "sweep": 1,
    "move": 2,
    "move_back": 1,
    "take_back": 1,
}


@pytest.mark.parametrize("seed", range(1, 1 + WALKS))
def test_a_long_walk_agrees_at_every_step(world: World, seed: int) -> None:
    """What hypothesis seldom comes to: months of everything, a voided one first."""
    walk, machine = random.Random(seed), MoneyMachine()
    machine.world = world
    machine.begin()
    for name, values in FIRST:
        getattr(machine, name)(**values)
    for _step in range(90):
        name = walk.choices([*WALK], [*WALK.values()])[0]
        if is_possible(machine, name):
            getattr(machine, name)(**arguments(walk, name))
        machine.ledger_and_balance_agree()
        machine.invoices_agree()
        machine.wallet_agrees()
    machine.the_proof_holds()
    assert machine.model.numbers["INV-"] >= 2
    assert machine.model.paid


def is_possible(machine: MoneyMachine, name: str) -> bool:
    known = {
        "reverse": machine.kept(),
        "take_back": machine.kept(),
        "move_back": machine.kept_moves(),
        "hold_longer": machine.holds,
        "let_one_go": machine.holds,
        "issue": machine.bills("draft"),
        "void": machine.bills("issued"),
        "credit": machine.bills("issued"),
        "issue_again": machine.replaceable(),
        "close": range(MONTHS - machine.month),
    }
    return bool(known.get(name, True))


def arguments(walk: random.Random, name: str) -> dict[str, object]:
    amount = Decimal(walk.randint(1, 6 * 10**7)) / 10**6
    kind = walk.choice(("debit", "debit", "credit", "add_funds", "add_funds", "opening"))
    number, days = walk.randint(0, 30), walk.randint(-1, 9)
    known: dict[str, dict[str, object]] = {
        "post": {"kind": kind, "amount": amount * (3 if kind == "add_funds" else 1)},
        "charge": {"minutes": walk.randint(1, 900), "is_late": walk.random() < 0.3},
        "close": {"fee": walk.choice(["", "3.33"]), "tax": walk.choice([0, 7, 20])},
        "credit": {"number": number, "amount": Decimal(walk.randint(1, 2000)) / 100},
        "hold": {"amount": amount, "days": days},
        "hold_longer": {"number": number, "amount": amount, "days": abs(days)},
        "sweep": {"days": days},
        "move": {"amount": amount, "is_back": walk.random() < 0.4},
    }
    return known.get(name, {"number": number})
