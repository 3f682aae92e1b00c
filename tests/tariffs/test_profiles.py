"""Time-of-day profiles in the rating core: scalar = bulk = oracle, and examples worked by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.rating.book import NO_RATE, RateBook, RateColumns, to_microseconds
from tariffs.rating.keys import keys_of_texts
from tariffs.rating.match import find_rate
from tariffs.rating.profiles import HOLIDAY, Profile, ProfileClock, Window
from tariffs.rating.terms import RateTerms
from tests.tariffs import oracle

D = Decimal
LONDON = ZoneInfo("Europe/London")
WORKDAYS = frozenset(range(5))
PEAK = Profile((Window(WORKDAYS, 8 * 60, 20 * 60),))
NIGHT = Profile((Window(frozenset(range(7)), 0, 6 * 60),))

few = st.text("01", max_size=2)
profiled = st.builds(
    lambda prefix, rate: RateTerms(
        prefix,
        rate.price_1,
        rate.price_n,
        1,
        1,
        valid_from=rate.valid_from,
        valid_till=rate.valid_till,
        profile=rate.profile,
    ),
    few,
    oracle.rates_with(st.just(D(1)), st.none() | oracle.profiles),
)


def row(prefix, profile=None, **validity):
    return RateTerms(prefix, D(1), D(1), 1, 1, profile=profile, **validity)


def match(rows, zone, *calls):
    book = RateBook(RateColumns.of(rows, zone=zone))
    at = np.array([to_microseconds(moment) for _number, moment in calls], dtype=np.int64)
    return book.match(keys_of_texts([number for number, _moment in calls]), at).tolist()


@given(
    st.lists(profiled, max_size=10),
    oracle.zones,
    st.lists(st.tuples(st.text("01", max_size=3), oracle.instants), max_size=10),
)
def test_match_equals_scalar_and_oracle(rows, zone, calls):
    found = match(rows, zone, *calls)

    for (number, moment), place in zip(calls, found, strict=True):
        expected = oracle.expected_row(rows, number, moment, zone)
        assert place == (NO_RATE if expected is None else expected)
        assert find_rate(rows, number, moment, zone) is (None if place < 0 else rows[place])


@given(oracle.profiles, oracle.zones, st.lists(oracle.instants, min_size=1, max_size=20))
def test_a_profile_holds_where_the_oracle_says(profile, zone, moments):
    clock = ProfileClock((profile,), zone)
    times = clock.read(np.array([to_microseconds(moment) for moment in moments]))
    calls = np.arange(len(moments))

    held = clock.holds(np.zeros(len(moments), dtype=np.int64), times, calls).tolist()

    assert held == [oracle.is_within(profile, moment, zone) for moment in moments]
    assert held == [profile.contains(moment, zone) for moment in moments]


@given(oracle.profiles, oracle.profiles)
def test_two_profiles_overlap_where_a_minute_is_in_both(one, other):
    # A week without holidays, then the listed dates; what both hold begins where a window does.
    first = datetime(2025, 12, 1, tzinfo=UTC)
    days = [first + timedelta(days=n) for n in range(7)]
    days += [datetime(d.year, d.month, d.day, tzinfo=UTC) for d in one.holidays | other.holidays]
    edges = {w.start for p in (one, other) for w in p.windows}
    moments = [day + timedelta(minutes=edge) for day in days for edge in edges]
    both = any(oracle.is_within(one, m, UTC) and oracle.is_within(other, m, UTC) for m in moments)

    assert one.overlaps(other) is both
    assert other.overlaps(one) is both


def at(day, hour, minute=0, zone=LONDON, *, fold=0):
    month, date_of_month = day
    return datetime(2026, month, date_of_month, hour, minute, tzinfo=zone, fold=fold)


def test_peak_ends_by_the_local_clock_summer_and_winter():
    rows = [row("44"), row("44", PEAK)]
    for day in ((3, 27), (3, 30)):  # Friday before, Monday after the clocks went forward
        calls = [("44", at(day, *clock)) for clock in ((7, 59), (8,), (19, 59), (20,))]
        assert match(rows, LONDON, *calls) == [0, 1, 1, 0]
    saturday = ("44", at((3, 28), 12))
    assert match(rows, LONDON, saturday) == [0]


def test_an_hour_that_comes_twice_counts_both_times_and_a_missing_one_never():
    window = Profile((Window(frozenset(range(7)), 60, 120),))  # 01:00 to 02:00
    twice = [at((10, 25), 1, 30), at((10, 25), 1, 30, fold=1)]
    assert twice[0].astimezone(UTC) != twice[1].astimezone(UTC)
    assert all(window.contains(moment, LONDON) for moment in twice)
    morning = datetime(2026, 3, 29, tzinfo=UTC)
    minutes = [morning + timedelta(minutes=n) for n in range(180)]
    assert not any(window.contains(moment, LONDON) for moment in minutes)


def test_on_a_listed_date_only_the_windows_of_holidays_count():
    christmas = frozenset({date(2026, 12, 25)})  # a Friday
    peak = Profile(PEAK.windows, christmas)
    weekend = Profile((Window(frozenset({5, 6, HOLIDAY}), 0, 1440),), christmas)
    rows = [row("44"), row("44", peak), row("44", weekend)]
    calls = [("44", at((12, day), 12)) for day in (24, 25, 26)]

    assert match(rows, LONDON, *calls) == [1, 2, 2]
    assert not peak.overlaps(weekend)
    assert PEAK.overlaps(weekend)  # it knows no holidays: on Christmas both would apply


def test_without_a_row_that_applies_the_next_shorter_prefix_does():
    rows = [row("4"), row("447", NIGHT), row("44", PEAK)]

    assert match(rows, LONDON, ("447", at((3, 2), 3)), ("447", at((3, 2), 9))) == [1, 2]
    assert match(rows, LONDON, ("447", at((3, 2), 23)), ("5", at((3, 2), 3))) == [0, NO_RATE]


def test_a_later_row_without_a_profile_comes_before_an_earlier_one_with_it():
    noon = at((3, 2), 12)
    rows = [row("44", PEAK, valid_from=noon - timedelta(days=9)), row("44", valid_from=noon)]

    assert match(rows, LONDON, ("44", noon - timedelta(hours=1)), ("44", noon)) == [0, 1]


@pytest.mark.parametrize(
    ("days", "start", "end"),
    [((), 0, 1), ((8,), 0, 1), ((0,), 5, 5), ((0,), -1, 5), ((0,), 0, 1441)],
)
def test_a_window_refuses_what_is_no_time_of_a_day(days, start, end):
    with pytest.raises(ValueError, match=r"days must be|a window must"):
        Window(frozenset(days), start, end)


def test_many_calls_around_a_turn_of_the_clock_are_read_like_single_ones():
    random = np.random.default_rng(7)
    turn = to_microseconds(datetime(2026, 10, 25, 1, tzinfo=UTC))
    moments = turn + random.integers(-6 * 3600 * 10**6, 6 * 3600 * 10**6, 5_000)
    clock = ProfileClock((NIGHT,), LONDON)

    held = clock.holds(np.zeros(5_000, dtype=np.int64), clock.read(moments), np.arange(5_000))

    singles = [clock.read(moments[n : n + 1]).minutes[0] < 6 * 60 for n in range(0, 5_000, 50)]
    assert held[::50].tolist() == singles
    assert 0 < held.sum() < 5_000
