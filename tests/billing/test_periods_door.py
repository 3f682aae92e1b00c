"""The door `billing_periods`."""

import io
import json
import sys

import pytest
from django.core.management import call_command

LINE = {
    "type": "anniversary",
    "created": "2026-01-31T10:00:00",
    "timezone": "Africa/Johannesburg",
    "count": 2,
}


def ask(**changed):
    """Return the answer to `LINE` with some members changed; None leaves one out."""
    line = {name: value for name, value in {**LINE, **changed}.items() if value is not None}
    (answer,) = answers_to(json.dumps(line).encode())
    return answer


def answers_to(sent):
    """Return the answers to some bytes."""
    stdin, stdout = sys.stdin, io.StringIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(sent))
    try:
        call_command("billing_periods", stdout=stdout)
    finally:
        sys.stdin = stdin
    return [json.loads(line) for line in stdout.getvalue().splitlines()]


def test_periods_are_half_open_local_times_with_their_offset():
    assert ask() == {
        "periods": [
            {"start": "2026-01-31T10:00:00+02:00", "end": "2026-02-28T00:00:00+02:00"},
            {"start": "2026-02-28T00:00:00+02:00", "end": "2026-03-28T00:00:00+02:00"},
        ]
    }


@pytest.mark.parametrize(
    ("created", "start"),
    [
        ("2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25", "2026-10-25T00:00:00+02:00"),
    ],
)
def test_an_ambiguous_time_is_the_earlier_one_unless_its_offset_is_given(created, start):
    answer = ask(created=created, timezone="Europe/Berlin", count=1)

    assert answer["periods"][0]["start"] == start


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"type": "yearly"}, "type must be one of daily, weekly"),
        ({"type": None}, "type is missing"),
        ({"created": "31.01.2026"}, "created '31.01.2026' is not an ISO date and time"),
        (
            {"created": "2026-03-29T02:30:00", "timezone": "Europe/Berlin"},
            "created 2026-03-29T02:30:00 does not exist in Europe/Berlin",
        ),
        ({"created": "9999-12-31T23:00:00", "timezone": "America/Lima"}, "created is out of range"),
        ({"created": "0001-01-01T00:00:00+14:00"}, "created is out of range"),
        (
            {"created": "0001-01-01T00:00:00Z", "timezone": "America/Lima"},
            "created is out of range",
        ),
        ({"created": "9999-12-01T00:00:00"}, "beyond the year 9999"),
        ({"timezone": "Mars/Olympus"}, "timezone 'Mars/Olympus' is unknown"),
        ({"timezone": "../UTC"}, "timezone '../UTC' is unknown"),
        ({"timezone": "America"}, "timezone 'America' is unknown"),
        ({"count": 0}, "count must be 1 to 100000"),
        ({"count": 1.5}, "count must be a whole number"),
        ({"count": True}, "count must be a number"),
        ({"zone": "UTC"}, "unknown: zone"),
    ],
    ids=range(15),
)
def test_a_bad_line_names_what_is_wrong(changed, said):
    answer = ask(**changed)

    assert list(answer) == ["error"]
    assert said in answer["error"]


def test_lines_after_a_bad_one_are_answered_in_their_order():
    lines = [json.dumps(LINE), '{"type": "daily"', "", json.dumps({**LINE, "count": 0}), "[1]"]
    text = "\n".join([*lines, json.dumps(LINE)])

    answers = answers_to(text.encode())

    assert [next(iter(answer)) for answer in answers] == ["periods", *["error"] * 4, "periods"]
    assert answers[0] == answers[-1]
    assert "Expecting ',' delimiter at column 17" in answers[1]["error"]
