"""Charging: every level of every call to the last digit, and what is kept when it cannot be."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from billing.models import Balance, Charge, UsageEntry
from calls.models import PendingCall
from calls.services.charging import charge_pending
from tests.calls.stored import (
    amounts_of,
    charges_of,
    expected_charges,
    store_call,
    stored_charges,
    total,
)
from tests.world import World

NUMBERS = ["442071234567", "447911123456", "44112233", "12125550100", "33123456789", "81312345678"]


def test_every_level_pays_by_its_own_tariff(world: World) -> None:
    calls = [
        store_call(world.shop, number, seconds, account=world.account)
        for number in NUMBERS
        for seconds in (0.4, 1, 59.999, 60, 61.5, 3600)
    ]
    before = {b.pk: b.amount for b in Balance.objects.all()}
    report = charge_pending()
    assert (report.charged, report.unrated, report.charges) == (36, 0, 108)
    for call in calls:
        assert stored_charges(call) == expected_charges(call)
    for balance in Balance.objects.all():
        charged = total(Charge.objects.filter(balance=balance).values_list("amount", flat=True))
        used = total(UsageEntry.objects.filter(balance=balance).values_list("amount", flat=True))
        assert used == -charged
        assert balance.amount == before[balance.pk] - charged
    assert not PendingCall.objects.exists()


def test_a_call_is_charged_once(world: World) -> None:
    call = store_call(world.shop, NUMBERS[0])
    charge_pending()
    amounts, balances = amounts_of(call), list(Balance.objects.values_list("amount", flat=True))
    assert charge_pending().calls == 0
    PendingCall.objects.create(call_id=call.id, setup_at=call.setup_at)
    charge_pending()
    assert amounts_of(call) == amounts
    assert list(Balance.objects.values_list("amount", flat=True)) == balances
    assert not PendingCall.objects.exists()


@pytest.mark.parametrize("seconds", [0, 30])
def test_a_call_that_was_not_answered_costs_nothing(world: World, seconds: int) -> None:
    call = store_call(world.shop, "999", seconds, answered=bool(seconds) and False)
    charge_pending()
    assert amounts_of(call) == [Decimal(0)] * 3


def test_a_call_that_has_not_begun_waits_for_the_terms_of_its_start(world: World) -> None:
    early = store_call(world.shop, "442071234567", at=now() + timedelta(minutes=10))
    begun = store_call(world.shop, "442071234567", at=now() - timedelta(minutes=10))
    report = charge_pending()
    assert (report.charged, report.is_finished) == (1, True)
    assert charges_of(begun)
    assert list(PendingCall.objects.values_list("call_id", flat=True)) == [early.id]
