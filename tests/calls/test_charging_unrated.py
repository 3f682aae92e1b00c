"""Calls that a level cannot charge: nothing in part, the level, the holds, and what ends it."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DataError

from billing.models import Balance, Charge, ClosingHold
from calls.models import PendingCall, UnratedCall
from calls.services.charging import charge_pending
from calls.services.levels import levels_of
from calls.services.unrated import rate_again, settle_at_zero
from softswitch.core.errors import DomainError
from tariffs.models import ExchangeRate, Rate, TariffAssignment, TariffVersion
from tests.calls.stored import (
    amounts_of,
    charges_of,
    expected_charges,
    store_call,
    stored_charges,
    total,
)
from tests.world import World

LONDON = "442071234567"


def holds() -> set[int]:
    return set(ClosingHold.objects.values_list("customer_id", flat=True))


def chain(world: World) -> set[int]:
    return {world.shop.pk, world.sub_reseller.pk, world.reseller.pk}


def make_unrateable(tariff: str, reason: str) -> None:
    rates = Rate.objects.filter(tariff__name=tariff)
    if reason == "no_rate":
        rates.delete()
    elif reason == "forbidden":
        rates.filter(prefix="4420").update(is_forbidden=True)
    elif reason == "no_tariff":
        TariffAssignment.objects.filter(tariff__name=tariff).delete()
    else:
        ExchangeRate.objects.filter(currency="GBP").delete()


@pytest.mark.parametrize("reason", ["no_rate", "forbidden", "no_tariff", "no_exchange_rate"])
def test_nothing_is_charged_in_part(world: World, reason: str) -> None:
    make_unrateable("Retail", reason)
    call = store_call(world.shop, LONDON)
    good = store_call(world.sub_customer, "12125550100") if reason == "forbidden" else None
    report = charge_pending()
    assert report.unrated == 1
    assert charges_of(call) == []
    row = UnratedCall.objects.get()
    assert (row.call_id, row.reason, row.is_account_level) == (call.id, reason, False)
    assert row.level_customer == world.sub_reseller  # the lowest level that fails
    assert (row.customer, row.account, row.setup_at) == (world.shop, None, call.setup_at)
    assert holds() == chain(world)
    assert not PendingCall.objects.exists()
    if good:
        assert stored_charges(good) == expected_charges(good)


def test_a_call_of_nobody_is_kept_without_holds(world: World) -> None:
    store_call(None, LONDON)
    unanswered = store_call(None, LONDON, answered=False)
    charge_pending()
    row = UnratedCall.objects.get()
    assert (row.reason, row.customer, row.level_customer) == ("unknown", None, None)
    assert row.call_id != unanswered.id
    assert holds() == set()


def test_an_unanswered_call_is_never_unrated(world: World) -> None:
    for reason in ("forbidden", "no_tariff"):
        make_unrateable("Retail", reason)
    call = store_call(world.shop, LONDON, answered=False)
    silent = store_call(world.shop, LONDON, 0)
    assert charge_pending().unrated == 0
    for one in (call, silent):
        assert amounts_of(one) == [Decimal(0)] * 3
        assert [(c.rate_id, c.billed_seconds) for c in charges_of(one)] == [(None, 0)] * 3
    versions = [charge.tariff_version_id is not None for charge in charges_of(call)]
    assert versions == [True, False, True]


def test_rated_again_a_call_is_charged_and_holds_nothing(world: World) -> None:
    make_unrateable("Retail", "forbidden")
    call = store_call(world.shop, LONDON)
    charge_pending()
    assert rate_again(actor=world.actor("reseller")) == 1
    charge_pending()  # still forbidden: held as before
    assert (UnratedCall.objects.count(), holds()) == (1, chain(world))
    Rate.objects.filter(tariff__name="Retail").update(is_forbidden=False)
    tariff = Rate.objects.filter(tariff__name="Retail")[0].tariff
    tariff.rates_revision += 1
    tariff.save()
    assert rate_again(actor=world.actor("reseller"), call_ids=[call.id]) == 1
    assert rate_again(actor=world.actor("reseller"), call_ids=[]) == 0
    charge_pending()
    assert stored_charges(call) == expected_charges(call)
    assert not UnratedCall.objects.exists()
    assert not ClosingHold.objects.exists()


def test_only_who_sells_to_the_level_or_above_may_rate_again(world: World) -> None:
    make_unrateable("Retail", "forbidden")  # the reseller's tariff, for the sub-reseller
    call = store_call(world.shop, LONDON)
    unknown = store_call(None, LONDON)
    charge_pending()
    for who in ("sub_reseller", "shop", "other_reseller"):
        with pytest.raises(PermissionDenied):
            rate_again(actor=world.actor(who), call_ids=[call.id])
    assert rate_again(actor=world.actor("sub_reseller"), call_ids=None) == 0
    with pytest.raises(PermissionDenied):
        rate_again(actor=world.actor("reseller"), call_ids=[unknown.id])
    assert rate_again(actor=world.actor("operator"), call_ids=[call.id, unknown.id]) == 1
    assert UnratedCall.objects.get().call_id == unknown.id  # its owner is unknown as before


def test_a_level_settled_at_zero_lets_the_others_be_charged(world: World) -> None:
    make_unrateable("Retail", "forbidden")
    call = store_call(world.shop, LONDON)
    charge_pending()
    with pytest.raises(PermissionDenied):
        settle_at_zero(actor=world.actor("sub_reseller"), call_id=call.id, reason="Goodwill")
    with pytest.raises(UnratedCall.DoesNotExist):
        settle_at_zero(actor=world.actor("other_reseller"), call_id=call.id, reason="Goodwill")
    with pytest.raises(DomainError):
        settle_at_zero(actor=world.actor("reseller"), call_id=call.id, reason=" ")
    settle_at_zero(actor=world.actor("reseller"), call_id=call.id, reason="Goodwill")
    charge_pending()
    bottom, settled, top = charges_of(call)
    assert settled.amount == settled.cost == settled.billed_seconds == 0
    assert settled.rate_id is None
    assert bottom.amount > 0
    assert top.amount > 0
    assert not ClosingHold.objects.exists()


def test_one_call_at_fault_does_not_block_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls = [store_call(world.shop, LONDON, n + 1) for n in range(9)]
    bad = calls[4]

    def fail(picked):
        if bad.id in picked.ids:
            raise DataError("planted")
        return levels_of(picked)

    monkeypatch.setattr("calls.services.charging.levels_of", fail)
    report = charge_pending()
    assert (report.charged, report.unrated) == (8, 1)
    row = UnratedCall.objects.get()
    assert (row.call_id, row.reason) == (bad.id, "error")
    assert holds() == {world.shop.pk}
    assert f"call {bad.id} could not be charged" in caplog.text
    assert "planted" in caplog.text
    monkeypatch.undo()
    assert rate_again(actor=world.actor("operator"), call_ids=[bad.id]) == 1
    charge_pending()
    for call in calls:
        assert stored_charges(call) == expected_charges(call)
    assert not ClosingHold.objects.exists()


def test_sums_too_large_for_one_batch_are_charged_in_smaller_ones(world: World) -> None:
    Rate.objects.filter(tariff__name="Street").update(price_1=10**6, price_n=10**6)
    TariffVersion.objects.filter(tariff__name="Street").update(post_call_surcharge=100)
    calls = [store_call(world.shop, LONDON, 2_000_000) for _ in range(4)]
    assert charge_pending().charged == 4
    for call in calls:
        assert stored_charges(call) == expected_charges(call)
    assert amounts_of(calls[0])[0] > 3 * 10**12
    assert world.balance("shop").amount == 100 - total(amounts_of(call)[0] for call in calls)


def test_an_amount_beyond_the_columns_is_an_error_and_never_a_wrong_charge(world: World) -> None:
    ExchangeRate.objects.filter(currency="BHD").update(rate=Decimal("1e-10"))
    Balance.objects.filter(customer=world.sub_customer).update(currency_id="BHD")
    store_call(world.sub_customer, LONDON)
    good = store_call(world.shop, LONDON)
    assert charge_pending().charged == 1
    assert UnratedCall.objects.get().reason == "error"
    assert stored_charges(good) == expected_charges(good)
    assert Charge.objects.count() == 3
