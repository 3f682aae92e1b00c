"""What each viewer reads of the calls: its own price and the next one below, never one above."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from billing.models import Charge
from calls.choices import CallResult
from calls.models import Call
from calls.selectors.cdrs import CallSearch, call_keys, call_lines, visible_call
from calls.selectors.totals import call_totals
from calls.services.charging import charge_pending
from customers.models import User
from customers.selectors import actor_for
from customers.tenancy import Actor
from tests.calls.stored import START, store_call
from tests.world import World

pytestmark = pytest.mark.django_db
VIEWERS = ("operator", "reseller", "sub_reseller", "sub_customer", "shop", "other_reseller")


def search(**values: Any) -> CallSearch:
    return CallSearch(START - timedelta(days=1), START + timedelta(days=1), **values)


def found(actor: Actor, **values: Any) -> set[int]:
    return {row["call_id"] for row in call_keys(actor, search(**values))}


def account_actor(world: World) -> Actor:
    return actor_for(User.objects.get(account=world.account))


@pytest.fixture
def calls(world: World) -> dict[str, Call]:
    """One call of each result, a call of another customer, and one of nobody known."""
    rates = {"charged": "442079460000", "failed": "442079460001"}
    stored = {
        "charged": store_call(world.shop, rates["charged"], 61, account=world.account),
        "failed": store_call(world.shop, rates["failed"], account=world.account, answered=False),
        "other": store_call(world.sub_customer, "33123456789", 30),
        "unknown": store_call(None, "442079460002"),
    }
    charge_pending()
    stored["waiting"] = store_call(world.shop, "442079460003", account=world.account)
    return stored


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("operator", {"charged", "failed", "other", "unknown", "waiting"}),
        ("reseller", {"charged", "failed", "other", "waiting"}),
        ("sub_reseller", {"charged", "failed", "waiting"}),
        ("shop", {"charged", "failed", "waiting"}),
        ("sub_customer", {"other"}),
        ("other_reseller", set()),
    ],
)
def test_each_sees_the_calls_of_its_subtree(
    world: World, calls: dict[str, Call], who: str, seen: set[str]
) -> None:
    actor = world.actor(who)
    assert found(actor) == {calls[name].id for name in seen}
    assert {name for name, call in calls.items() if visible_call(actor, call.id)} == seen


def test_an_accounts_user_sees_its_account_without_the_customers_price(
    world: World, calls: dict[str, Call]
) -> None:
    actor = account_actor(world)
    keys = list(call_keys(actor, search()))
    assert {key["call_id"] for key in keys} == {
        calls[name].id for name in ("charged", "failed", "waiting")
    }
    line = call_lines(actor, keys)[calls["charged"].id]
    assert line.paid is None
    assert line.charged is None
    assert call_totals(actor, search()).paid is None


@pytest.mark.parametrize("who", VIEWERS[:5])
def test_prices_are_the_own_and_the_next_below(
    world: World, calls: dict[str, Call], who: str
) -> None:
    actor = world.actor(who)
    levels = {c.customer_id: c for c in Charge.objects.filter(call_id=calls["charged"].id)}
    lines = call_lines(actor, list(call_keys(actor, search())))
    if calls["charged"].id not in lines:
        assert who == "sub_customer"
        return
    line = lines[calls["charged"].id]
    own = levels.get(actor.customer_id)
    below = next((c for c in levels.values() if c.issuer_id == actor.customer_id), None)
    assert line.paid == own
    assert line.charged == below
    assert line.result is CallResult.CHARGED


def test_every_result_finds_what_wears_it(world: World, calls: dict[str, Call]) -> None:
    for who in ("operator", "reseller", "sub_reseller", "shop"):
        actor = world.actor(who)
        lines = call_lines(actor, list(call_keys(actor, search())))
        for result in set(CallResult) - {CallResult.ANSWERED}:  # worn where no price is seen
            wears = {call_id for call_id, line in lines.items() if line.result is result}
            assert found(actor, result=result.value) == wears, (who, result)
    assert found(world.actor("operator"), result="unrated") == {calls["unknown"].id}
    assert found(world.actor("shop"), result="failed") == {calls["failed"].id}


def test_search_by_customer_account_and_number(world: World, calls: dict[str, Call]) -> None:
    root = world.actor("operator")
    assert found(root, customer_id=world.sub_reseller.pk) == {
        calls[name].id for name in ("charged", "failed", "waiting")
    }
    assert found(root, account_id=world.account.pk) == found(world.actor("shop"))
    french = Q(called_number__startswith="33")
    assert found(world.actor("reseller"), condition=french) == {calls["other"].id}
    assert found(world.actor("shop"), condition=french) == set()


def test_totals_add_up_what_is_listed(world: World, calls: dict[str, Call]) -> None:
    actor = world.actor("reseller")
    totals = call_totals(actor, search())
    lines = list(call_lines(actor, list(call_keys(actor, search()))).values())
    assert totals.calls == len(lines) == 4
    assert totals.answered == 3
    assert totals.milliseconds == sum(line.call.duration_ms for line in lines)
    assert totals.paid is not None
    assert totals.paid.currency == world.balance("reseller").currency_id == "EUR"
    assert totals.paid.amount == sum(line.paid.amount for line in lines if line.paid)
    assert totals.charged is not None
    assert totals.charged.currency == "USD"
    assert totals.charged.amount > 0
    assert call_totals(actor, search(result="waiting")).paid is None
    assert totals.asr == Decimal(75)


def test_the_statements_do_not_grow_with_the_rows(
    world: World, django_assert_num_queries: Any
) -> None:
    for number in range(12):
        store_call(world.shop, f"44207946{number:04}", account=world.account)
    charge_pending()
    actor = world.actor("reseller")
    keys = list(call_keys(actor, search()))
    for some in (keys[:2], keys):
        with django_assert_num_queries(4):
            assert len(call_lines(actor, some)) == len(some)


def test_page_one_reads_one_partition_by_its_index(world: World, calls: dict[str, Call]) -> None:
    """Of a year of partitions, those outside the search are not even opened."""
    store_call(world.shop, "442079460009", at=START - timedelta(days=60))
    charge_pending()
    store_call(world.shop, "442079460010", account=world.account)
    rows = call_keys(world.actor("reseller"), search()).order_by("-setup_at", "-call_id")[:25]
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on billing_charge" not in plan, plan
    assert "billing_charge_2026_03" in plan
    assert "billing_charge_2026_01" not in plan
    assert "Index Scan" in plan
