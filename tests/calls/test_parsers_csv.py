"""FreeSWITCH, Asterisk, acc_cdrs and generic CSV files, with the oddities of real ones."""

import io
from pathlib import Path

import pytest

from calls.choices import CdrFormat
from calls.parsers.freeswitch_csv import TEMPLATES
from calls.parsers.record import ParsedCall, ParseOptions
from calls.parsers.registry import FORMATS, parse_calls, sniff
from tests.calls.test_parsers_support import SAMPLES, Run, run_sample, us

REAL_FILES = Path(__file__).parents[3] / "shared" / "data" / "cdrs"
UUID = "5d1c6f0e-0b7e-4c3a-9f7e-3a1f5a1c00"
D = "2026-03-02"
HEADER = "call_id,setup_at,answered_at,ended_at,duration,caller,called\n"


def example_row(uuid="01", other="02", **values):
    texts = {
        "caller_id_number": "4930901820", "destination_number": "33142685300",
        "start_stamp": "2026-03-02 09:15:01", "answer_stamp": "2026-03-02 09:15:07",
        "end_stamp": "2026-03-02 09:16:12", "billsec": "65", "hangup_cause": "NORMAL_CLEARING",
        "uuid": UUID + uuid, "bleg_uuid": UUID + other if other else "", "accountcode": "acme",
    } | values  # fmt: skip
    template = TEMPLATES["example"]
    return ",".join(f'"{texts.get(name, "")}"' for name in template) + "\n"


def test_freeswitch_example_layout():
    run = run_sample("freeswitch_csv", "freeswitch_example.csv")
    assert run.problems == []
    assert run.calls[0] == ParsedCall(
        f"{UUID}01", "", us("2026-03-02 08:15:01"), us("2026-03-02 08:15:07"),
        us("2026-03-02 08:16:12"), 65_000, "4930901820", "0033142685300", "acme", "", None, 16,
        None, 1,
    )  # fmt: skip
    assert run.calls[1].answered_us is None
    assert (run.calls[1].duration_ms, run.calls[1].hangup_cause) == (0, 17)


@pytest.mark.parametrize("template", sorted(set(TEMPLATES) - {"opencdrrate"}))
@pytest.mark.parametrize("named", [True, False])
def test_freeswitch_layouts_named_or_found(template, named):
    texts = {
        "start_stamp": "2026-03-02 09:15:01", "answer_stamp": "2026-03-02 09:15:07",
        "end_stamp": "2026-03-02 09:16:12", "billsec": "65", "uuid": "u-1", "accountcode": "acme",
        "destination_number": "33142685300", "hangup_cause": "NORMAL_CLEARING",
    }  # fmt: skip
    row = ",".join(f'"{texts.get(name, "")}"' for name in TEMPLATES[template])
    row = row.replace(',"acme"', ', "acme"')  # the space of the delivered configuration
    line = f"INSERT INTO cdr VALUES ({row});\n" if template == "sql" else row + "\n"
    run = Run("freeswitch_csv", line, template=template if named else "")
    assert run.problems == []
    call = run.calls[0]
    assert (call.native_id, call.auth_name, call.duration_ms) == ("u-1", "acme", 65_000)
    assert (call.called, call.hangup_cause) == ("33142685300", 16)


def test_freeswitch_charges_only_the_leg_from_the_customer_by_direction():
    run = run_sample("freeswitch_csv", "freeswitch_opencdrrate.csv")
    assert [call.native_id[:8] for call in run.calls] == ["7f0c0001"]
    assert run.report.skipped == {"outbound leg": 1}
    assert run.calls[0].setup_us == run.calls[0].answered_us  # the layout has no set-up
    assert run.calls[0].source_ip == "192.0.2.10"


@pytest.mark.parametrize("gateway_first", [True, False])
def test_freeswitch_charges_only_the_leg_from_the_customer_by_uuid(gateway_first):
    rows = [example_row("01", "02"), example_row("02", "", accountcode="")]
    run = Run("freeswitch_csv", "".join(reversed(rows) if gateway_first else rows))
    assert [call.native_id for call in run.calls] == [UUID + "01"]
    assert run.report.skipped == {"leg named by another row": 1}


