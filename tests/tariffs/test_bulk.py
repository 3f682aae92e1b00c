"""The bulk core: equal to the scalar core and to the oracle on random tariffs and calls."""

import time
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tariffs.rating.book import (
    ALWAYS_FROM,
    NEVER_TILL,
    NO_RATE,
    RateBook,
    RateColumns,
    to_microseconds,
)
from tariffs.rating.bulk import MICRO, charge_bulk
from tariffs.rating.formula import charge
from tariffs.rating.keys import keys_of_numbers, keys_of_texts
from tariffs.rating.match import find_rate
from tariffs.rating.terms import RateTerms, Rounding, TariffTerms
from tests.tariffs import oracle

D = Decimal
huge_prices = oracle.decimals(9 * 10**10, 8)


def book_of(*rows):
    return RateBook(RateColumns.of(rows))


def match_one(book, number, at=oracle.EPOCH):
    return int(book.match(keys_of_texts([number]), np.array([to_microseconds(at)]))[0])


def flat(prefix, **validity):
    return RateTerms(prefix, D(1), D(1), 1, 1, **validity)


@given(
    st.lists(oracle.rates, max_size=15),
    st.lists(st.tuples(oracle.numbers, oracle.moments), max_size=15),
)
def test_match_equals_scalar_and_oracle(rows, calls):
    book = RateBook(RateColumns.of(rows))
    at = np.array([to_microseconds(moment) for _, moment in calls], dtype=np.int64)

    found = book.match(keys_of_texts([number for number, _ in calls]), at)

    for (number, moment), row in zip(calls, found.tolist(), strict=True):
        assert row == (NO_RATE if (o := oracle.expected_row(rows, number, moment)) is None else o)
        assert find_rate(rows, number, moment) is (None if row == NO_RATE else rows[row])


@given(
    oracle.tariffs,
    st.lists(oracle.rates | oracle.rates_with(huge_prices), min_size=1, max_size=8),
    st.data(),
)
def test_charges_equal_scalar_and_oracle(terms, rows, data):
    one_call = st.tuples(st.integers(0, len(rows) - 1), oracle.durations)
    calls = data.draw(st.lists(one_call, max_size=12))
    columns = RateColumns.of(rows)
    picked = np.array([row for row, _ in calls], dtype=np.int64)
    duration_ms = np.array([int(duration * 1000) for _, duration in calls], dtype=np.int64)

    billed, costs = charge_bulk(terms, columns, picked, duration_ms)

    for (row, duration), seconds, micro in zip(calls, billed, costs, strict=True):
        cost = Fraction(int(micro), MICRO)
        assert (int(seconds), cost) == oracle.expected_charge(terms, rows[row], duration)
        charged = charge(terms, rows[row], duration)
        assert (charged.billed_seconds, Fraction(charged.cost)) == (int(seconds), cost)


@given(st.lists(st.integers(0, 10**18 - 1) | st.integers(0, 99)), st.integers(0, 3))
def test_keys_of_numbers_equal_keys_of_texts(numbers, zeros):
    texts = [("0" * zeros + str(number))[:18] for number in numbers]
    values = np.array([int(text) for text in texts], dtype=np.int64)
    lengths = np.array([len(text) for text in texts], dtype=np.int64)

    assert keys_of_numbers(values, lengths).tolist() == keys_of_texts(texts).tolist()


@given(st.text("0129", max_size=18), st.text("0129", max_size=18))
def test_keys_sort_as_texts_do(one, other):
    first, second = keys_of_texts([one, other]).tolist()

    assert (first < second, first == second) == (one < other, one == other)


@pytest.mark.parametrize(
    ("values", "lengths"), [([-1], [1]), ([10], [1]), ([1], [19]), ([1], [-1]), ([1], [0])]
)
def test_keys_of_numbers_refuse_what_contradicts_itself(values, lengths):
    with pytest.raises(ValueError, match="digits"):
        keys_of_numbers(np.array(values), np.array(lengths))


@pytest.mark.parametrize(
    ("number", "row"),
    [
        ("440", 1),
        ("4400000000000000000000", 1),
        ("44", 0),
        ("4", NO_RATE),
        ("00440", 2),
        ("0", NO_RATE),
        ("", NO_RATE),
        ("44x0", 0),
        ("anonymous", NO_RATE),
        ("\uff14\uff14\uff10", NO_RATE),
        ("44\x000", 0),
    ],
)
def test_padding_zeros_and_odd_characters_never_match(number, row):
    assert match_one(book_of(flat("44"), flat("440"), flat("004")), number) == row


def test_default_prefix_takes_whatever_is_left():
    book = book_of(flat("1"), flat(""))

    assert [match_one(book, number) for number in ("12", "2", "", "sip")] == [0, 1, 1, 1]


def test_empty_book_and_empty_batch():
    assert match_one(book_of(), "44") == NO_RATE
    nothing = np.empty(0, dtype=np.int64)
    assert book_of(flat("4")).match(nothing, nothing).size == 0
    billed, costs = charge_bulk(TariffTerms(), RateColumns.of([]), nothing, nothing)
    assert (billed.size, costs.size) == (0, 0)


def test_validity_is_half_open_to_the_microsecond_and_falls_back_to_shorter_prefixes():
    hour, tick = timedelta(hours=1), timedelta(microseconds=1)
    start, end = oracle.EPOCH, oracle.EPOCH + hour
    book = book_of(flat("4"), flat("44", valid_from=start, valid_till=end))

    assert [match_one(book, "44", at) for at in (start - tick, start, end - tick, end)] == [
        0,
        1,
        1,
        0,
    ]


