"""Profiles in the database: what may change of one, which rates may stand beside each other."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from calls.services.rate_books import RateBooks
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tariffs.models import Rate, RateProfile, Tariff
from tariffs.parsers.windows import read_windows
from tariffs.rating.book import NO_RATE, to_microseconds
from tariffs.rating.keys import keys_of_texts
from tariffs.rating.match import find_rate
from tariffs.selectors import rate_columns, rate_terms_of
from tariffs.services.profiles import archive_profile, create_profile, edit_profile
from tariffs.services.tariffs import NewRate, close_rate, create_tariff, edit_tariff, set_rate
from tests.sql import count_queries
from tests.world import World

pytestmark = pytest.mark.django_db
START = datetime(2027, 1, 4, tzinfo=UTC)  # a Monday, ahead


def profile(world: World, name: str, times: str, *days: date) -> RateProfile:
    return create_profile(
        actor=world.actor("reseller"), name=name, windows=read_windows(times), holidays=days
    )


def edit(world: World, row: RateProfile, **changes: Any) -> RateProfile:
    values = {"name": row.name, "windows": row.windows, "holidays": row.holidays} | changes
    return edit_profile(actor=world.actor("reseller"), profile=row, **values)


@pytest.fixture
def tariff(world: World) -> Tariff:
    """A tariff by which nobody pays yet, in New York: UTC-5 in winter."""
    return create_tariff(
        actor=world.actor("reseller"),
        name="Timed",
        currency="EUR",
        timezone="America/New_York",
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    )


def rate(world: World, tariff: Tariff, prefix: str, price: str, **rest: Any) -> Rate:
    value = Decimal(price)
    new = NewRate(prefix, value, value, **{"valid_from": START} | rest)
    return set_rate(actor=world.actor("reseller"), tariff=tariff, rate=new)


def test_peak_and_off_peak_price_a_call_by_the_tariffs_clock(world, tariff):
    peak = profile(world, "Peak", "Mon-Fri 08:00-20:00", date(2027, 1, 18))
    rate(world, tariff, "44", "0.01")
    rate(world, tariff, "44", "0.09", profile=peak)
    rate(world, tariff, "447", "0.50", profile=peak)
    tariff.refresh_from_db()
    rows = list(Rate.objects.filter(tariff=tariff).order_by("id").select_related("profile"))
    book = RateBooks().get(tariff.pk, tariff.rates_revision)
    expected = {
        ("44", datetime(2027, 1, 5, 12, 59, tzinfo=UTC)): "0.01",  # 07:59 in New York
        ("44", datetime(2027, 1, 5, 13, tzinfo=UTC)): "0.09",
        ("447", datetime(2027, 1, 5, 13, tzinfo=UTC)): "0.50",
        ("447", datetime(2027, 1, 6, 1, tzinfo=UTC)): "0.01",  # 20:00: the shorter prefix
        ("44", datetime(2027, 1, 18, 15, tzinfo=UTC)): "0.01",  # a holiday
        ("44", datetime(2027, 6, 1, 12, tzinfo=UTC)): "0.09",  # 08:00 in summer
        ("33", datetime(2027, 1, 5, 13, tzinfo=UTC)): None,
    }
    for (number, moment), price in expected.items():
        row = book.match(keys_of_texts([number]), np.array([to_microseconds(moment)]))[0]
        found = None if row == NO_RATE else Rate.objects.get(pk=book.columns.ids[row]).price_1
        scalar = find_rate(map(rate_terms_of, rows), number, moment, tariff.timezone)
        assert found == (scalar.price_1 if scalar else None)
        assert found == (Decimal(price) if price else None)


def test_a_tariff_without_profiles_is_read_in_one_statement(world, tariff):
    rate(world, tariff, "44", "0.01")
    assert count_queries(lambda: rate_columns(tariff.pk)) == 1
    assert rate_columns(tariff.pk).profile is None


def test_a_new_price_ends_the_row_of_its_own_profile_only(world, tariff):
    peak = profile(world, "Peak", "Mon-Fri 08:00-20:00")
    plain, timed = (
        rate(world, tariff, "44", "0.01"),
        rate(world, tariff, "44", "0.09", profile=peak),
    )
    later = START + timedelta(days=30)
    rate(world, tariff, "44", "0.10", profile=peak, valid_from=later)
    for row in (plain, timed):
        row.refresh_from_db()
    assert (plain.valid_till, timed.valid_till) == (None, later)
    before = rate(world, tariff, "44", "0.08", profile=peak, valid_from=START - timedelta(days=1))
    assert before.valid_till == START
    plain.refresh_from_db()
    assert plain.valid_from == START


def test_one_row_of_a_prefix_start_and_profile(world, tariff):
    peak = profile(world, "Peak", "Mon 08:00-20:00")
    for used in (None, peak):
        row = rate(world, tariff, "44", "0.01", profile=used)
        with pytest.raises(DomainError, match="begins then already"):
            rate(world, tariff, "44", "0.02", profile=used)
        row.pk = None
        with pytest.raises(IntegrityError, match="rate_once"), transaction.atomic():
            row.save()


def test_profiles_that_overlap_at_one_prefix_and_start_are_refused_by_name(world, tariff):
    peak = profile(world, "Peak", "Mon-Fri 08:00-20:00")
    evening = profile(world, "Evening", "Mon-Fri 20:00-22:00")
    weekend = profile(world, "Weekend", "Fri 19:00-24:00\nSat, Sun 00:00-24:00")
    rate(world, tariff, "44", "0.01", profile=peak)
    rate(world, tariff, "44", "0.02", profile=evening)
    with pytest.raises(DomainError, match=r"“Weekend” and “(Peak|Evening)” overlap") as refused:
        rate(world, tariff, "44", "0.03", profile=weekend)
    assert refused.value.field == "profile"
    rate(world, tariff, "44", "0.03", profile=weekend, valid_from=START + timedelta(days=1))
    rate(world, tariff, "447", "0.03", profile=weekend)
    assert Rate.objects.filter(tariff=tariff).count() == 4


def test_the_times_of_a_used_profile_are_fixed(world, tariff):
    peak = profile(world, "Peak", "Mon-Fri 08:00-20:00")
    assert edit(world, peak, windows=[[1, 0, 60]]).windows == [[1, 0, 60]]
    row = rate(world, tariff, "44", "0.01", profile=peak)
    peak.refresh_from_db()
    with pytest.raises(DomainError, match="Copy it") as refused:
        edit(world, peak, windows=[[1, 0, 61]])
    assert refused.value.field == "windows"
    close_rate(actor=world.actor("reseller"), rate=row, at=START + timedelta(days=1))
    with pytest.raises(DomainError, match="Copy it"):
        edit(world, peak, windows=[[1, 0, 61]])
    assert edit(world, peak, name=" Busy  hours ").name == "Busy hours"


def test_holidays_of_a_used_profile_change_ahead_only(world, tariff):
    today = now().date()
    ahead = today + timedelta(days=300)
    peak = profile(world, "Peak", "Mon-Sun 08:00-20:00", today)
    holiday = profile(world, "Feast", "Holiday 08:00-20:00", today)
    for used in (peak, holiday):
        rate(world, tariff, "44", "0.01", profile=used)
    tariff.refresh_from_db()
    for days in ([], [today - timedelta(days=1), today], [ahead]):
        with pytest.raises(DomainError, match="priced by the holidays"):
            edit(world, peak, holidays=days)
    with pytest.raises(DomainError, match="“Feast” and “Peak” overlap") as refused:
        edit(world, holiday, holidays=[today, ahead])
    assert refused.value.field == "holidays"
    assert edit(world, peak, holidays=[ahead, today]).holidays == [today, ahead]
    edit(world, holiday, holidays=[today, ahead])
    revision = tariff.rates_revision
    tariff.refresh_from_db()
    assert tariff.rates_revision == revision + 2


def test_the_zone_of_a_tariff_with_profiles_stays_once_somebody_pays_by_it(world, tariff):
    def move(row: Tariff, zone: str) -> Tariff:
        header = {"timezone": zone}
        return edit_tariff(actor=world.actor("reseller"), tariff=row, header=header, parameters={})

    rate(world, tariff, "44", "0.01", profile=profile(world, "Peak", "Mon 08:00-20:00"))
    tariff.refresh_from_db()
    before = tariff.rates_revision
    move(tariff, "Europe/London")
    tariff.refresh_from_db()
    assert (str(tariff.timezone), tariff.rates_revision) == ("Europe/London", before + 1)
    retail = Tariff.objects.get(name="Retail")
    move(retail, "Europe/London")
    rate(world, retail, "44", "0.01", profile=RateProfile.objects.get())
    with pytest.raises(DomainError, match="read in the zone"):
        move(retail, "UTC")


def test_a_profile_in_use_is_not_deleted_and_an_ended_one_keeps_its_rates(world, tariff):
    actor = world.actor("reseller")
    peak = profile(world, "Peak", "Mon 08:00-20:00")
    row = rate(world, tariff, "44", "0.01", profile=peak, valid_from=START - timedelta(days=400))
    with pytest.raises(DomainError, match=r"in use: 1 rate\."):
        archive_profile(actor=actor, profile=peak)
    close_rate(actor=actor, rate=row, at=START - timedelta(days=399))
    archive_profile(actor=actor, profile=peak)
    assert rate_columns(tariff.pk).profiles != ()
    with pytest.raises(DomainError, match="one of your profiles"):
        rate(world, tariff, "44", "0.01", profile=peak)
    assert profile(world, "peak", "Mon 08:00-20:00").name == "peak"
    assert (
        list(AuditEvent.objects.filter(action__startswith="profile_").values_list("action")) != []
    )


def test_names_are_taken_per_owner_and_only_owners_change(world):
    peak = profile(world, "Peak", "Mon 08:00-20:00")
    with pytest.raises(DomainError, match="profile of this name") as refused:
        profile(world, " PEAK ", "Tue 08:00-20:00")
    assert (refused.value.code, refused.value.field) == ("taken", "name")
    other = world.actor("other_reseller")
    create_profile(actor=other, name="Peak", windows=[[1, 0, 60]])
    with pytest.raises(PermissionDenied):
        edit_profile(actor=other, profile=peak, name="x", windows=[[1, 0, 60]])
    with pytest.raises(PermissionDenied):
        archive_profile(actor=world.actor("operator"), profile=peak)
    for windows in ([], [[0, 0, 60]], [[1, 60, 60]]):
        with pytest.raises(DomainError):
            create_profile(actor=other, name="Bad", windows=windows)


def test_another_owners_profile_is_no_choice(world, tariff):
    foreign = create_profile(
        actor=world.actor("other_reseller"), name="Foreign", windows=[[1, 0, 60]]
    )
    with pytest.raises(DomainError, match="one of your profiles"):
        rate(world, tariff, "44", "0.01", profile=foreign)
