"""What the machine of money does now, beside its months.

It holds money back for calls, moves it to the account and back, and takes entries back as the pages
do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from billing.models import Balance, LedgerEntry, Reservation
from billing.services.reservations import ExhaustedError, expire_due, extend, release, reserve
from billing.services.reversals import reverse_entry
from billing.services.transfers import transfer_funds
from softswitch.core.errors import DomainError
from tests.billing.money import amount_of, fresh
from tests.billing.money_model import Model, Money
from tests.world import OPENED, World

PRESENT = 100  # the month of what is posted now, after all that are billed
AHEAD = datetime(2099, 1, 1, tzinfo=UTC)  # what expires then has not yet
AMOUNTS = st.decimals("0.000001", "60", places=6).filter(bool)
WHICH = st.integers(0, 30)
T = TypeVar("T")


def pick(known: list[T], number: int) -> T:
    return known[number % len(known)]


@dataclass(eq=False)
class Move:
    """What went to the account (or back, below 0) by one transfer; ``own`` is the other leg."""

    amount: Decimal
    own: Money
    entry: LedgerEntry


class Wallet(RuleBasedStateMachine):
    """The rules of now. ``holds`` is amount and day of expiry by key; ``moved`` the account's."""

    world: World
    model: Model
    entries: dict[Money, LedgerEntry]

    def open_wallet(self, account: Balance) -> None:
        self.account = account
        self.moved = Decimal(0)
        self.moves: list[Move] = []
        self.holds: dict[str, tuple[Decimal, int]] = {}

    # What there is ---------------------------------------------------------------------------
    def own_balance(self) -> Balance:
        return self.world.balance("shop")

    def available(self) -> Decimal:
        return self.model.balance() - self.model.reserved

    def kept(self) -> list[Money]:
        return [one for one in self.entries if not one.is_reversed]

    def kept_moves(self) -> list[Move]:
        return [move for move in self.moves if not move.own.is_reversed]

    # What is done ----------------------------------------------------------------------------
    @rule(amount=AMOUNTS, days=st.integers(-1, 9))
    def hold(self, amount: Decimal, days: int) -> None:
        """Days below 0 are over: it is given back where money is short, else when swept."""
        key, wanted = f"call-{len(self.holds)}-{fresh()}", [(self.own_balance().pk, amount)]
        over = {known for known, (_amount, day) in self.holds.items() if day < 0}
        short = self.available() < amount
        back = sum((self.holds[known][0] for known in over), Decimal(0)) if short else Decimal(0)
        if self.available() + back < amount:
            with refused(ExhaustedError):
                reserve(holds=wanted, key=key, expires_at=expiry(days))
            return
        for _press in range(2):
            reserve(holds=wanted, key=key, expires_at=expiry(days))
        for known in over if short else ():
            self.let_go(known)
        self.take(key, amount, days)

    @precondition(lambda self: self.holds)
    @rule(number=WHICH, amount=AMOUNTS, days=st.integers(0, 9))
    def hold_longer(self, number: int, amount: Decimal, days: int) -> None:
        key = pick([*self.holds], number)
        wanted = [(self.own_balance().pk, amount)]
        if amount > self.holds[key][0] and self.available() < amount - self.holds[key][0]:
            with refused(ExhaustedError):
                extend(key=key, expires_at=expiry(days), holds=wanted)
            return
        extend(key=key, expires_at=expiry(days), holds=wanted)
        self.let_go(key)
        self.take(key, amount, days)

    @precondition(lambda self: self.holds)
    @rule(number=WHICH)
    def let_one_go(self, number: int) -> None:
        key = pick([*self.holds], number)
        assert release(key=key) == {self.own_balance().pk: self.holds[key][0]}
        assert release(key=key) == {}
        self.let_go(key)

    @rule(days=st.integers(-1, 9))
    def sweep(self, days: int) -> None:
        over = [key for key, (_amount, day) in self.holds.items() if day <= days]
        assert expire_due(moment=expiry(days)) == len(over)
        for key in over:
            self.let_go(key)

    @rule(amount=AMOUNTS, is_back=st.booleans())
    def move(self, amount: Decimal, is_back: bool) -> None:
        """To the account, or back; no more than what stands there, less what is held of it."""
        own, key = self.own_balance(), fresh()
        source, target = (self.account, own) if is_back else (own, self.account)
        actor = self.world.actor("shop")
        if amount > (self.moved if is_back else self.available()):
            with refused(DomainError, "available"):
                transfer_funds(actor=actor, source=source, target=target, amount=amount, key=key)
            return
        entries = [
            transfer_funds(actor=actor, source=source, target=target, amount=amount, key=key)
            for _press in range(2)
        ]
        assert entries[0] == entries[1]
        signed = -amount if is_back else amount
        self.moved += signed
        one = self.model.post("payment", -signed, PRESENT, self.model.tick())
        self.moves.append(Move(signed, one, entries[0]))

    @precondition(lambda self: self.kept_moves())
    @rule(number=WHICH)
    def move_back(self, number: int) -> None:
        """Both legs come back, as far as the money is still where it went."""
        move, key = pick(self.kept_moves(), number), fresh()
        actor = self.world.actor("shop")
        there = self.moved if move.amount > 0 else self.available()
        if abs(move.amount) > there:
            with refused(DomainError, "available"):
                reverse_entry(actor=actor, entry=move.entry, reason="Wrong", key=key)
            return
        for _press in range(2):
            reverse_entry(actor=actor, entry=move.entry, reason="Wrong", key=key)
        with refused(DomainError, "reversed"):
            reverse_entry(actor=actor, entry=move.entry, reason="Wrong", key=fresh())
        self.moved -= move.amount
        self.model.reverse(move.own, PRESENT)

    @precondition(lambda self: self.kept())
    @rule(number=WHICH)
    def take_back(self, number: int) -> None:
        """As the page does it: now, whichever month the entry is of, billed or not."""
        one, key = pick(self.kept(), number), fresh()
        actor = self.world.actor("sub_reseller")
        found = [
            reverse_entry(actor=actor, entry=self.entries[one], reason="Wrong", key=key)
            for _press in range(2)
        ]
        assert found[0] == found[1]
        self.model.reverse(one, PRESENT)

    # What becomes of the model ---------------------------------------------------------------
    def take(self, key: str, amount: Decimal, days: int) -> None:
        self.holds[key] = amount, days
        self.model.reserved += amount

    def let_go(self, key: str) -> None:
        self.model.reserved -= self.holds.pop(key)[0]

    # What holds --------------------------------------------------------------------------------
    @invariant()
    def wallet_agrees(self) -> None:
        assert amount_of(self.account) == self.moved
        rows = Reservation.objects.values_list("key", "amount")
        assert dict(rows) == {key: amount for key, (amount, _day) in self.holds.items()}


def expiry(days: int) -> datetime:
    """So many days ahead; below 0 it is over already."""
    return OPENED if days < 0 else AHEAD + timedelta(days=days)


@contextmanager
def refused(error: type[DomainError], code: str = "") -> Iterator[None]:
    """Nothing of it stays; the rest of the example goes on in the same transaction."""
    with pytest.raises(error) as caught, transaction.atomic():
        yield
    assert code in ("", caught.value.code)