def test_of_equal_prefixes_the_latest_start_wins_whatever_the_order_of_the_rows():
    later = oracle.EPOCH + timedelta(hours=1)
    book = book_of(flat("44", valid_from=later), flat("44", valid_from=oracle.EPOCH), flat("44"))

    before = oracle.EPOCH - timedelta(hours=1)
    assert [match_one(book, "44", at) for at in (before, oracle.EPOCH, later)] == [2, 1, 0]


@pytest.mark.parametrize(("ms", "micro"), [(0, 0), (60_000, 300_000), (60_001, 310_000)])
def test_rounding_up_leaves_an_exact_cost_alone(ms, micro):
    terms = TariffTerms(cost_rounding=Rounding.UP, duration_rounding=Rounding.UP, decimals=2)
    columns = RateColumns.of([RateTerms("", D("0.3"), D("0.3"), 1, 1)])

    _, costs = charge_bulk(terms, columns, np.array([0]), np.array([ms]))

    assert costs.tolist() == [micro]


def test_a_thousand_price_changes_of_one_prefix_stay_correct():
    day = timedelta(days=1)
    rows = [
        flat("44", valid_from=oracle.EPOCH + n * day, valid_till=oracle.EPOCH + (n + 1) * day)
        for n in range(1_000)
    ]
    book = book_of(*rows)
    at = np.array([to_microseconds(row.valid_from) for row in rows])

    assert book.match(keys_of_texts(["4412"] * 1_000), at).tolist() == list(range(1_000))


@pytest.mark.parametrize("prefix", ["4" * 19, "+44", "4a"])
def test_a_book_refuses_prefixes_it_cannot_hold(prefix):
    with pytest.raises(ValueError, match="prefix"):
        RateBook(_columns([prefix]))


def test_columns_refuse_prices_they_cannot_hold():
    with pytest.raises(ValueError, match="decimals"):
        RateColumns.of([RateTerms("", D("0.000000001"), D(1), 1, 1)])
    with pytest.raises(OverflowError):
        RateColumns.of([RateTerms("", D("92233720369"), D(1), 1, 1)])


def test_a_call_without_a_rate_is_refused_not_charged_at_another_row():
    with pytest.raises(ValueError, match="without a rate"):
        charge_bulk(TariffTerms(), _columns(["4"]), np.array([NO_RATE]), np.array([1000]))


def test_a_cost_beyond_int64_is_an_error_not_a_wrong_number():
    dear = RateColumns.of([RateTerms("", D(90_000_000_000), D(0), 36_000, 1)])

    with pytest.raises(OverflowError, match="too large"):
        charge_bulk(TariffTerms(), dear, np.array([0]), np.array([1000]))


@given(
    st.integers(0, 2**63 - 1),
    st.integers(1, 2**62),
    st.integers(1, 2**62),
    st.sampled_from(Rounding),
)
@example(2**63 - 1, 1, 1, Rounding.UP)
def test_extreme_durations_and_intervals_equal_the_scalar_core(ms, first, further, rule):
    terms = TariffTerms(duration_rounding=rule)
    free = RateTerms("", D(0), D(0), first, further)

    billed, costs = charge_bulk(terms, RateColumns.of([free]), np.array([0]), np.array([ms]))

    assert int(billed[0]) == charge(terms, free, D(f"{ms}E-3")).billed_seconds
    assert int(costs[0]) == 0


@pytest.mark.parametrize(
    "terms",
    [
        TariffTerms(connect_fee=D("0.000000001")),
        TariffTerms(post_call_surcharge=D("1E-15")),
        TariffTerms(free_seconds=2**70),
    ],
    ids=["fee-with-nine-decimals", "surcharge-with-fifteen", "free-seconds-beyond-int64"],
)
def test_terms_that_do_not_fit_integers_go_through_the_scalar_core(terms):
    row = RateTerms("", D("0.3"), D("0.3"), 1, 1)

    _, costs = charge_bulk(terms, RateColumns.of([row]), np.array([0]), np.array([61_500]))

    assert Fraction(int(costs[0]), MICRO) == oracle.expected_charge(terms, row, D("61.5"))[1]


def test_sixty_thousand_prefixes_and_a_million_calls_take_no_time_worth_mentioning():
    """Far above the usual 0.1 s each, so that only a change of complexity fails this."""
    random = np.random.default_rng(7)
    texts = sorted({str(n) for n in random.integers(1, 10**8, 60_000)})
    numbers = random.integers(10**11, 10**12, 1_000_000)
    began = time.perf_counter()
    book = RateBook(_columns(texts))
    keys = keys_of_numbers(numbers, np.full(numbers.shape, 12))
    rows = book.match(keys, np.zeros(numbers.shape, dtype=np.int64))
    found = rows[rows != NO_RATE]
    charge_bulk(TariffTerms(), book.columns, found, np.full(found.shape, 61_500))

    assert time.perf_counter() - began < 5


def _columns(prefixes):
    size = len(prefixes)
    return RateColumns(
        ids=np.arange(size),
        prefixes=prefixes,
        price_1=np.full(size, 10**6),
        price_n=np.full(size, 10**6),
        interval_1=np.ones(size, dtype=np.int64),
        interval_n=np.ones(size, dtype=np.int64),
        is_forbidden=np.zeros(size, dtype=np.bool_),
        grace_enabled=np.zeros(size, dtype=np.bool_),
        valid_from_us=np.full(size, ALWAYS_FROM),
        valid_till_us=np.full(size, NEVER_TILL),
    )
