"""What-ifs against an oracle that looks at one call after the other, and against what came true."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from billing.models import ArchivedMonth, Charge
from billing.services.move import NewTerms, move_customer
from calls.models import Destination, WhatIf
from calls.selectors.what_if import ResultSearch, result_of, sellers_of, unrated_in
from calls.services.charging import charge_pending
from calls.services.what_if import reading
from calls.services.what_if.asking import (
    Question,
    ask_again,
    ask_what_if,
    delete_what_if,
    rename_what_if,
)
from calls.services.what_if.questions import Change
from calls.services.what_if.running import run_what_if
from softswitch.core.errors import DomainError
from tariffs.models import Rate, Tariff
from tests.calls.stored import START, store_call
from tests.calls.test_charging_random import change_terms
from tests.calls.traffic import Business
from tests.calls.what_if import SPAN, answer_of, asked, naive_answer
from tests.world import World, tariff_with_rates

pytestmark = pytest.mark.django_db
LONDON = "442071234567"
QUESTIONS = 14


@pytest.fixture
def business(world: World) -> Business:
    """Weeks of calls by changing terms, a customer that moves, some calls rated again."""
    made = Business(world, 11)
    for tariff in Tariff.objects.all():
        change_terms(tariff, made.chance)
    made.calls(90)
    made.hold_some_up()
    made.move()
    narrow = tariff_with_rates(world.reseller, "Narrow", "GBP", factor="3")
    Rate.objects.filter(tariff=narrow, prefix="").delete()
    Rate.objects.filter(tariff=narrow, prefix="33").update(is_forbidden=True)
    return made


def tariff(name: str) -> Tariff:
    return Tariff.objects.get(name=name)


def rerated(chance: random.Random) -> None:
    """Correct some charges by a second revision, as rating again does."""
    for one in Charge.objects.filter(amount__gt=0).order_by("call_id", "level")[:40:3]:
        one.pk = (one.call_id, one.level, 1, one.setup_at)
        one.revision, one.amount = 1, -one.amount * chance.randrange(1, 9) / 10
        one.cost = one.amount
        one.save(force_insert=True)


class Asker:
    """Random questions of Root and of the reseller."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world, self.chance = world, chance

    def change(self, side: str, tariffs: list[Tariff]) -> Change:
        pick = self.chance.choice
        kind = pick(["tariff", "markup"])
        markup = pick(["percent", "fixed"])
        return Change(
            side=side,
            kind=kind,
            tariff=pick(tariffs).pk,
            replaces=pick([None, pick(tariffs).pk]) if side == "sell" else None,
            time=pick(["call", "now", "date"]),
            at=START + timedelta(days=self.chance.randrange(0, 40)),
            markup=markup,
            amount=Decimal(self.chance.randrange(-50 if markup == "percent" else 0, 90)) / 10,
            minimum=pick([None, Decimal("0.0007")]),
            decimals=pick([2, 4, 8]),
            rounding=pick(["up", "half_up"]),
            on_connect_fee=pick([True, False]),
        )

    def ask(self) -> tuple[WhatIf, list[int]]:
        pick, world = self.chance.choice, self.world
        who = pick(["operator", "reseller"])
        actor = world.actor(who)
        seller = pick([actor.customer, world.reseller])
        has_below = pick([True, False])
        sellers = sellers_of(seller, has_below=has_below)
        changes = []
        for owner in pick([[seller.pk], sellers]):
            tariffs = list(Tariff.objects.filter(owner=owner).order_by("pk"))
            if tariffs:
                changes.append(self.change("sell", tariffs))
        if not seller.is_root and self.chance.random() < 0.5:
            changes.append(self.change("buy", list(Tariff.objects.filter(owner=seller))))
        below = [world.sub_reseller, world.shop, world.sub_customer]
        visible = [one for one in below if type(one).objects.visible_to(actor).filter(pk=one.pk)]
        own = list(Tariff.objects.filter(owner=seller))
        what_if = asked(
            actor,
            *changes,
            seller=seller,
            has_below=has_below,
            customer=pick([None, None, *visible]),
            tariff=pick([None, None, pick(own)]),
            since=pick([SPAN[0], START + timedelta(days=9)]),
            until=pick([SPAN[1], START + timedelta(days=30, hours=5)]),
        )
        return what_if, sellers


