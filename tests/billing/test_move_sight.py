"""After a move: the old owner keeps its time, the new one has its own, the customer both."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

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


def client_of(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("operator", 200),
        ("reseller", 200),
        ("sub_reseller", 200),
        ("other_reseller", 404),
        ("shop", 404),
        ("sub_customer", 404),
    ],
)
def test_the_books_of_a_pair_stay_open_to_those_who_were_party_to_it(
    world: World, history: dict[str, Call], who: str, status: int
) -> None:
    pair = Balance.objects.closed().get()
    address, client = reverse("billing:former_ledger", args=[pair.pk]), client_of(world, who)
    answer = client.get(address, {"since": "2026-03-01", "until": "2026-03-31"})
    assert answer.status_code == status
    shown = client.get(reverse("billing:former_list")).content.decode()
    assert (address in shown) is (status == 200)
    link = reverse("billing:former_list")
    assert (link in client.get(reverse("billing:entry_list")).content.decode()) is (status == 200)
    if status == 200:
        assert answer.context["statement"].closing == pair.amount - sum(
            LedgerEntry.objects.filter(balance=pair).values_list("amount", flat=True)
        )
        assert client.get(address, {"export": "csv"}).status_code == 200


def test_the_present_statement_leads_to_the_one_before(
    world: World, history: dict[str, Call]
) -> None:
    link = reverse("billing:former_list")
    own = client_of(world, "sub_reseller").get(reverse("billing:own_ledger"))
    assert link in own.content.decode()
    settled = LedgerEntry.objects.get(notes="Sold on")
    entry = client_of(world, "reseller").get(reverse("billing:entry_detail", args=[settled.pk]))
    former = reverse("billing:former_ledger", args=[settled.balance_id])
    assert former in entry.content.decode()
    ledger = reverse("billing:ledger", args=[world.sub_reseller.pk])
    assert link not in client_of(world, "other_reseller").get(ledger).content.decode()
    assert client_of(world, "reseller").get(ledger).status_code == 404


def test_the_cdr_list_and_its_export_name_only_the_time_of_the_viewer(
    world: World, history: dict[str, Call]
) -> None:
    for who, count in (("reseller", 3), ("other_reseller", 3), ("sub_reseller", 6)):
        client = client_of(world, who)
        query = {"since": "2026-01-01T00:00", "export": "csv"}
        answer = client.get(reverse("calls:call_list"), query)
        lines = b"".join(answer).decode().strip().splitlines()
        assert len(lines) == 1 + count, who
