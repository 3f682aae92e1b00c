"""Hundreds of random calls in a world whose terms change all the time, against the scalar core."""

import random
from datetime import timedelta
from decimal import Decimal

from billing.services import verify
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from tariffs.models import Rate, Tariff, TariffVersion
from tests.calls.stored import START, expected_charges, store_call, stored_charges
from tests.world import World

CALLS = 250
SPAN = timedelta(days=40)


def change_terms(tariff: Tariff, chance: random.Random) -> None:
    """Give a tariff three versions and half of its prefixes a second rate, at random moments."""
    first = TariffVersion.objects.get(tariff=tariff)
    moments = sorted(START + SPAN * chance.random() for _ in range(2))
    TariffVersion.objects.filter(pk=first.pk).update(valid_till=moments[0])
    for start, end in zip(moments, [moments[1], None], strict=True):
        TariffVersion.objects.create(
            tariff=tariff,
            valid_from=start,
            valid_till=end,
            connect_fee=Decimal(chance.randrange(0, 200)) / 1000,
            free_seconds=chance.choice([0, 10, 30]),
            grace_period=chance.choice([0, 6, 20]),
            post_call_surcharge=Decimal(chance.randrange(-200, 300)) / 10_000,
            duration_rounding=chance.choice(["up", "half_up"]),
            cost_rounding=chance.choice(["up", "half_up"]),
            decimals=chance.randrange(0, 7),
            is_not_billed=chance.random() < 0.1,
        )
    for rate in list(Rate.objects.filter(tariff=tariff)):
        if chance.random() < 0.5:
            moment = START + SPAN * chance.random()
            Rate.objects.filter(pk=rate.pk).update(valid_till=moment)
            Rate.objects.create(
                tariff=tariff,
                prefix=rate.prefix,
                price_1=Decimal(chance.randrange(10**8)) / 10**8,
                price_n=Decimal(chance.randrange(10**8)) / 10**8,
                interval_1=chance.choice([1, 6, 30, 60]),
                interval_n=chance.choice([1, 6, 30, 60]),
                grace_enabled=chance.random() < 0.5,
                valid_from=moment,
            )


def test_every_charge_equals_the_scalar_formula(world: World) -> None:
    chance = random.Random(20260310)
    for tariff in Tariff.objects.all():
        change_terms(tariff, chance)
    payers = [world.shop, world.sub_customer, world.sub_reseller, world.reseller]
    prefixes = ["", "44", "4420", "447", "1", "33", "81"]
    calls = [
        store_call(
            chance.choice(payers),
            chance.choice(prefixes) + str(chance.randrange(10**7, 10**9)),
            chance.choice([0, 0.4, 5.999, 6, 59.5, 60, 61, chance.random() * 4000]),
            at=START + SPAN * chance.random(),
            answered=chance.random() < 0.9,
        )
        for _ in range(CALLS)
    ]
    report = charge_pending(limit=60)
    assert (report.charged, report.unrated) == (CALLS, 0)
    for call in calls:
        assert stored_charges(call) == expected_charges(call)
    assert [*verify.differences(), *verify_calls.differences()] == []
