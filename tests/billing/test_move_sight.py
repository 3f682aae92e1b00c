"""After a move: the old owner keeps its time, the new one has its own, the customer both."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.models import Balance, Charge, LedgerEntry, UsageEntry
from billing.selectors.balances import balance_of
from calls.models import Call
from calls.selectors.cdrs import CallSearch, call_keys, visible_call
from calls.selectors.explain import explain_call
from calls.services.charging import charge_pending
from customers.models import AuditEvent
from customers.services.customers import edit_profile
from tariffs.models import Tariff
from tests.billing.test_move import NUMBER, beside, fresh, move
from tests.calls.stored import START, store_call
from tests.world import World

__all__ = ["beside"]


def keys(world: World, who: str, **search: Any) -> set[int]:
    span = CallSearch(START - timedelta(days=300), datetime.now(UTC) + timedelta(days=1), **search)
    return {row["call_id"] for row in call_keys(world.actor(who), span)}


@pytest.fixture
def history(world: World, beside: Tariff) -> dict[str, Call]:
    """A call of the shop before and one after the move, charged, and one of each that is not."""

    def call(number: str, at: datetime | None = None) -> Call:
        return store_call(world.shop, number, at=at or datetime.now(UTC), account=world.account)

    stored = {"before": call(NUMBER, START), "unrated before": call("999", START)}
    Tariff.objects.get(owner=world.sub_reseller).rates.filter(prefix="").delete()
    charge_pending()
    move(world, beside)
    stored |= {"after": call(NUMBER), "unrated after": call("999")}
    charge_pending()
    stored["waiting before"] = call(NUMBER, START + timedelta(days=1))
    stored["waiting after"] = call(NUMBER)
    return stored


@pytest.mark.parametrize(
    ("who", "side"),
    [
        ("operator", ("before", "after")),
        ("sub_reseller", ("before", "after")),
        ("shop", ("before", "after")),
        ("reseller", ("before",)),
        ("other_reseller", ("after",)),
        ("sub_customer", ()),
    ],
)
def test_calls_stay_with_who_owned_the_customer_then(
    world: World, history: dict[str, Call], who: str, side: tuple[str, ...]
) -> None:
    names = {name for name in history if name.endswith(side)} if side else set()
    assert keys(world, who) == {history[name].id for name in names}
    for name, call in history.items():
        assert (visible_call(world.actor(who), call.id) is not None) is (name in names), name


def test_a_search_below_finds_only_the_time_of_the_viewer(
    world: World, history: dict[str, Call]
) -> None:
    after = {call.id for name, call in history.items() if name.endswith("after")}
    for customer in (world.sub_reseller, world.shop):
        assert keys(world, "other_reseller", customer_id=customer.pk) == after
        assert len(keys(world, "operator", customer_id=customer.pk)) == 6
    assert len(keys(world, "sub_reseller", customer_id=world.shop.pk)) == 6
    assert keys(world, "other_reseller", account_id=world.account.pk) == after


def test_each_is_told_the_prices_that_it_was_party_to(
    world: World, history: dict[str, Call]
) -> None:
    call = history["before"]
    told = {
        who: [level.customer for level in explain_call(call, world.actor(who))]
        for who in ("reseller", "sub_reseller", "shop")
    }
    assert told == {
        "reseller": [world.sub_reseller, world.reseller],
        "sub_reseller": [world.shop, world.sub_reseller],
        "shop": [world.shop],
    }


@pytest.mark.parametrize(
    ("who", "seen"),
    [("operator", 2), ("reseller", 1), ("other_reseller", 1), ("sub_reseller", 2), ("shop", 0)],
)
def test_balances_entries_and_usage_stay_with_their_pair(
    world: World, history: dict[str, Call], who: str, seen: int
) -> None:
    actor = world.actor(who)
    pairs = Balance.objects.visible_to(actor).filter(customer=world.sub_reseller)
    assert pairs.count() == seen
    issuers = {"reseller": {world.reseller.pk}, "other_reseller": {world.other_reseller.pk}}
    for model in (Charge, UsageEntry, LedgerEntry, Balance):
        rows = model.objects.visible_to(actor).filter(customer=world.sub_reseller)
        told = set(rows.values_list("issuer", flat=True))
        assert told <= issuers.get(who, told), model
    assert (balance_of(world.sub_reseller) in pairs) is (seen == 2 or who == "other_reseller")


def test_events_name_nobody_that_their_reader_may_not_know(world: World, beside: Tariff) -> None:
    edit_profile(
        actor=world.actor("reseller"),
        customer=world.sub_reseller,
        values={"internal_notes": "pays late", "max_depth": 3},
    )
    move(world, beside)
    told = {
        who: set(
            AuditEvent.objects.visible_to(world.actor(who))
            .filter(customer=world.sub_reseller)
            .values_list("action", flat=True)
        )
        for who in ("reseller", "other_reseller", "sub_reseller", "sub_customer")
    }
    assert "customer_moved_away" in told["reseller"]
    assert {"customer_moved_here", "provider_changed"} & told["reseller"] == set()
    assert told["other_reseller"] == {"customer_moved_here", "provider_changed"}
    assert "provider_changed" in told["sub_reseller"]
    assert {"customer_moved_here", "customer_moved_away"} & told["sub_reseller"] == set()
    assert told["sub_customer"] == set()
    names = (world.reseller.name, world.other_reseller.name)
    for event in AuditEvent.objects.filter(customer=world.sub_reseller, action__contains="move"):
        assert not any(name in str(event.changes) for name in names)
    kept = AuditEvent.objects.get(action="customer_moved_away").changes
    assert kept["internal_notes"] == ["pays late", ""]
    moved = fresh(world.sub_reseller)
    assert (moved.internal_notes, moved.max_depth) == ("", None)
