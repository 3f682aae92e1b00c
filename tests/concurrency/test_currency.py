"""The currency of a customer changes while its first money moves: nothing is read as another."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from billing.models import Balance
from billing.services import ledger, periods, usage, verify
from billing.services.customers import edit_customer
from billing.services.maintenance import maintain
from calls.services import charging
from calls.services.charging import charge_pending
from tests.calls.stored import charges_of, store_call
from tests.world import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "442071234567"


@pytest.fixture
def stored(transactional_db: None) -> World:
    """A world that other connections see."""
    return build_world()


def into_dollars(world: World) -> None:
    """The reseller's customer pays in dollars from now on, by an edit on another connection."""

    def edit() -> None:
        try:
            edit_customer(
                actor=world.actor("reseller"),
                customer=world.sub_customer,
                profile={},
                money={"currency_id": "USD"},
            )
        finally:
            connection.close()

    thread = threading.Thread(target=edit)
    thread.start()
    thread.join(timeout=60)
    assert Balance.objects.get(customer=world.sub_customer).currency_id == "USD"


def before(step: Callable[..., Any], act: Callable[[], None]) -> Callable[..., Any]:
    """``step``, before whose first call ``act`` happens."""
    done: list[bool] = []

    def late(*arguments: Any, **named: Any) -> Any:
        if not done:
            done.append(True)
            act()
        return step(*arguments, **named)

    return late


def test_a_batch_that_read_the_currency_before_an_edit_is_done_again(
    stored: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = store_call(stored.sub_customer, NUMBER)
    late = before(usage.stage_usage, lambda: into_dollars(stored))
    monkeypatch.setattr(charging, "stage_usage", late)
    assert charge_pending().charged == 1
    charge = charges_of(call)[0]
    assert (charge.cost, charge.exchange_rate) == (Decimal("0.03"), Decimal("1.25"))
    balance = Balance.objects.get(customer=stored.sub_customer)
    assert (balance.currency_id, balance.amount) == ("USD", Decimal("-0.0375"))
    assert [*verify.differences()] == []


def test_a_posting_is_converted_to_the_currency_it_finds(
    stored: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = before(periods.periods_for, lambda: into_dollars(stored))
    monkeypatch.setattr(ledger, "periods_for", late)
    entry = maintain(
        actor=stored.actor("reseller"),
        balance=Balance.objects.get(customer=stored.sub_customer),
        action="add_funds",
        amount=Decimal(100),
        currency="EUR",
        key="first",
    )
    assert (entry.amount, entry.exchange_rate) == (Decimal(125), Decimal("1.25"))
    assert [*verify.differences()] == []


def test_what_stays_different_is_told_and_not_tried_for_ever(
    stored: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_call(stored.shop, NUMBER)
    monkeypatch.setattr(usage.Payers, "known", set())
    monkeypatch.setattr(charging, "MOST_MOVES", 2)
    with pytest.raises(ledger.MovedMeanwhileError):
        charge_pending()
    assert stored.balance("shop").last_sequence == 1
