"""What-ifs read ahead on connections of their own: the answer is that of one connection."""

from datetime import timedelta

import pytest
from django.db import transaction

from calls.services.charging import charge_pending
from calls.services.what_if import reading
from calls.services.what_if.questions import Change
from tariffs.models import Tariff
from tests.calls.stored import START, store_call
from tests.calls.what_if import answer_of, asked, naive_answer
from tests.concurrency.test_charging import _OTHERS, count_of, wait_until
from tests.world import World, build_world


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """The test world, committed, so that other connections see it."""
    return build_world()


def test_portions_read_ahead_add_up_to_the_same(
    stored_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CALLS_AT_ONCE", 3)
    world = stored_world
    for n in range(20):
        customer = world.shop if n % 3 else world.sub_customer
        at = START + timedelta(hours=n // 6)  # up to six in one moment, which no portion parts
        store_call(customer, f"4420{n:08}", 10 * n + 0.5, at=at, answered=n % 5 > 0)
    charge_pending()
    actor = world.actor("reseller")
    change = Change(tariff=Tariff.objects.get(name="Retail").pk, time="call")
    ahead = asked(actor, change)
    wait_until(lambda: count_of(_OTHERS) == 0)  # no connection is left open
    with transaction.atomic():
        alone = asked(actor, change)
    assert answer_of(ahead) == answer_of(alone) == naive_answer(ahead, [world.reseller.pk])
    assert sum(row.calls for row in ahead.rows.all()) == 16