def test_answers_equal_an_oracle_for_random_questions(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = business.chance
    rerated(chance)
    monkeypatch.setattr(reading, "CALLS_AT_ONCE", 17)
    asker, reasons = Asker(business.world, chance), set()
    changed = 0
    for number in range(QUESTIONS):
        monkeypatch.setattr(reading, "_DENSE", [0, 8][number % 2])
        what_if, sellers = asker.ask()
        answer = answer_of(what_if)
        assert answer == naive_answer(what_if, sellers)
        reasons |= {key[-1] for key in answer}
        changed += any(row[2] != row[3] for row in answer.values())
    assert reasons >= {"", "no_rate", "forbidden"}
    assert changed >= QUESTIONS / 3


def test_the_terms_that_calls_went_by_change_nothing(business: Business) -> None:
    for who in ("operator", "reseller"):
        actor = business.world.actor(who)
        own = Tariff.objects.filter(owner=actor.customer)
        same = [Change(tariff=one.pk, replaces=one.pk, time="call") for one in own]
        what_if = asked(actor, *same, has_below=True)
        rows = [row for key, row in answer_of(what_if).items() if not key[-1]]
        assert rows
        assert [(row[2], row[4]) for row in rows] == [(row[3], row[5]) for row in rows]
        assert sum(row[2] for row in rows) > 0


def test_what_was_said_comes_true_for_the_same_calls(world: World) -> None:
    """Assigned for good, another tariff charges the same calls what the what-if had said."""
    dear = tariff_with_rates(world.reseller, "Dear", "USD", factor="7", connect_fee=Decimal("0.03"))
    for seconds in (1, 61, 3599):
        store_call(world.shop, LONDON, seconds)
        store_call(world.sub_customer, "12125550100", seconds)
    charge_pending()
    retail = tariff("Retail")
    what_if = asked(
        world.actor("reseller"), Change(tariff=dear.pk, replaces=retail.pk, time="call")
    )
    said = result_of(what_if, ResultSearch()).total
    world.sub_reseller.tariff_assignments.update(tariff=dear)
    world.sub_customer.tariff_assignments.update(tariff=dear)
    later = START + timedelta(days=200)
    for seconds in (1, 61, 3599):
        store_call(world.shop, LONDON, seconds, at=later)
        store_call(world.sub_customer, "12125550100", seconds, at=later)
    charge_pending()
    now = asked(
        world.actor("reseller"),
        Change(tariff=dear.pk, time="call"),
        since=later,
        until=later + timedelta(days=1),
    )
    came = result_of(now, ResultSearch()).total
    assert (came.revenue_before, came.cost_before) == (said.revenue_after, said.cost_after)
    assert said.revenue_after != said.revenue_before
    assert came.revenue_after == came.revenue_before


def test_calls_without_a_rate_are_counted_apart_and_change_nothing(world: World) -> None:
    store_call(world.sub_customer, LONDON, 60)
    store_call(world.sub_customer, "33199990000", 60)
    charge_pending()
    narrow = tariff_with_rates(world.reseller, "Narrow", "EUR", factor="4")
    Rate.objects.filter(tariff=narrow, prefix__in=["", "33"]).delete()
    what_if = asked(world.actor("reseller"), Change(tariff=narrow.pk, time="call"))
    whole = result_of(what_if, ResultSearch())
    assert (whole.total.calls, unrated_in(what_if)) == (1, {2: 1})
    (row,) = result_of(what_if, ResultSearch(unrated=True)).rows
    assert (row.calls, row.reason) == (1, 2)
    assert row.revenue_before == row.revenue_after
    assert whole.total.revenue_after == 2 * (whole.total.revenue_before or 0)


def test_waiting_and_unrated_calls_are_told(world: World) -> None:
    Rate.objects.filter(tariff__name="Street", prefix__in=["", "33"]).delete()
    Tariff.objects.filter(name="Street").update(rates_revision=77)
    store_call(world.shop, "33199990000", 60)
    charge_pending()
    store_call(world.shop, LONDON, 60)
    store_call(world.other_reseller, LONDON, 60)
    change = Change(tariff=tariff("Wholesale").pk)
    assert asked(world.actor("operator"), change).left_out == {"waiting": 2, "unrated": 1}
    change = Change(tariff=tariff("Retail").pk)
    assert asked(world.actor("reseller"), change).left_out == {"waiting": 1, "unrated": 1}


def test_what_turns_to_a_loss_comes_first(world: World) -> None:
    for number in (LONDON, "12125550100"):
        store_call(world.sub_customer, number, 600)
    charge_pending()
    cheap = tariff_with_rates(world.reseller, "Cheap", "EUR", factor="2")
    Rate.objects.filter(tariff=cheap, prefix="1").update(price_1=0, price_n=0)
    Destination.objects.all().delete()
    what_if = asked(world.actor("reseller"), Change(tariff=cheap.pk))
    found = result_of(what_if, ResultSearch(group="destination"))  # type: ignore[arg-type]
    assert [row.label for row in found.losses] == ["Prefix 1"]
    assert found.rows[0].label == "Prefix 1"
    assert found.rows[0].becomes_loss
    assert found.total.margin_change == found.rows[0].margin_change


def test_a_killed_worker_s_what_if_goes_on_where_it_stands(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in range(9):
        store_call(world.sub_customer, LONDON, 60, at=START + timedelta(minutes=minute))
    charge_pending()
    monkeypatch.setattr(reading, "CALLS_AT_ONCE", 4)
    change = Change(tariff=tariff("Retail").pk, time="call")
    whole = answer_of(asked(world.actor("reseller"), change))
    question = Question(
        name="x",
        since=SPAN[0],
        until=SPAN[1],
        seller=world.reseller,
        changes=[Change(tariff=tariff("Retail").pk, time="call")],
    )
    what_if = ask_what_if(actor=world.actor("reseller"), question=question, by_job=False)
    assert run_what_if(what_if_id=what_if.pk, seconds=0) is False
    what_if.refresh_from_db()
    assert (what_if.state, what_if.rows.count()) == ("waiting", 1)
    # Killed in the middle: the lease holds others off, and then one takes over.
    WhatIf.objects.filter(pk=what_if.pk).update(state="running")
    assert run_what_if(what_if_id=what_if.pk)
    what_if.refresh_from_db()
    assert what_if.state == "running"
    WhatIf.objects.filter(pk=what_if.pk).update(updated_at=START)
    assert run_what_if(what_if_id=what_if.pk)
    what_if.refresh_from_db()
    assert (what_if.state, answer_of(what_if)) == ("done", whole)


def test_one_may_ask_about_what_one_sells_and_sees(world: World) -> None:
    other = tariff_with_rates(world.other_reseller, "Other", "USD")
    actor = world.actor("reseller")

    def refused(*changes: Change, **more: Any) -> str | None:
        asking: dict[str, Any] = {"name": "x", "since": SPAN[0], "until": SPAN[1]}
        asking |= {"seller": world.reseller, "changes": changes} | more
        question = Question(**asking)
        with pytest.raises(DomainError) as caught:
            ask_what_if(actor=actor, question=question)
        return caught.value.field

    retail = tariff("Retail").pk
    assert refused(Change(tariff=other.pk)) == "sell_tariff"
    assert refused(Change(tariff=tariff("Wholesale").pk)) == "sell_tariff"
    assert refused(Change(tariff=tariff("Street").pk)) == "sell_tariff"
    assert refused(Change(tariff=retail, replaces=other.pk)) == "sell_replaces"
    assert refused(Change(tariff=retail), customer=world.other_reseller) == "customer"
    assert refused(Change(tariff=retail), seller=world.root) == "seller"
    assert refused(Change(tariff=retail), seller=world.shop) == "seller"
    assert refused(Change(tariff=retail), until=SPAN[0]) == "until"
    assert refused(Change(tariff=retail), tariff=other) == "tariff"
    assert refused() == "sell_kind"
    with pytest.raises(PermissionDenied):
        asked(world.actor("shop"), Change(tariff=retail))
    assert not WhatIf.objects.exists()


def test_root_s_own_costs_are_not_asked_about(world: World) -> None:
    with pytest.raises(DomainError, match="not known"):
        asked(world.actor("operator"), Change(side="buy", tariff=tariff("Wholesale").pk))


def test_only_who_asked_or_edits_tariffs_changes_a_what_if(world: World) -> None:
    actor, other = world.actor("reseller"), world.actor("operator")
    what_if = asked(actor, Change(tariff=tariff("Retail").pk))
    for attempt in (ask_again, delete_what_if):
        with pytest.raises(PermissionDenied):
            attempt(actor=other, what_if=what_if)
    assert rename_what_if(actor=actor, what_if=what_if, name="Better").name == "Better"
    ask_again(actor=actor, what_if=what_if)
    with pytest.raises(DomainError, match="answered"):
        ask_again(actor=actor, what_if=what_if)
    delete_what_if(actor=actor, what_if=what_if)
    assert not WhatIf.objects.exists()
    assert run_what_if(what_if_id=what_if.pk)


def test_of_a_customer_that_moved_each_owner_is_told_its_own_time(world: World) -> None:
    store_call(world.shop, LONDON, 60)
    charge_pending()
    beside = tariff_with_rates(world.other_reseller, "Beside", "USD", factor="5")
    move_customer(
        actor=world.actor("operator"),
        customer=world.sub_reseller,
        owner=world.other_reseller,
        terms=NewTerms(beside),
        surplus="pay_out",
        reason="Sold on",
    )
    street = Change(tariff=tariff("Street").pk, time="call")
    below = asked(
        world.actor("other_reseller"),
        Change(tariff=beside.pk, time="call"),
        street,
        has_below=True,
    )
    assert answer_of(below) == {}
    seen = asked(world.actor("operator"), street, seller=world.sub_reseller)
    assert len(answer_of(seen)) == 1


def test_an_owner_that_a_seller_has_left_learns_no_later_prices_of_it(world: World) -> None:
    store_call(world.shop, LONDON, 60)
    charge_pending()
    actor, street = world.actor("reseller"), tariff("Street")
    what_if = asked(actor, Change(tariff=street.pk), seller=world.sub_reseller)
    kept = answer_of(what_if)
    move_customer(
        actor=world.actor("operator"),
        customer=world.sub_reseller,
        owner=world.other_reseller,
        terms=NewTerms(tariff_with_rates(world.other_reseller, "Beside", "USD")),
        surplus="pay_out",
        reason="Sold on",
    )
    with pytest.raises(DomainError) as caught:
        ask_again(actor=actor, what_if=what_if)
    assert caught.value.field == "seller"
    assert answer_of(what_if) == kept


def test_a_time_that_is_partly_archived_is_refused(world: World) -> None:
    street = Tariff.objects.get(name="Street")
    change = Change(tariff=street.pk)
    actor = world.actor("sub_reseller")
    what_if = asked(actor, change)
    ArchivedMonth.objects.create(month=START.date().replace(day=1), calls=0, charges=0)
    with pytest.raises(DomainError, match="Calls of 2026-03 are archived"):
        asked(actor, change)
    with pytest.raises(DomainError, match="Calls of 2026-03 are archived"):
        ask_again(actor=actor, what_if=what_if)


def test_a_month_that_is_archived_before_the_answer_leaves_none(world: World) -> None:
    question = Question(
        name="x",
        since=SPAN[0],
        until=SPAN[1],
        seller=world.sub_reseller,
        changes=[Change(tariff=tariff("Street").pk)],
    )
    what_if = ask_what_if(actor=world.actor("sub_reseller"), question=question, by_job=False)
    ArchivedMonth.objects.create(month=START.date().replace(day=1), calls=0, charges=0)
    assert run_what_if(what_if_id=what_if.pk)
    what_if.refresh_from_db()
    assert what_if.state == "failed"
    assert "Calls of 2026-03 are archived" in what_if.failure
