"""The sums for the reports equal those over the charges, whatever happens, to the last digit."""

from datetime import date
from importlib import import_module

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from calls.models import Destination, Traffic, TrafficDelta
from calls.services import verify
from calls.services.charging import charge_pending
from calls.services.destinations import DESTINATIONS
from calls.services.traffic import fold_traffic
from softswitch.core.partitions import ensure_months
from tests.calls.stored import START, store_call
from tests.calls.traffic import Business, expected_traffic, stored_traffic
from tests.world import World


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sums_equal_those_over_the_charges(world: World, seed: int) -> None:
    business = Business(world, seed)
    business.calls(60)
    business.hold_some_up()
    business.move()
    expected = expected_traffic()
    assert len(expected) > 100
    assert stored_traffic() == expected
    while fold_traffic(limit=77):
        assert stored_traffic() == expected
    assert not TrafficDelta.objects.exists()
    assert Traffic.objects.count() == len(expected)
    assert [*verify.differences()] == []


@transaction.atomic
def charge_and_fail() -> None:
    """What a worker that dies leaves behind."""
    charge_pending()
    assert TrafficDelta.objects.exists()
    raise ZeroDivisionError


def test_a_batch_that_is_rolled_back_leaves_no_sums(world: World) -> None:
    store_call(world.shop, "442071234567")
    with pytest.raises(ZeroDivisionError):
        charge_and_fail()
    assert not TrafficDelta.objects.exists()
    assert not Destination.objects.exists()
    charge_pending()
    assert stored_traffic() == expected_traffic()


def test_destinations_are_remembered_once_they_are_sure(world: World) -> None:
    store_call(world.shop, "442071234567")
    with TestCaseCommit():
        charge_pending()
    remembered = DESTINATIONS._rates.copy()
    assert remembered.size
    store_call(world.shop, "33199990000", answered=False)
    charge_pending()
    assert DESTINATIONS._rates.tolist() == remembered.tolist()
    assert stored_traffic() == expected_traffic()


class TestCaseCommit:
    """Runs what waits for the commit, as a commit would."""

    __test__ = False

    def __enter__(self) -> None:
        self.start = len(connection.run_on_commit)

    def __exit__(self, *_error: object) -> None:
        waiting = connection.run_on_commit[self.start :]
        del connection.run_on_commit[self.start :]
        for entry in waiting:
            entry[1]()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {} SET amount = amount + 0.000001 WHERE level = 2",
        "UPDATE {} SET attempts = attempts + 1 WHERE level = 2",
        "UPDATE {} SET pdd_ms = pdd_ms + 1 WHERE level = 2",
        "UPDATE {} SET issuer_amount = 0 WHERE level = 2",
        "DELETE FROM {} WHERE level = 2",
        "UPDATE {} SET slot = slot - interval '1 month' WHERE level = 2",
    ],
)
@pytest.mark.parametrize("table", ["calls_trafficdelta", "calls_traffic"])
def test_each_difference_is_named(world: World, change: str, table: str) -> None:
    store_call(world.shop, "442071234567", pdd_ms=100)
    charge_pending()
    if table == "calls_traffic":
        fold_traffic()
        ensure_months([table], [date(2026, 2, 1)])
    assert [*verify.differences()] == []
    with connection.cursor() as cursor:
        cursor.execute(change.format(table))
    lines = [*verify.differences()]
    balance = world.balance("sub_reseller")
    assert f"traffic of 2026-03 level 2 balance {balance.pk} grain 2: stands at" in lines[-1]
    assert len(lines) == 3 * (1 + ("month" in change))
    assert [*verify.differences(customer_id=world.shop.pk)] == []


def test_charges_from_before_are_filled_in_by_the_migration(world: World) -> None:
    for customer in (world.shop, world.sub_reseller):
        store_call(customer, "442071234567", pdd_ms=5)
        store_call(customer, "33199990000", at=START.replace(month=4), hangup_cause=17)
    charge_pending()
    expected = expected_traffic()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DELETE FROM calls_trafficdelta")
        cursor.execute("DELETE FROM calls_destination")
    migrate = import_module("calls.migrations.0006_traffic")
    with connection.schema_editor(atomic=False) as editor:
        migrate.fill(None, editor)
    assert stored_traffic() == expected
    call_command("verify_ledger")
