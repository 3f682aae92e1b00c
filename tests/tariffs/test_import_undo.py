"""Rolling an applied sheet back: as before, but for what calls were charged by."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from billing.models import Charge
from calls.services.charging import charge_pending
from calls.services.rate_imports import roll_back_import
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tariffs.choices import ImportState
from tariffs.models import Rate, RateImport
from tariffs.services.imports.undoing import request_undo, undo_import
from tariffs.services.tariffs import NewRate, set_rate
from tests.calls.stored import store_call
from tests.tariffs.test_import_services import HEAD, SHEET, applied, checked, current, wholesale
from tests.world import World

NUMBERS = {"44": "445551234567", "447": "447912345678", "34": "34911234567"}


def rates() -> list[Any]:
    return list(Rate.objects.order_by("pk").values())


def undone(world: World, rate_import: RateImport) -> RateImport:
    request_undo(actor=world.actor("operator"), rate_import=rate_import)
    roll_back_import(rate_import.pk)
    rate_import.refresh_from_db()
    return rate_import


def rate_of(charge: Charge) -> Rate:
    assert charge.rate is not None
    return charge.rate


def call(world: World, number: str) -> None:
    """A call that starts now, charged at Root's prices to the reseller."""
    store_call(world.reseller, number, 60, at=now())
    charge_pending()


def test_the_tariff_is_as_it_was(world):
    before, revision = rates(), wholesale().rates_revision
    rate_import = applied(world, checked(world, SHEET, is_full_replacement=True))
    assert rates() != before
    assert undone(world, rate_import).state == ImportState.UNDONE
    assert rates() == before
    assert wholesale().rates_revision == revision + 2
    assert AuditEvent.objects.filter(action="rates_rolled_back").count() == 1


def test_announced_prices_that_were_withdrawn_are_announced_again(world):
    head = "Prefix,Price,Effective,Status\n"
    day = (now() + timedelta(days=30)).date().isoformat()
    applied(world, checked(world, head + f"44,0.09,{day},\n"))
    before = rates()
    closed = applied(world, checked(world, head + "44,,,Closed\n"))
    replaced_before = rates()
    assert replaced_before != before
    undone(world, closed)
    assert rates() == before


def test_rates_by_which_calls_were_charged_end_and_the_old_go_on_from_now(world):
    tariff = wholesale()
    rate_import = applied(world, checked(world, SHEET))
    call(world, NUMBERS["44"])
    charged = Charge.objects.get(customer=world.reseller)
    used = rate_of(charged)
    assert (used.prefix, used.price_1) == ("44", Decimal("0.03"))
    undone(world, rate_import)
    used.refresh_from_db()
    old, kept, again = Rate.objects.filter(tariff=tariff, prefix="44").order_by("valid_from")
    assert (old.valid_till, kept.pk, kept.valid_till) == (
        used.valid_from,
        used.pk,
        again.valid_from,
    )
    assert (again.price_1, again.valid_till) == (Decimal("0.02"), None)
    assert Rate.objects.filter(tariff=tariff, prefix="4420").count() == 1
    assert not Rate.objects.filter(tariff=tariff, prefix="34").exists()
    assert current(tariff)["4420"] == Decimal("0.015")


def test_a_new_prefix_that_was_charged_ends(world):
    rate_import = applied(world, checked(world, SHEET))
    call(world, NUMBERS["34"])
    undone(world, rate_import)
    assert "34" not in current(wholesale())
    assert Rate.objects.filter(tariff=wholesale(), prefix="34").count() == 1
    call(world, NUMBERS["34"])
    latest = Charge.objects.filter(customer=world.reseller).latest("call_id")
    assert rate_of(latest).prefix == ""


def test_calls_not_yet_charged_are_charged_as_before_the_sheet(world):
    rate_import = applied(world, checked(world, SHEET))
    store_call(world.reseller, NUMBERS["44"], 60, at=now())
    undone(world, rate_import)
    charge_pending()
    charge = Charge.objects.get(customer=world.reseller)
    assert rate_of(charge).price_1 == Decimal("0.02")


def test_it_is_refused_where_rates_were_changed_since(world):
    rate_import = applied(world, checked(world, SHEET))
    rate = NewRate(prefix="44", price_1=Decimal(1), price_n=Decimal(1))
    set_rate(actor=world.actor("operator"), tariff=wholesale(), rate=rate)
    before = rates()
    undone(world, rate_import)
    assert rate_import.state == ImportState.APPLIED
    assert "(44)" in rate_import.failure
    assert rates() == before


def test_a_later_sheet_is_rolled_back_first(world):
    before = rates()
    first = applied(world, checked(world, SHEET))
    second = applied(world, checked(world, HEAD + "44,Prefix 44,0.05,60/6\n"))
    assert undone(world, first).state == ImportState.APPLIED
    assert undone(world, second).state == ImportState.UNDONE
    assert undone(world, first).state == ImportState.UNDONE
    assert rates() == before


def test_what_was_added_since_ends_what_is_reopened(world):
    rate_import = applied(world, checked(world, HEAD + "44,A,0.1,1/1\n"))
    status = applied(world, checked(world, "Prefix,Price,Status\n33,,Closed\n"))
    start = now() + timedelta(days=2)
    rate = NewRate(prefix="33", price_1=Decimal(1), price_n=Decimal(1), valid_from=start)
    set_rate(actor=world.actor("operator"), tariff=wholesale(), rate=rate)
    undone(world, status)
    old, new = Rate.objects.filter(tariff=wholesale(), prefix="33").order_by("valid_from")
    assert (old.valid_till, new.valid_from) == (start, start)
    assert undone(world, rate_import).state == ImportState.UNDONE


def test_twice_is_once_and_only_what_is_applied_by_its_owner(world):
    rate_import = checked(world, SHEET)
    with pytest.raises(DomainError):
        request_undo(actor=world.actor("operator"), rate_import=rate_import)
    with pytest.raises(PermissionDenied):
        request_undo(actor=world.actor("reseller"), rate_import=rate_import)
    applied(world, rate_import)
    assert not roll_back_import(rate_import.pk)
    undone(world, rate_import)
    after = rates()
    request_undo(actor=world.actor("operator"), rate_import=rate_import)
    assert not roll_back_import(rate_import.pk)
    assert rates() == after


@pytest.mark.django_db(transaction=True)
def test_it_needs_a_transaction():
    with pytest.raises(RuntimeError):
        undo_import(import_id=1, charged=[])
