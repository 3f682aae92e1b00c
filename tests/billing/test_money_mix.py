"""Money under a random mix of what people and calls do: recomputed from the raw rows by hand."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from django.db import connection
from django.utils.timezone import now

from accounts.models import Account
from accounts.services.cards import NewCards
from accounts.services.vouchers import NewBatch, create_batch, export_pins
from billing.models import Balance
from billing.services import verify
from billing.services.accounts import AccountTariff, close_account, open_account, set_charging
from billing.services.archive import archive_customer
from billing.services.cards import open_cards
from billing.services.maintenance import maintain
from billing.services.move import NewTerms, move_customer
from billing.services.resets import reset_balance
from billing.services.vouchers import redeem_voucher
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from customers.models import Customer
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.calls.stored import store_call
from tests.world import OPENED, World, actor_of, customer_of, tariff_with_rates

CURRENCIES = ("USD", "EUR", "GBP", "BHD")
SUMS = """
SELECT balance_id, issuer_id, amount FROM billing_ledgerentry
UNION ALL SELECT balance_id, issuer_id, amount FROM billing_usageentry
"""
CHARGED = "SELECT balance_id, issuer_id, -amount FROM billing_charge"
USED = "SELECT balance_id, issuer_id, amount FROM billing_usageentry"


class Mix:
    """A world and what can happen in it; ``seen`` counts what did, and what was refused."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)
        self.pins: list[tuple[int, str]] = []
        self.seen: Counter[str] = Counter()
        self.number = 0
        for owner in (world.reseller, world.other_reseller, world.sub_reseller):
            tariff_with_rates(owner, f"Mix {owner.pk}", self.random.choice(CURRENCIES), factor="7")

    def step(self) -> None:
        """One thing at random, some of them more often than others."""
        self.number += 1
        often: list[Callable[[], None]] = [self.call] * 8 + [self.fund] * 3 + [self.redeem] * 2
        act = self.random.choice(
            [*often, self.open, self.cards, self.vouchers, self.charging, self.move, self.reset]
            + [self.archive] * (self.number % 4 == 0)
            + [self.close] * (self.number % 2 == 0)
        )
        try:
            act()
        except DomainError as error:
            self.seen[f"{act.__name__}: {error.code}"] += 1
        else:
            self.seen[act.__name__] += 1

    def amount(self) -> Decimal:
        return Decimal(self.random.randint(1, 10**9)) / 10**6

    def moment(self) -> datetime:
        """Since the opening of all, or before one of the last changes: late."""
        ago = self.random.choice([timedelta(days=200), timedelta(seconds=2)])
        return max(OPENED + timedelta(days=1), now() - ago * self.random.random())

    def customer(self) -> Customer:
        """A live customer below Root."""
        rows = Customer.objects.live().filter(is_root=False).order_by("pk")
        return self.random.choice(list(rows))

    def account(self) -> Account:
        return self.random.choice(list(Account.objects.order_by("pk")))

    def tariff(self, owner: Customer) -> Tariff:
        return self.random.choice(list(Tariff.objects.filter(owner=owner).order_by("pk")))

    def open(self) -> None:
        owners = Customer.objects.live().filter(kind="reseller", tariffs__isnull=False)
        owner = self.random.choice(list(owners.order_by("pk").distinct()))
        kind, name = self.random.choice(("reseller", "business")), f"New {self.number}"
        tariff = self.tariff(owner)
        customer_of(
            owner,
            name,
            kind,
            tariff,
            opening_balance=self.amount(),
            currency=self.random.choice(CURRENCIES),
        )
        made = Customer.objects.get(name=name)
        own = None
        if kind == "reseller":
            own = AccountTariff(
                tariff_with_rates(made, f"Own {made.pk}", self.random.choice(CURRENCIES)),
                opening_balance=self.amount(),
            )
        open_account(
            actor=actor_of(made),
            customer=made,
            auth_name=f"mix-{self.number}",
            by_itself=own,
            opened_at=OPENED,
        )

    def call(self) -> None:
        """A call of an account, archived ones too: it comes in late; charged now or later."""
        account = self.account()
        seconds = self.random.choice((0.4, 59, 61, 3600))
        at = max(self.moment(), account.opened_at)
        customer = Customer.objects.get(pk=account.customer_id)
        store_call(customer, "442071234567", seconds, at=at, account=account)
        if self.random.random() < 0.5:
            charge_pending(limit=3)

    def fund(self) -> None:
        """Maintenance sent twice posts once; archived ones and closed balances refuse it."""
        balance = self.random.choice(list(Balance.objects.order_by("pk")))
        entries = [
            maintain(
                actor=actor_of(balance.issuer),
                balance=balance,
                action=action,
                amount=amount,
                currency=code,
                key=f"fund {self.number}",
            )
            for action, amount, code in 2
            * [
                (
                    self.random.choice(("debit", "credit", "add_funds")),
                    self.amount(),
                    self.random.choice(CURRENCIES),
                )
            ]
        ]
        assert entries[0].pk == entries[1].pk

    def vouchers(self) -> None:
        owner = self.random.choice([self.world.reseller, self.world.sub_reseller])
        actor = actor_of(owner)
        new = NewBatch(f"V {self.number}", 3, self.amount(), self.random.choice(CURRENCIES))
        batch = create_batch(actor=actor, new=new)
        found = export_pins(actor=actor, batch=batch)
        self.pins += [(owner.pk, pin) for _serial, pin in found]

    def redeem(self) -> None:
        """A PIN, also one that was used: it stays in the list; closed balances refuse it."""
        if not self.pins:
            self.vouchers()
        owner, pin = self.random.choice(self.pins)
        balances = Balance.objects.filter(issuer=owner).order_by("pk")
        balance = self.random.choice(list(balances))
        redeem_voucher(actor=actor_of(balance.issuer), balance=balance, pin=pin)

    def cards(self) -> None:
        owner = self.random.choice([self.world.reseller, self.world.sub_reseller])
        new = NewCards(f"C {self.number}", 2, self.amount(), self.tariff(owner), lifetime_days=30)
        open_cards(actor=actor_of(owner), customer=owner, new=new)

    def charging(self) -> None:
        account = self.account()
        customer = Customer.objects.get(pk=account.customer_id)
        own = list(Tariff.objects.filter(owner=customer).order_by("pk"))
        terms = AccountTariff(self.random.choice(own)) if own else None
        by_itself = self.random.choice([None, terms])
        set_charging(actor=actor_of(customer), account=account, by_itself=by_itself)

    def move(self) -> None:
        resellers = (self.world.reseller, self.world.other_reseller, self.world.sub_reseller)
        customer = self.customer()
        owner = Customer.objects.get(pk=self.random.choice(resellers).pk)
        tariff = self.tariff(owner)
        terms = NewTerms(tariff, currency=self.random.choice(["", tariff.currency_id]))
        move_customer(
            actor=self.world.actor("operator"),
            customer=customer,
            owner=owner,
            terms=terms,
            surplus=self.random.choice(("pay_out", "forfeit")),
            reason="Mix",
        )

    def reset(self) -> None:
        customer = self.customer()
        owner = actor_of(Customer.objects.get(pk=customer.owner_id))
        key = str(UUID(int=self.number))
        for _time in range(2):
            reset_balance(actor=owner, customer=customer, reason="Mix", key=key)

    def archive(self) -> None:
        """Only of those that came with the mix, so that the owners stay."""
        rows = Customer.objects.live().filter(name__startswith="New ").order_by("pk")
        for customer in list(rows)[:1]:
            owner = actor_of(Customer.objects.get(pk=customer.owner_id))
            archive_customer(actor=owner, customer=customer, surplus="forfeit", reason="Mix")

    def close(self) -> None:
        account = self.account()
        customer = Customer.objects.get(pk=account.customer_id)
        if customer.archived_at is None:
            close_account(
                actor=actor_of(customer), account=account, surplus="pay_out", reason="Mix"
            )


