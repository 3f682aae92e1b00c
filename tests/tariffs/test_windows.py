"""The text of a profile's times: read, written, and refused with the line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.parsers.windows import WindowError, read_windows, write_windows

HOLIDAY = 1 << 7


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("Mon-Fri 08:00-20:00", [(0b11111, 480, 1200)]),
        ("mon – fri 8:00 – 20:00\n\n", [(0b11111, 480, 1200)]),
        ("Saturday, Sun, Holiday: 00:00-24:00", [(0b1100000 | HOLIDAY, 0, 1440)]),
        ("Sat-Mon 06:30-07:00", [(0b1100001, 390, 420)]),
        ("Fri 22:00-06:00", [(0b10000, 1320, 1440), (0b100000, 0, 360)]),
        ("Sun 22:00-00:00", [(0b1000000, 1320, 1440)]),
        ("Mon-Sun 20:00-08:00", [(0b1111111, 0, 480), (0b1111111, 1200, 1440)]),
        ("Mon 08:00-12:00\nMon 12:00-13:00\nTue 08:00-13:00", [(0b11, 480, 780)]),
    ],
)
def test_times_are_read(text, windows):
    assert read_windows(text) == windows


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Mon-Fri", "Line 1: write days and times"),
        ("Mon 08:00-20:00\nFoo 08:00-20:00", "Line 2: “Foo” is no day"),
        ("Mon-Holiday 08:00-20:00", "is no day"),
        ("Mon 08:00-24:01", "“24:01” is no time"),
        ("Mon 08:60-09:00", "“08:60” is no time"),
        ("Mon 08:00-08:00", "the whole day is 00:00-24:00"),
        ("Mon 24:00-08:00", "the whole day is 00:00-24:00"),
        ("Sat, Holiday 22:00-06:00", "ends at 24:00"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text, reason):
    with pytest.raises(WindowError, match=reason):
        read_windows(text)


def test_times_are_written_as_people_write_them():
    text = "Mon-Wed, Fri, Sun, Holiday 00:00-24:00\nThu, Sat 08:05-20:00"

    assert sorted(write_windows(read_windows(text)).splitlines()) == sorted(text.splitlines())


@given(
    st.lists(st.tuples(st.integers(1, 255), st.integers(0, 1439), st.integers(1, 1440)), max_size=5)
)
def test_what_is_written_is_read_back(drawn):
    windows = [(days, start, max(start + 1, end)) for days, start, end in drawn]

    joined = read_windows(write_windows(windows))

    assert read_windows(write_windows(joined)) == joined
    assert minutes(joined) == minutes(windows)


def minutes(windows):
    return {
        (day, minute)
        for days, start, end in windows
        for day in range(8)
        if days >> day & 1
        for minute in range(start, end)
    }
