"""Transfers between a customer and its account: both ways, once, never more than there is."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.urls import reverse

from billing.models import Balance, LedgerEntry
from billing.services import verify
from billing.services.reservations import reserve
from billing.services.reversals import reverse_entry
from billing.services.transfers import transfer_funds
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.billing.money import amount_of, fresh, paying_account, post
from tests.billing.test_ledger_pages import browser
from tests.concurrency.threads import at_once
from tests.world import OPENED, World, build_world


def move(
    world: World, source: Balance, target: Balance, amount: str, who: str = "shop", **given: Any
) -> LedgerEntry:
    values = {"key": fresh()} | given
    return transfer_funds(
        actor=world.actor(who), source=source, target=target, amount=Decimal(amount), **values
    )


def refusal(*arguments: Any, **given: Any) -> str:
    with pytest.raises(DomainError) as refused:
        move(*arguments, **given)
    return refused.value.code


def test_money_goes_to_the_account_and_back(world: World) -> None:
    own, account = world.balance("shop"), paying_account(world)
    out = move(world, own, account, "40", notes="For calls")
    assert (out.kind, out.amount, out.balance_after) == ("transfer", Decimal(-40), Decimal(60))
    assert (amount_of(own), amount_of(account)) == (60, 40)
    move(world, account, own, "15")
    assert (amount_of(own), amount_of(account)) == (75, 25)
    events = AuditEvent.objects.filter(action__startswith="funds_").values_list("action", flat=True)
    assert sorted(events) == ["funds_taken_back", "funds_transferred"]
    assert [*verify.differences()] == []


def test_a_form_sent_twice_moves_once(world: World) -> None:
    own, account = world.balance("shop"), paying_account(world)
    key = fresh()
    assert move(world, own, account, "5", key=key) == move(world, own, account, "5", key=key)
    assert refusal(world, own, account, "6", key=key) == "key_reused"
    assert (amount_of(own), amount_of(account)) == (95, 5)


def test_no_more_leaves_than_is_available(world: World) -> None:
    own, account = world.balance("shop"), paying_account(world)
    Balance.objects.filter(pk=own.pk).update(credit_limit=50)
    reserve(holds=[(own.pk, Decimal(30))], key="call", expires_at=OPENED)
    assert refusal(world, own, account, "120.01") == "available"
    move(world, own, account, "120")
    assert refusal(world, own, account, "0") == "amount"


def test_an_account_gives_back_only_what_was_moved_to_it(world: World) -> None:
    """Its balance is its customer's to make; the customer's own with its owner is not."""
    own, account = world.balance("shop"), paying_account(world)
    post(account, "add_funds", "1000")
    assert refusal(world, account, own, "1") == "moved"
    first = move(world, own, account, "40")
    move(world, account, own, "30")
    assert refusal(world, account, own, "10.01") == "moved"
    with pytest.raises(DomainError) as refused:  # it would come back twice
        reverse_entry(actor=world.actor("shop"), entry=first, reason="x", key=fresh())
    assert refused.value.code == "moved"
    assert (amount_of(own), amount_of(account)) == (90, 1010)


def test_a_reversal_takes_back_both_legs(world: World) -> None:
    own, account = world.balance("shop"), paying_account(world)
    move(world, own, account, "40")
    into = LedgerEntry.objects.get(balance=account, kind="transfer")
    for who in ("sub_reseller", "reseller"):
        with pytest.raises(PermissionDenied):
            reverse_entry(actor=world.actor(who), entry=into, reason="x", key=fresh())
    reverse_entry(actor=world.actor("shop"), entry=into, reason="Mistake", key=fresh())
    assert (amount_of(own), amount_of(account)) == (100, 0)
    assert LedgerEntry.objects.filter(kind="reversal").aggregate(s=Sum("amount"))["s"] == 0
    assert [*verify.differences()] == []


def test_only_the_customer_itself_moves_it_and_only_in_a_pair(world: World) -> None:
    own, account = world.balance("shop"), paying_account(world)
    for who in ("sub_reseller", "operator", "sub_customer"):
        with pytest.raises(PermissionDenied):
            move(world, own, account, "1", who)
    with pytest.raises(PermissionDenied):
        move(world, world.balance("sub_customer"), account, "1")
    with pytest.raises(PermissionDenied):
        move(world, own, own, "1")


@pytest.mark.django_db(transaction=True)
def test_both_ways_at_once_neither_block_nor_lose_a_cent() -> None:
    world = build_world()
    own, account = world.balance("shop"), paying_account(world)
    move(world, own, account, "50")
    there = [partial(move, world, own, account, "1") for _ in range(5)]
    back = [partial(move, world, account, own, "1") for _ in range(5)]
    at_once(*there, *back)
    assert (amount_of(own), amount_of(account)) == (50, 50)
    assert [*verify.differences()] == []


@pytest.mark.django_db(transaction=True)
def test_the_last_money_goes_once() -> None:
    world = build_world()
    own, account = world.balance("shop"), paying_account(world)

    def tried() -> str:
        try:
            move(world, own, account, "60")
        except DomainError as error:
            return error.code
        return "moved"

    assert sorted(at_once(tried, tried, tried)) == ["available", "available", "moved"]
    assert (amount_of(own), amount_of(account)) == (40, 60)


def test_the_page_moves_money_both_ways(world: World) -> None:
    own, account = world.balance("shop"), paying_account(world)
    client = browser(world, "shop")
    address = reverse("billing:transfer", args=[world.account.pk])
    for page in ("billing:account_ledger", "accounts:account_detail"):
        shown = client.get(reverse(page, args=[world.account.pk])).content.decode()
        assert address in shown
    key = fresh()
    for _press in range(2):
        answer = client.post(
            address, {"direction": "to_account", "amount": "25", "idempotency_key": key}
        )
        assert answer.status_code == 302
    assert (amount_of(own), amount_of(account)) == (75, 25)
    values = {"direction": "to_customer", "amount": "25.01", "idempotency_key": fresh()}
    assert client.post(address, values).status_code == 422
    assert client.post(address, values | {"amount": "5"}).status_code == 302
    assert (amount_of(own), amount_of(account)) == (80, 20)


def test_the_page_is_the_customers_own(world: World) -> None:
    address = reverse("billing:transfer", args=[world.account.pk])
    assert browser(world, "shop").get(address).status_code == 404  # charged with the customer
    paying_account(world)
    assert browser(world, "shop").get(address).status_code == 200
    assert browser(world, "sub_reseller").get(address).status_code == 403
    assert browser(world, "other_reseller").get(address).status_code == 404
