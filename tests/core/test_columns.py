"""Columns to and from the database: every kind, its limits, NULL, and dated rows."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.columns import (
    BIGINT,
    BOOLEAN,
    DATE,
    FOREVER,
    INTEGER,
    MOMENT,
    SMALLINT,
    grouped,
    numeric,
    read_columns,
    text,
    texts_of,
    write_columns,
)
from softswitch.core.dated import NONE, Dated
from softswitch.core.moments import from_microseconds

INT64 = np.iinfo(np.int64)


@pytest.fixture
def scratch(db: None) -> None:
    """A table of every kind that is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE scratch (a bigint, b integer, c smallint, at timestamptz,"
            " day date, amount numeric(30, 6), rate numeric(30, 10)) ON COMMIT DROP"
        )


def write(**values: list[int]) -> list[tuple[object, ...]]:
    """Write rows and read them back as Django does."""
    kinds = {
        "a": BIGINT,
        "b": INTEGER,
        "c": SMALLINT,
        "at": MOMENT,
        "day": DATE,
        "amount": numeric(6),
        "rate": numeric(10),
    }
    columns = {name: kinds[name] for name in values}
    arrays = {name: np.array(column, dtype=np.int64) for name, column in values.items()}
    write_columns("scratch", columns, arrays, nullable=["b"] if "b" in values else ())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(values)} FROM scratch")
        rows: list[tuple[object, ...]] = cursor.fetchall()
        return rows


@pytest.mark.parametrize(
    "units", [0, 1, -1, 9_999, 10_000, -123_456_789, 10**12, INT64.max, -INT64.max]
)
def test_amounts_arrive_to_the_last_digit(scratch: None, units: int) -> None:
    expected = (Decimal(f"{units}E-6"), Decimal(f"{units}E-10"))
    assert write(amount=[units], rate=[units]) == [expected]


def test_amounts_of_different_sizes_share_a_batch(scratch: None) -> None:
    units = [0, 5, -70_000_000, 10**17]
    assert write(amount=units) == [(Decimal(f"{unit}E-6"),) for unit in units]


def test_moments_dates_and_nulls(scratch: None) -> None:
    rows = write(a=[1, 2, 3], b=[5, 0, 7], at=[0, 10**15, -1], day=[0, 20_000, -1])
    assert sorted(rows) == [
        (1, 5, datetime(1970, 1, 1, tzinfo=UTC), date(1970, 1, 1)),
        (2, None, from_microseconds(10**15), date(2024, 10, 4)),
        (3, 7, from_microseconds(-1), date(1969, 12, 31)),
    ]


@pytest.mark.parametrize(("column", "value"), [("b", 2**31), ("c", -(2**15) - 1), ("day", 2**32)])
def test_a_number_out_of_range_is_refused(scratch: None, column: str, value: int) -> None:
    with pytest.raises(OverflowError):
        write(**{column: [value]})


def test_columns_are_read(db: None) -> None:
    found = read_columns(
        "SELECT n, n %% 2 = 0, timestamptz '2026-03-10 12:00+00' + n * interval '1 us',"
        " timestamptz 'infinity', convert_to(rpad('ab' || n, %s), 'UTF8'), date '2026-03-10'"
        " FROM generate_series(1, 3) n ORDER BY n",
        [6],
        {"n": INTEGER, "even": BOOLEAN, "at": MOMENT, "end": MOMENT, "t": text(6), "d": DATE},
    )
    assert found["n"].tolist() == [1, 2, 3]
    assert found["even"].tolist() == [False, True, False]
    start = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert [from_microseconds(at) for at in found["at"]] == [
        start.replace(microsecond=n) for n in (1, 2, 3)
    ]
    assert found["end"].tolist() == [FOREVER] * 3
    assert texts_of(found["t"]).tolist() == ["ab1", "ab2", "ab3"]
    assert found["d"].tolist() == [(date(2026, 3, 10) - date(1970, 1, 1)).days] * 3


def test_nothing_is_read_as_empty_columns(db: None) -> None:
    found = read_columns("SELECT 1 WHERE false", [], {"n": INTEGER})
    assert found["n"].tolist() == []


@pytest.mark.parametrize("query", ["SELECT NULL::integer", "SELECT 1::bigint"])
def test_null_and_another_width_are_refused(db: None, query: str) -> None:
    with pytest.raises(ValueError, match="NULL or has another width"):
        read_columns(query, [], {"n": INTEGER})


@given(
    spans=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(1, 9)), max_size=8),
    asked=st.lists(st.tuples(st.integers(0, 4), st.integers(-2, 40)), min_size=1, max_size=20),
)
def test_the_row_in_force_is_found(
    spans: list[tuple[int, int, int]], asked: list[tuple[int, int]]
) -> None:
    """Rows of a key follow each other without overlap, with gaps."""
    rows: list[tuple[int, int, int]] = []
    for key, gap, length in spans:
        start = max((end for k, _, end in rows if k == key), default=0) + gap
        rows.append((key, start, start + length))
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    keys, moments = np.array(asked, dtype=np.int64).T
    expected = [
        next((i for i, (k, s, e) in enumerate(rows) if k == key and s <= at < e), NONE)
        for key, at in asked
    ]
    assert Dated(*columns).find(keys, moments).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(-2, 2)), min_size=1))
def test_equal_rows_are_grouped(rows: list[tuple[int, bool, int]]) -> None:
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    order, starts = grouped(columns)
    assert sorted(order.tolist()) == list(range(len(rows)))
    groups = [[rows[row] for row in part] for part in np.split(order, starts[1:])]
    assert starts[0] == 0
    assert [set(group) == {group[0]} for group in groups] == [True] * len(groups)
    assert len(groups) == len(set(rows))
