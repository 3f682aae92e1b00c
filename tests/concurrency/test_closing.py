"""Closing beside others: who posts, charges, closes or changes the calendar meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from billing.models import Balance, BillingPeriod
from billing.services import closing, ledger, periods, usage, verify
from billing.services.calendars import change_calendar
from billing.services.closing import close_due
from billing.services.ledger import MovedMeanwhileError, Posting, post_entry
from calls.services import charging
from calls.services.charging import charge_pending
from tests.calls.stored import store_call
from tests.concurrency.threads import at_once
from tests.world import World, build_world

HOUR = timedelta(hours=1)
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """The test world, committed, so that other connections and processes see it."""
    return build_world()


def once(action: Callable[[], Any]) -> Callable[[], None]:
    """Does ``action`` on a connection of its own, the first time only."""
    todo = [action]

    def run() -> None:
        if todo:
            at_once(todo.pop())

    return run


def close_shop(world: World) -> int:
    return close_due(moment=FEBRUARY + 6 * HOUR, issuer_id=world.sub_reseller.pk)


def test_an_entry_goes_to_the_next_period_where_its_own_closed_meanwhile(
    stored_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, close = periods.periods_for, once(partial(close_shop, stored_world))

    def late(*args: Any) -> Any:
        found = find(*args)
        close()
        return found

    monkeypatch.setattr(ledger, "periods_for", late)
    balance = stored_world.balance("shop")
    entry = post_entry(
        actor=stored_world.actor("sub_reseller"),
        balance_id=balance.pk,
        posting=Posting("credit", Decimal(1), "GBP", "late"),
        at=FEBRUARY - HOUR,
    )
    assert entry.period.starts_at == FEBRUARY
    assert [*verify.differences()] == []


@pytest.mark.parametrize("kind", ["", "daily"])
def test_calls_are_charged_anew_where_their_period_changed_meanwhile(
    stored_world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It closed, or became the one that bridges to another calendar and ends early."""
    stage, close = usage.stage_usage, once(partial(close_shop, stored_world))
    ended = FEBRUARY - HOUR
    if kind:
        shop = stored_world.balance("shop")
        change_calendar(
            actor=stored_world.actor("sub_reseller"),
            balance=shop,
            period_type=kind,
            period_timezone="UTC",
        )
        ended = FEBRUARY + 3 * 24 * HOUR
        periods.periods_for({shop.pk: shop}, [(shop.pk, ended)])
    store_call(stored_world.shop, "442071234567", 60, at=ended)
    refused: list[MovedMeanwhileError] = []

    def late(charges: Any) -> Any:
        entries = stage(charges)
        close()
        return entries

    def post(**known: Any) -> None:
        try:
            ledger.post_usage(**known)
        except MovedMeanwhileError as error:
            refused.append(error)
            raise

    monkeypatch.setattr(charging, "stage_usage", late)
    monkeypatch.setattr(charging, "post_usage", post)
    assert charge_pending().charged == 1
    assert len(refused) == 1
    entry = stored_world.balance("shop").usage_entries.get()
    assert entry.period.starts_at == (ended if kind else FEBRUARY)
    assert [*verify.differences()] == []


def test_a_period_is_not_skipped_where_another_worker_was_quicker(
    stored_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both saw January due; a later period has an entry already, February has no row."""
    shop, moment = stored_world.balance("shop"), datetime(2026, 6, 1, 12, tzinfo=UTC)
    post_entry(
        actor=stored_world.actor("sub_reseller"),
        balance_id=shop.pk,
        posting=Posting("credit", Decimal(1), "GBP", "later"),
        at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    )
    quicker, opened = once(partial(close_shop, stored_world)), periods.open_at

    def late(*args: Any) -> Any:
        found = opened(*args)
        quicker()
        return found

    monkeypatch.setattr(closing, "open_at", late)
    for _run in range(2):
        close_due(moment=moment, issuer_id=stored_world.sub_reseller.pk)
    rows = BillingPeriod.objects.filter(balance=shop, closed_at__isnull=False)
    assert [row.starts_at.month for row in rows.order_by("starts_at")] == [1, 2, 3, 4, 5]


def test_a_change_of_calendar_waits_for_nobody_who_may_wait_for_it(stored_world: World) -> None:
    """Somebody opens the period that would bridge, and is about to lock the balance."""
    shop = stored_world.balance("shop")
    change_calendar(
        actor=stored_world.actor("sub_reseller"),
        balance=shop,
        period_type="daily",
        period_timezone="UTC",
    )
    moment = FEBRUARY + HOUR
    with transaction.atomic():
        periods.periods_for({shop.pk: shop}, [(shop.pk, moment)])
        assert at_once(partial(close_shop, stored_world)) == [0]
        Balance.objects.select_for_update(no_key=True).get(pk=shop.pk)
    assert close_shop(stored_world) == 1
    rows = BillingPeriod.objects.filter(balance=shop).order_by("starts_at")
    assert [row.ends_at for row in rows] == [FEBRUARY, FEBRUARY + 24 * HOUR]
