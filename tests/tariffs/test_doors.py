"""The doors `rate_calls` and `match_prefixes`, and what every door does with bad lines."""

import io
import json
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.jsonlines import answer_lines
from tariffs.rating.formula import max_duration
from tests.tariffs import oracle


def run(command, *lines):
    """Return the door's answers to lines given as objects or as raw bytes."""
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    stdin, stdout = sys.stdin, io.StringIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"".join(line + b"\n" for line in raw)))
    try:
        call_command(command, stdout=stdout)
    finally:
        sys.stdin = stdin
    answers = [json.loads(line) for line in stdout.getvalue().splitlines()]
    assert len(answers) == len(lines)
    return answers


def rate_call(rate, **rest):
    return run("rate_calls", {"rate": rate, **rest})[0]


def test_the_documented_example():
    rate = {"connect_fee": "0.015", "price_1": "0.3", "price_n": "0.3"}

    assert rate_call(rate, duration="61.5") == {"billed_seconds": 62, "cost": "0.32500"}
    assert rate_call(rate, funds="0.325") == {"max_seconds": 62}


def test_every_member_has_its_default():
    assert rate_call({}, duration=60) == {"billed_seconds": 60, "cost": "0.00000"}
    assert rate_call({}, funds=0) == {"max_seconds": None}
    assert rate_call({}, funds="-0.01") == {"max_seconds": 0}


@pytest.mark.parametrize(
    ("rate", "duration", "cost"),
    [
        ({"price_1": 0.1, "price_n": 0.1, "decimals": 6}, 1, "0.001667"),
        ({"price_1": "3e1", "decimals": 0, "interval_1": "1"}, 1.0, "1"),
        ({"price_1": 1, "decimals": 2, "cost_rounding": "up"}, "0.5", "0.02"),
        ({"connect_fee": 1}, "-3", "0.00000"),
        ({"connect_fee": 1}, "0.49", "0.00000"),
        ({"connect_fee": 1, "duration_rounding": "up"}, "0.001", "1.00000"),
        ({"connect_fee": 1, "grace_period": 3, "grace_enabled": True}, 3, "0.00000"),
        ({"connect_fee": "10000000000000000000000000000000"}, 1, "1" + "0" * 31 + ".00000"),
        ({"connect_fee": "0.0000001"}, 1, "0.00000"),
    ],
    ids=range(9),
)
def test_numbers_come_as_strings_or_numbers_and_costs_have_all_their_decimals(rate, duration, cost):
    assert rate_call(rate, duration=duration)["cost"] == cost


@pytest.mark.parametrize(
    ("rate", "named"),
    [
        ({"price_1": "-0.1"}, "price_1"),
        ({"price_n": -1}, "price_n"),
        ({"connect_fee": -0.01}, "connect_fee"),
        ({"post_call_surcharge": "-1.01"}, "post_call_surcharge"),
        ({"interval_1": 0}, "interval_1"),
        ({"interval_n": -6}, "interval_n"),
        ({"interval_n": 1.5}, "interval_n"),
        ({"free_seconds": -1}, "free_seconds"),
        ({"grace_period": "soon"}, "grace_period"),
        ({"grace_enabled": 1}, "grace_enabled"),
        ({"grace_enabled": "true"}, "grace_enabled"),
        ({"price_1": True}, "price_1"),
        ({"interval_1": True}, "interval_1"),
        ({"price_1": None}, "price_1"),
        ({"price_1": [1]}, "price_1"),
        ({"price_1": ""}, "price_1"),
        ({"price_1": " 1"}, "price_1"),
        ({"price_1": "1_000"}, "price_1"),
        ({"price_1": "1,5"}, "price_1"),
        ({"price_1": "٣"}, "price_1"),
        ({"price_1": "Infinity"}, "price_1"),
        ({"price_1": "1e999999999"}, "price_1"),
        ({"price_1": "1e-999999999"}, "price_1"),
        ({"price_1": "1" * 101}, "price_1"),
        ({"duration_rounding": "down"}, "duration_rounding"),
        ({"cost_rounding": 1}, "cost_rounding"),
        ({"decimals": 7}, "decimals"),
        ({"decimals": -1}, "decimals"),
        ({"price1": 1}, "price1"),
    ],
    ids=range(29),
)
def test_a_bad_member_is_named(rate, named):
    (error,) = rate_call(rate, duration="1").values()

    assert named in error


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"rate": {}}, "either duration or funds"),
        ({"rate": {}, "duration": 1, "funds": 1}, "either duration or funds"),
        ({"rate": {}, "duration": "NaN"}, "duration must be a number"),
        ({"rate": {}, "duration": None}, "duration must be a number"),
        ({"rate": {}, "funds": "Infinity"}, "funds must be a number"),
        ({"rate": {}, "duration": 1, "note": ""}, "unknown: note"),
        ({"rate": [], "duration": 1}, "rate must be an object"),
        ({"duration": 1}, "rate is missing"),
        ([], "the line must be an object"),
        (b"", "not JSON"),
        (b"   ", "not JSON"),
        (b"{", "not JSON"),
        (b'{"rate":{"price_1":NaN},"duration":1}', "NaN"),
        (b'{"rate":{"price_1":1e999999999999},"duration":1}', "price_1"),
        (b'{"rate":{"price_1":' + b"9" * 5000 + b'},"duration":1}', "price_1 is out of range"),
        (b'{"rate": {}, "duration": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
    ],
    ids=range(17),
)
def test_a_bad_line_gets_an_error_and_the_run_goes_on(line, said):
    good = {"rate": {}, "duration": 1}

    before, answer, after = run("rate_calls", good, line, good)

    assert list(answer) == ["error"]
    assert said in answer["error"]
    assert before == after == {"billed_seconds": 1, "cost": "0.00000"}


