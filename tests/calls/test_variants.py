"""Levels of stored calls priced by other terms than those in force."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from calls.models import Call
from calls.services.levels import levels_of
from calls.services.picking import stored_calls
from calls.services.pricing import Terms, price
from calls.services.variants import Variant
from tariffs.models import Rate, Tariff
from tariffs.rating.book import RateBook, to_microseconds
from tariffs.selectors import rate_columns
from tests.calls.stored import START, store_call
from tests.world import World, tariff_with_rates

LONDON = "442071234567"
DAY = timedelta(days=1)


def costs_of(call: Call, variant: Variant) -> dict[int, int]:
    """What the variant changes, by level, in millionths."""
    calls = stored_calls("c.id = %s", [call.id])
    levels = levels_of(calls)
    rows = variant.rows(levels)
    costs = variant.price(calls, levels, rows).costs
    return dict(zip(levels.numbers[rows].tolist(), costs.tolist(), strict=True))


def in_force(call: Call) -> dict[int, int]:
    calls = stored_calls("c.id = %s", [call.id])
    levels = levels_of(calls)
    return dict(zip(levels.numbers.tolist(), price(calls, levels).costs.tolist(), strict=True))


def test_without_other_terms_all_levels_cost_what_they_cost(world: World) -> None:
    call = store_call(world.shop, LONDON, 61)
    assert costs_of(call, Variant()) == in_force(call)


def test_another_tariff_takes_the_place_where_the_conditions_hold(world: World) -> None:
    dear = tariff_with_rates(world.sub_reseller, "Dear", "USD", factor="9")
    call = store_call(world.shop, LONDON, 60)
    street = Tariff.objects.get(name="Street")
    base = in_force(call)
    assert costs_of(call, Variant(tariffs=[street.pk], tariff=dear.pk)).keys() == {1}
    assert costs_of(call, Variant(issuers=[world.sub_reseller.pk])) == {1: base[1]}
    assert costs_of(call, Variant(customers=[world.reseller.pk])) == {3: base[3]}
    assert costs_of(call, Variant(customers=[world.other_reseller.pk])) == {}
    price_1 = Rate.objects.get(tariff=dear, prefix="4420").price_1
    assert costs_of(call, Variant(customers=[world.shop.pk], tariff=dear.pk)) == {
        1: int(price_1 * 10**6)
    }


def test_rates_of_another_moment_stand_for_calls_of_all_times(world: World) -> None:
    street = Tariff.objects.get(name="Street")
    Rate.objects.filter(tariff=street, prefix="4420").update(valid_till=START + DAY)
    Rate.objects.create(
        tariff=street, prefix="4420", price_1=7, price_n=7, valid_from=START + DAY, destination="L"
    )
    call = store_call(world.shop, LONDON, 60)
    later = Variant(tariffs=[street.pk], terms=Terms(at=to_microseconds(START + DAY)))
    assert costs_of(call, later) == {1: 7 * 10**6}
    assert in_force(call)[1] != 7 * 10**6


def test_a_tariff_that_began_later_has_no_terms_unless_asked_for_its_time(world: World) -> None:
    late = tariff_with_rates(world.sub_reseller, "Late", "USD", factor="2")
    late.versions.update(valid_from=START + DAY)
    call = store_call(world.shop, LONDON, 60)
    variant = Variant(customers=[world.shop.pk], tariff=late.pk)
    assert costs_of(call, variant) == {1: 0}
    at = Terms(at=to_microseconds(datetime(2026, 5, 1, tzinfo=UTC)))
    assert costs_of(call, replace(variant, terms=at))[1] > 0


def test_a_draft_stands_for_the_rates_of_its_tariff(world: World) -> None:
    street = Tariff.objects.get(name="Street")
    columns = rate_columns(street.pk)
    doubled = replace(columns, price_1=2 * columns.price_1, price_n=2 * columns.price_n)
    call = store_call(world.shop, LONDON, 119)
    variant = Variant(terms=Terms(books={street.pk: RateBook(doubled)}))
    base = in_force(call)
    assert costs_of(call, variant) == base | {1: 2 * base[1]}


def test_prices_put_into_others_replace_their_rows(world: World) -> None:
    call = store_call(world.shop, LONDON, 60)
    calls = stored_calls("c.id = %s", [call.id])
    levels = levels_of(calls)
    dear = tariff_with_rates(world.sub_reseller, "Dear", "GBP", factor="9")
    variant = Variant(customers=[world.shop.pk], tariff=dear.pk)
    rows = variant.rows(levels)
    prices = price(calls, levels)
    before = prices.costs.copy()
    prices.put(rows, variant.price(calls, levels, rows))
    assert (np.flatnonzero(prices.costs != before) == rows).all()
    assert prices.currencies[rows].tolist() == ["GBP"]
    assert prices.costs[rows].tolist() == [
        int(Rate.objects.get(tariff=dear, prefix="4420").price_1 * Decimal(10**6))
    ]
