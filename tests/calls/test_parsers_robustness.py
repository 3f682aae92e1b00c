"""Any bytes: nothing raises, no line is lost, no bad line harms its neighbours."""

import io
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.parsers.record import LineError, ParsedCall, ParseOptions
from calls.parsers.registry import FORMATS, parse_calls, sniff
from calls.parsers.sources import MAX_LINE
from tests.calls.test_parsers_csv import example_row
from tests.calls.test_parsers_support import SAMPLES, Run

GOOD = example_row().strip()
FRAGMENTS = [
    b'"', b'""', b",", b";", b"|", b"\n", b"\r\n", b"\r", b"\0", b"#", b"{", b"}", b"[", b"]", b":",
    b"\xff", b"\xc3", b"\xef\xbb\xbf", b"INVITE", b"BYE", b"INSERT INTO cdr VALUES (", b");",
    b"%00",
    b"call_id,setup_at,ended_at,called\n", b"2026-03-29 02:30:00", b"99999999999999", b"-1", b"\\",
    b'{"variables": {"uuid": "', b"1e999", b"\xf0\x9f\x93\x9e", b"9" * 30,
    *[
        line + b"\n"
        for path in sorted(SAMPLES.iterdir())
        for line in path.read_bytes().splitlines()
    ],
]  # fmt: skip
garbage = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=12)), max_size=40)


@pytest.mark.parametrize("format_name", sorted(FORMATS))
@settings(max_examples=150, deadline=None)
@given(pieces=garbage)
def test_garbage_never_raises_and_every_line_is_accounted_for(format_name, pieces):
    content = b"".join(pieces)
    run = Run(format_name, content)
    sniff(content)
    if format_name != "freeswitch_json" and not run.report.stopped:
        lines = content.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").split(b"\n")
        assert run.report.lines == len(lines) - (lines[-1] == b"")


def test_unbalanced_quote_costs_one_line():
    broken = GOOD[:-1]  # the last quote is missing
    lines = [GOOD, broken, GOOD.replace("0001", "0003"), broken, "", GOOD.replace("0001", "0005")]
    run = Run("freeswitch_csv", "\n".join(lines))
    assert [call.line for call in run.calls] == [1, 3, 6]
    assert run.problems == [(2, "", "a quote is never closed"), (4, "", "a quote is never closed")]


def test_quote_within_a_field_and_field_of_several_lines():
    text = example_row(caller_id_name='An"na') + example_row("03", "04", caller_id_name="An\nna")
    run = Run("freeswitch_csv", text)
    assert [(call.line, call.called) for call in run.calls] == [
        (1, "33142685300"),
        (2, "33142685300"),
    ]
    assert run.report.skipped == {"continuation of the line above": 1}


def test_byte_order_mark_latin_1_nul_crlf_blank_and_comment_lines():
    rows = example_row(accountcode="Müller"), example_row("03", "04", accountcode="Müller")
    content = (
        b"\xef\xbb\xbf# made by hand\r\n\r\n" + rows[0].encode().replace(b"\n", b"\r\n")
        + b"   \r\n\0" + rows[1].encode("latin-1")
    )  # fmt: skip
    run = Run("freeswitch_csv", content)
    assert run.problems == []
    assert [(call.line, call.auth_name) for call in run.calls] == [(3, "Müller"), (5, "Müller")]
    assert run.report.skipped == {"comment": 1, "blank": 2}


def test_truncated_last_line_and_wrong_column_count():
    run = Run("freeswitch_csv", GOOD + "\n" + GOOD[:60] + "\n" + GOOD[:150])
    assert len(run.calls) == 1
    assert [line for line, _field, _reason in run.problems] == [2, 3]


def test_raw_line_is_cut_and_an_endless_line_is_dropped_not_kept():
    run = Run(
        "freeswitch_csv", GOOD + "\n" + "x" * (3 * MAX_LINE) + "\n" + GOOD.replace("0001", "0003")
    )
    assert [call.line for call in run.calls] == [1, 3]
    assert len(run.errors[0].raw) == 500


def test_parser_reads_no_further_than_asked():
    lines = iter([example_row(f"{number:04d}", f"b{number:04d}") for number in range(10)])
    calls = parse_calls("freeswitch_csv", lines, ParseOptions())
    assert isinstance(next(calls), ParsedCall)
    assert len(list(lines)) >= 8


class Endless(io.RawIOBase):
    """A file that never ends, to show that nothing waits for its end."""

    def __init__(self, line):
        self.block = line * 50
        self.reads = 0

    def read(self, size=-1):
        self.reads += 1
        return self.block


@pytest.mark.parametrize("line", [GOOD.encode() + b"\n", b'"' + GOOD.encode() + b"\n"])
def test_endless_file_is_a_stream(line):
    source = Endless(line)
    items = parse_calls("freeswitch_csv", source, ParseOptions())
    assert all(isinstance(next(items), ParsedCall | LineError) for _item in range(100))
    assert source.reads < 20


def test_parsers_need_nothing_but_python():
    code = "import sys, calls.parsers.registry; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-S", "-c", code], check=False).returncode == 0
