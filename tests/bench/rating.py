"""Match and formula alone, on columns of a million charges; one core does all of it."""

import random
import time
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from tariffs.rating.book import NO_RATE, RateBook, RateColumns, to_microseconds
from tariffs.rating.bulk import charge_bulk
from tariffs.rating.keys import Int64s, keys_of_numbers
from tariffs.rating.terms import RateTerms, TariffTerms

CHARGES = 1_000_000
PREFIXES = 60_000
LEAST_PER_SECOND = 5_000_000
TURNS = 5
DIGITS = 12


def run() -> tuple[list[str], bool]:
    """Charges per second, the best of some turns; whether the limit is kept."""
    book, terms = _book(), TariffTerms(connect_fee=Decimal("0.01"), decimals=5)
    keys, at_us, duration_ms = _calls()
    spent = min(_turn(book, terms, keys, at_us, duration_ms) for _ in range(TURNS))
    per_second = CHARGES / spent
    lines = [
        (
            f"rating alone: {per_second:,.0f} charges/s matched and priced by {PREFIXES:,} prefixes"
            f" (limit {LEAST_PER_SECOND:,})"
        )
    ]
    return lines, per_second >= LEAST_PER_SECOND


def _turn(
    book: RateBook, terms: TariffTerms, keys: Int64s, at_us: Int64s, duration_ms: Int64s
) -> float:
    """Seconds of the processor."""
    start = time.process_time()
    rows = book.match(keys, at_us)
    billed, costs = charge_bulk(terms, book.columns, rows, duration_ms)
    spent = time.process_time() - start
    if (rows == NO_RATE).any() or not billed.all() or not costs.all():
        raise RuntimeError("a call was not charged")
    return spent


def _book() -> RateBook:
    chance = random.Random(1)
    prefixes = {""}
    while len(prefixes) < PREFIXES:
        prefixes.add(str(chance.randrange(1, 10 ** chance.randint(3, 8))))
    rates = [
        RateTerms(
            prefix=prefix,
            price_1=Decimal(number % 997 + 1).scaleb(-4),
            price_n=Decimal(number % 997 + 1).scaleb(-4),
            interval_1=(1, 60)[number % 2],
            interval_n=(1, 6)[number % 2],
        )
        for number, prefix in enumerate(sorted(prefixes))
    ]
    return RateBook(RateColumns.of(rates))


def _calls() -> tuple[Int64s, Int64s, Int64s]:
    """Keys of numbers, starts, and durations in milliseconds, none of them 0."""
    chance = np.random.default_rng(1)
    numbers = chance.integers(10 ** (DIGITS - 1), 10**DIGITS, CHARGES)
    keys = keys_of_numbers(numbers, np.full(CHARGES, DIGITS))
    start = to_microseconds(datetime(2026, 3, 10, tzinfo=UTC))
    at_us = start + np.arange(CHARGES) * 1_000_000
    return keys, at_us, chance.integers(1_000, 600_000, CHARGES)