def test_freeswitch_columns_of_an_own_layout_give_the_finest_unit():
    columns = ("uuid", "start_uepoch", "answer_uepoch", "end_uepoch", "billsec", "billmsec",
               "destination_number", "sip_auth_username", "accountcode", "network_addr",
               "progressmsec", "hangup_cause_q850")  # fmt: skip
    line = ("u1,1772442901314987,1772442906654914,1772442930895158,24,24241,33142685300,,acme,"
            "192.0.2.1,4721,16\n")  # fmt: skip
    call = Run("freeswitch_csv", line, columns=columns).calls[0]
    assert call.setup_us == 1772442901314987
    assert (call.duration_ms, call.pdd_ms, call.auth_name) == (24_241, 4721, "acme")


def test_freeswitch_unknown_layout_says_so():
    assert Run("freeswitch_csv", "x\n", template="nope").report.stopped == "unknown layout 'nope'"


def test_asterisk_18_columns_with_quotes_newline_and_no_answer():
    run = run_sample("asterisk_csv", "asterisk_18.csv")
    assert run.problems == []
    first, second = run.calls
    assert (first.native_id, first.leg) == ("1772442901.1", "PJSIP/paris-00000002")
    assert (first.duration_ms, first.hangup_cause, first.auth_name) == (65_000, 16, "acme")
    assert (second.line, second.answered_us, second.hangup_cause) == (3, None, 19)
    assert second.auth_name == "anna", "without account code the calling channel names the account"


def test_asterisk_sequence_tells_rows_of_one_unique_id_apart():
    run = run_sample("asterisk_csv", "asterisk_21.csv")
    assert [(call.native_id, call.leg) for call in run.calls] == [
        ("1772442901.1", "7"), ("1772442901.1", "8"),
    ]  # fmt: skip
    assert [call.duration_ms for call in run.calls] == [65_500, 0]


@pytest.mark.parametrize("width", [16, 17, 18, 19, 20, 21])
def test_asterisk_variants(width):
    base = ["acme", "1", "2", "c", "x", "SIP/a-01", "SIP/b-02", "Dial", "", "2026-03-02 09:15:01",
            "2026-03-02 09:15:07", "2026-03-02 09:16:12", "71", "65", "ANSWERED", "3"]  # fmt: skip
    optional = {16: [], 17: ["1.1"], 18: ["1.1", "uf"]}
    tail = optional[width if width < 19 else width - 3] + (["", "1.1", "9"] if width >= 19 else [])
    run = Run("asterisk_csv", ",".join(base + tail) + "\n")
    assert run.problems == []
    has_id = width not in {16, 19}
    assert run.calls[0].native_id == ("1.1" if has_id else "SIP/a-01@2026-03-02 09:15:01")
    assert run.calls[0].leg == ("9" if width >= 19 else "SIP/b-02")


def test_acc_cdrs_have_one_call_per_row():
    run = run_sample("kamailio_cdrs", "kamailio_cdrs.csv")
    assert run.problems == []
    assert [call.duration_ms for call in run.calls] == [65_250, 0]
    assert [call.answered_us is None for call in run.calls] == [False, True]
    flat = "1772442901.5|1772442966.75|65.25|493090|3314268|c1\n"
    assert Run("kamailio_cdrs", flat).calls[0].duration_ms == 65_250


def test_generic_file_with_mixed_times_and_durations():
    run = run_sample("generic_csv", "generic.csv")
    assert run.problems == []
    one, two, three = run.calls
    assert (one.duration_ms, one.pdd_ms, one.line) == (65_000, 2500, 3)
    assert (two.setup_us, two.answered_us) == (us("2026-03-02 08:20:00"), None)
    assert (two.sip_code, two.hangup_cause) == (486, 17)
    assert three.setup_us == us("2026-03-02 09:25:00.25")
    assert (three.duration_ms, three.pdd_ms) == (60_250, 120)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("call_id,setup_at,ended_at,called,price", "unknown columns: price"),
        ("call_id,setup_at,ended_at,called,called", "columns named twice: called"),
        ("call_id,ended_at", "missing columns: setup_at, called"),
        ("call_id,setup_at,called", "missing columns: ended_at or duration"),
    ],
)
def test_generic_header_must_be_known(header, problem):
    run = Run("generic_csv", header + "\nx,1772442901,1772442901,1,1\n")
    assert not run.calls
    assert run.errors[0].reason.startswith(problem)
    assert run.report.stopped == run.errors[0].reason