@given(oracle.tariffs.filter(lambda terms: not terms.not_billed), oracle.rates, oracle.durations)
def test_rate_calls_equals_the_oracle(terms, row, duration):
    rate = {
        "connect_fee": str(terms.connect_fee),
        "free_seconds": terms.free_seconds,
        "grace_period": terms.grace_period,
        "grace_enabled": row.grace_enabled,
        "post_call_surcharge": str(terms.post_call_surcharge),
        "price_1": str(row.price_1),
        "price_n": str(row.price_n),
        "interval_1": row.interval_1,
        "interval_n": row.interval_n,
        "duration_rounding": terms.duration_rounding,
        "cost_rounding": terms.cost_rounding,
        "decimals": terms.decimals,
    }
    billed, cost = oracle.expected_charge(terms, row, duration)
    written = f"{int(cost * 10**terms.decimals):0{terms.decimals + 1}d}"
    whole, places = (
        written[: len(written) - terms.decimals],
        written[len(written) - terms.decimals :],
    )

    charged, paid = run(
        "rate_calls",
        {"rate": rate, "duration": str(duration)},
        {"rate": rate, "funds": str(duration)},
    )

    assert charged == {"billed_seconds": billed, "cost": f"{whole}.{places}" if places else whole}
    assert paid == {"max_seconds": max_duration(terms, row, duration)}


@pytest.mark.parametrize(
    ("prefixes", "number", "prefix"),
    [
        (["1", "1212", "12125"], "12124", "1212"),
        (["1", "1212"], "12125551234", "1212"),
        (["1212"], "121", None),
        (["440"], "44", None),
        (["", "1"], "2", ""),
        ([], "2", None),
        (["0", "00", "1"], "001", "00"),
        (["1", "1"], "1", "1"),
    ],
    ids=range(8),
)
def test_match_prefixes(prefixes, number, prefix):
    line = {"prefixes": prefixes, "number": number}

    assert run("match_prefixes", line) == [{"prefix": prefix}]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"prefixes": ["1"]}, "number is missing"),
        ({"number": "1"}, "prefixes is missing"),
        ({"prefixes": "1", "number": "1"}, "prefixes must be a list"),
        ({"prefixes": [1], "number": "1"}, "prefixes[0] must be a string"),
        ({"prefixes": ["+1"], "number": "1"}, "digits"),
        ({"prefixes": ["1"], "number": 1}, "number must be a string"),
        ({"prefixes": ["1"], "number": "+1"}, "number must be digits"),
        ({"prefixes": ["1"], "number": ""}, "number must be digits"),
    ],
    ids=range(8),
)
def test_match_prefixes_refuses(line, said):
    (answer,) = run("match_prefixes", line)

    assert said in answer["error"]


@given(st.lists(st.text("01", max_size=4), max_size=6), st.text("01", min_size=1, max_size=6))
def test_match_prefixes_equals_trying_every_prefix(prefixes, number):
    tried = [number[:size] for size in range(len(number), -1, -1)]
    expected = next((prefix for prefix in tried if prefix in prefixes), None)

    assert run("match_prefixes", {"prefixes": prefixes, "number": number}) == [{"prefix": expected}]


def test_a_hundred_thousand_lines_take_seconds():
    """Usually two; the limit is generous, so that only a change of complexity fails this."""
    line = {"rate": {"price_1": "0.123", "price_n": "0.1"}, "duration": "61.5"}
    began = time.perf_counter()

    answers = run("rate_calls", *[line] * 100_000)

    assert answers[-1] == {"billed_seconds": 62, "cost": "0.10372"}
    assert time.perf_counter() - began < 30


def test_the_door_answers_each_line_at_once_without_a_database():
    """Through real pipes: the answer comes while standard input is still open."""
    with subprocess.Popen(
        [sys.executable, "manage.py", "match_prefixes"],
        cwd=settings.BASE_DIR,
        env={"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as door:
        assert door.stdin
        assert door.stdout
        for number in (b"441", b"442"):
            door.stdin.write(b'{"prefixes": ["44"], "number": "%s"}\n' % number)
            door.stdin.flush()
            assert json.loads(door.stdout.readline()) == {"prefix": "44"}
        door.stdin.close()
        assert door.wait() == 0


def test_an_error_of_the_door_itself_is_not_taken_for_a_bad_line():
    def broken(fields):
        raise TypeError("a fault in the program")

    with pytest.raises(TypeError):
        answer_lines(io.BytesIO(b"{}\n"), io.StringIO(), broken)