def sums(statement: str, column: int = 0) -> dict[int, Fraction]:
    """The amounts of raw rows by balance (0) or issuer (1), added up exactly."""
    found: dict[int, Fraction] = defaultdict(Fraction)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        for row in cursor.fetchall():
            found[row[column]] += Fraction(row[2])
    return found


def assert_adds_up() -> None:
    """Balances and what each owner is due, from the rows; and the proof of the ledger itself."""
    standing: dict[int, Fraction] = {}
    by_owner: dict[int, Fraction] = defaultdict(Fraction)
    for pk, issuer, amount in Balance.objects.values_list("pk", "issuer", "amount"):
        standing[pk] = Fraction(amount)
        by_owner[issuer] += Fraction(amount)
    for column, expected in ((0, standing), (1, by_owner)):
        found = sums(SUMS, column)
        assert {key: found.get(key, Fraction(0)) for key in expected} == dict(expected)
        assert found.keys() <= expected.keys()
        assert sums(CHARGED, column) == sums(USED, column)
    assert [*verify.differences(), *verify_calls.differences()] == []


@pytest.mark.parametrize("seed", [1, 2])
def test_every_balance_is_the_sum_of_its_rows(world: World, seed: int) -> None:
    mix = Mix(world, seed)
    for _step in range(60):
        mix.step()
    while not charge_pending().is_finished:
        continue
    assert_adds_up()
    assert mix.seen["call"] > 5, mix.seen
    assert mix.seen["fund"] > 1, mix.seen