def test_generic_without_answer_column_takes_the_answer_from_the_duration():
    text = "call_id;setup_at;ended_at;duration;called\nc;1772442900;1772442970;60;33\n"
    call = Run("generic_csv", text).calls[0]
    assert (call.answered_us, call.duration_ms) == (1772442910_000_000, 60_000)


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (f"c,{D} 10:00:00,,{D} 09:59:00,,1,2", "ended_at", "before the set-up"),
        (f"c,{D} 10:00:00,{D} 10:01:00,{D} 10:00:30,,1,2", "ended_at", "before the answer"),
        (f"c,{D} 10:00:00,{D} 09:59:59,{D} 10:00:30,,1,2", "answered_at", "before the set-up"),
        (f"c,{D} 10:00:00,{D} 10:00:01,{D} 10:00:30,-5,1,2", "duration", "negative"),
        (f"c,{D} 10:00:00,,{D} 10:00:30,5,1,2", "duration", "given, but the call has no"),
        (f"c,{D} 10:00:00,{D} 10:00:00,2026-03-12 10:00:30,,1,2", "duration", "longer than 7 days"),
        (
            "c,2026-03-29 02:30:00,,2026-03-29 03:30:00,,1,2",
            "setup_at",
            "does not exist in Europe/Berlin",
        ),
        ("c,1998-03-29 01:30:00,,2026-03-29 03:30:00,,1,2", "setup_at", "the year 1998"),
        ("c,2028-01-01 00:00:00,,2028-01-01 00:00:00,,1,2", "setup_at", "in the future"),
        (f",{D} 10:00:00,,{D} 10:00:30,,1,2", "call_id", "empty"),
        (f"c,{D} 10:00:00,,{D} 10:00:30,,1", "", "6 columns, expected 7"),
    ],
)
def test_absurd_values_are_errors_that_name_the_field(row, field, reason):
    run = Run("generic_csv", HEADER + row + "\n")
    assert [(error.line, error.field) for error in run.errors] == [(2, field)]
    assert run.errors[0].reason.startswith(reason)
    assert run.errors[0].raw == row


def test_end_in_the_repeated_hour_is_the_later_reading_where_only_that_fits():
    row = "c,2026-10-25 02:50:00,2026-10-25 02:50:10,2026-10-25 02:10:10,1200,1,2\n"
    call = Run("generic_csv", HEADER + row).calls[0]
    assert call.answered_us == us("2026-10-25 00:50:10")
    assert call.ended_us == us("2026-10-25 01:10:10")


@pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the public sample files are not here")
def test_real_asterisk_file():
    run = Run("asterisk_csv", (REAL_FILES / "Master.csv").read_bytes())
    assert [call.duration_ms for call in run.calls] == [7000, 7000]
    assert run.calls[0].native_id == "1270167992.0"


@pytest.mark.parametrize(
    ("file_name", "format_name"),
    [
        ("freeswitch_example.csv", "freeswitch_csv"),
        ("freeswitch_opencdrrate.csv", "freeswitch_csv"),
        ("freeswitch.json", "freeswitch_json"),
        ("asterisk_18.csv", "asterisk_csv"),
        ("asterisk_21.csv", "asterisk_csv"),
        ("kamailio_acc.csv", "kamailio_acc"),
        ("kamailio_acc_next.flat", "kamailio_acc"),
        ("kamailio_cdrs.csv", "kamailio_cdrs"),
        ("generic.csv", "generic_csv"),
    ],
)
def test_format_is_recognised(file_name, format_name):
    content = (SAMPLES / file_name).read_bytes()
    assert sniff(content) == format_name
    assert sniff(b"\xef\xbb\xbf\r\n" + content.replace(b"\n", b"\r\n")) == format_name


def test_formats_offered_are_those_that_can_be_read():
    assert set(CdrFormat.values) == set(FORMATS)


@pytest.mark.parametrize("head", [b"", b"\n\n", b"hello world\n", b"PK\x03\x04\x00\x00\xff\xfe"])
def test_what_is_no_cdr_file_is_not_recognised(head):
    assert sniff(head) is None


def test_text_stream_and_lines_are_read_like_bytes():
    text = example_row() + example_row("03", "04")
    options = ParseOptions()
    expected = list(parse_calls("freeswitch_csv", io.BytesIO(text.encode()), options))
    assert list(parse_calls("freeswitch_csv", io.StringIO(text), options)) == expected
    assert list(parse_calls("freeswitch_csv", text.splitlines(), options)) == expected
