"""The ledger: one entry per key, running balances, conversion once, periods, and one writer."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.models import Balance, BillingPeriod, LedgerEntry
from billing.services import verify
from billing.services.ledger import Posting, post_entry, post_usage
from billing.services.maintenance import maintain
from softswitch.core.errors import DomainError
from tariffs.models import Currency
from tariffs.selectors import convert
from tariffs.services.exchange import add_exchange_rate
from tests.world import OPENED, World

CENT = Decimal("0.01")


def posting(key: str, amount: str = "5", currency: str = "GBP") -> Posting:
    return Posting(kind="credit", amount=Decimal(amount), currency=currency, key=key)


def post(world: World, one: Posting, who: str = "sub_reseller") -> LedgerEntry:
    balance = world.balance(who)
    return post_entry(actor=world.actor("reseller"), balance_id=balance.pk, posting=one)


def test_an_entry_moves_the_balance_and_says_what_it_was_after(world: World) -> None:
    first, second = post(world, posting("a")), post(world, posting("b", "-7.5"))
    assert [(e.sequence, e.balance_after) for e in (first, second)] == [
        (1, 5),
        (2, Decimal("-2.5")),
    ]
    balance = world.balance("sub_reseller")
    assert (balance.amount, balance.last_sequence) == (Decimal("-2.5"), 2)
    assert (first.customer, first.issuer) == (world.sub_reseller, world.reseller)
    assert first.period.starts_at <= first.posted_at < first.period.ends_at


def test_the_same_key_posts_once(world: World) -> None:
    first = post(world, posting("a"))
    assert post(world, posting("a")) == first
    assert world.balance("sub_reseller").amount == 5


@pytest.mark.parametrize("other", [posting("a", "6"), posting("a", currency="USD")])
def test_a_key_used_for_something_else_is_refused(world: World, other: Posting) -> None:
    post(world, posting("a"))
    with pytest.raises(DomainError) as caught:
        post(world, other)
    assert caught.value.code == "key_reused"
    assert world.balance("sub_reseller").amount == 5


def test_another_currency_is_converted_once(world: World) -> None:
    entry = post(world, posting("a", "10", "EUR"))
    assert entry.amount == Decimal("8.333333")  # 10 * 1.25 / 1.5, half-up
    assert entry.exchange_rate == Decimal("0.8333333333")
    assert (entry.original_amount, entry.original_currency_id) == (Decimal(10), "EUR")


def test_a_currency_without_a_rate_posts_nothing(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        post(world, posting("a", "10", "JPY"))
    assert caught.value.code == "no_exchange_rate"
    assert world.balance("sub_reseller").last_sequence == 0


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0.0000001", "GBP"), ("1.2345678", "USD"), ("0.000001", "VND"), ("99999999999999.9", "EUR")],
)
def test_an_amount_that_the_ledger_cannot_hold_is_refused(
    world: World, amount: str, currency: str
) -> None:
    quote(world, "VND", "0.00004")
    post(world, posting("first", "90000000000000"))
    with pytest.raises(DomainError) as caught:
        post(world, posting("a", amount, currency))
    assert caught.value.code == "amount"
    assert world.balance("sub_reseller").last_sequence == 1


@pytest.mark.parametrize(
    ("action", "amount", "code"),
    [("usage", "1", "action"), ("credit", "NaN", "amount"), ("credit", "0", "amount")],
)
def test_maintenance_refuses_what_it_does_not_know(
    world: World, action: str, amount: str, code: str
) -> None:
    with pytest.raises(DomainError) as caught:
        maintain(
            actor=world.actor("reseller"),
            balance=world.balance("sub_reseller"),
            action=action,
            amount=Decimal(amount),
            currency="GBP",
            key="a",
        )
    assert caught.value.code == code


def quote(world: World, code: str, rate: str) -> None:
    add_exchange_rate(
        actor=world.actor("operator"),
        currency=Currency.objects.get(code=code),
        valid_on=date(2026, 1, 1),
        rate=Decimal(rate),
    )


def test_a_conversion_is_rounded_once_whatever_its_size(world: World) -> None:
    quote(world, "KWD", "123456.7890123457")
    found = convert(Decimal("10007723.529407"), source="KWD", target="USD", at=OPENED)
    assert found.amount == Decimal("1235521412263.887646")  # exactly ...646 4999999999


def test_a_cross_rate_is_rounded_half_up_like_those_of_charges(world: World) -> None:
    quote(world, "VND", "0.0000000001")
    quote(world, "KWD", "2")
    found = convert(Decimal(1), source="VND", target="KWD", at=OPENED)
    assert found.exchange_rate == Decimal("0.0000000001")


def test_an_entry_before_the_opening_belongs_to_the_first_period(world: World) -> None:
    balance, moment = world.balance("sub_reseller"), OPENED - timedelta(days=3)
    entry = post_entry(
        actor=world.actor("reseller"), balance_id=balance.pk, posting=posting("a"), at=moment
    )
    assert (entry.posted_at, entry.period.starts_at) == (moment, OPENED)


def test_an_entry_of_a_closed_period_goes_to_the_next_open_one(world: World) -> None:
    balance = world.balance("sub_reseller")
    actor, moment = world.actor("reseller"), OPENED + timedelta(days=3)
    first = post_entry(actor=actor, balance_id=balance.pk, posting=posting("a"), at=moment)
    BillingPeriod.objects.filter(pk=first.period_id).update(closed_at=first.period.ends_at)
    second = post_entry(actor=actor, balance_id=balance.pk, posting=posting("b"), at=moment)
    assert second.period.starts_at == first.period.ends_at
    assert second.posted_at == moment


def test_usage_is_posted_only_with_its_charges(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="in the transaction"):
        post_usage(balance_ids=[1], known=set())


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cents=st.lists(st.integers(-(10**9), 10**9).filter(bool), min_size=1, max_size=6))
def test_a_balance_is_always_the_sum_of_its_entries(world: World, cents: list[int]) -> None:
    with transaction.atomic():
        for number, amount in enumerate(cents):
            kind = "debit" if amount < 0 else "credit"
            post(world, replace(posting(f"k{number}", str(amount * CENT)), kind=kind))
        balance = Balance.objects.get(pk=world.balance("sub_reseller").pk)
        assert balance.amount == sum(cents) * CENT
        assert [*verify.differences()] == []
        transaction.set_rollback(True)
