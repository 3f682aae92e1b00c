"""FreeSWITCH JSON in all its wrappings; Kamailio transactions paired to calls."""

import json

import pytest

from calls.parsers.record import OpenCall
from tests.calls.test_parsers_support import SAMPLES, Run, run_sample, us

LINES = (SAMPLES / "freeswitch.json").read_text().splitlines()
OBJECTS = [json.loads(line) for line in LINES]
INVITE = "INVITE|f{0}|t{0}|c{0}|200|OK|{1}|49|33|192.0.2.1|acme\n"
BYE = "BYE|f{0}|t{0}|c{0}|200|OK|{1}|49|33|192.0.2.1|acme\n"
START = 1772442900


def test_json_call_in_microseconds():
    run = run_sample("freeswitch_json", "freeswitch.json")
    assert run.problems == []
    assert run.report.skipped == {"outbound leg": 1}
    call, failed = run.calls
    assert (call.setup_us, call.answered_us) == (1772442901314987, 1772442906654914)
    assert (call.duration_ms, call.pdd_ms) == (24_240, 4721)
    assert (call.caller, call.called) == ("4930901820", "0033142685300"), "as first dialled"
    assert (call.auth_name, call.source_ip, call.sip_code) == ("acme", "192.0.2.10", 200)
    assert (failed.answered_us, failed.hangup_cause, failed.line) == (None, 20, 3)
    assert (failed.auth_name, failed.called) == ("shop one", "+33142685300")
    assert failed.source_ip == "192.0.2.11", "from the profile"


@pytest.mark.parametrize(
    "wrapped",
    [
        json.dumps(OBJECTS), json.dumps(OBJECTS, indent=2), "".join(LINES), ",\n".join(LINES),
        "[\n" + ",\n".join(LINES) + "\n]\n", "\ufeff\n\n" + "\r\n".join(LINES),
    ],
    ids=["array", "pretty array", "concatenated", "commas", "array of lines", "BOM and CRLF"],
)  # fmt: skip
def test_json_wrappings(wrapped):
    expected = Run("freeswitch_json", "\n".join(LINES))
    found = Run("freeswitch_json", wrapped)
    assert [call._replace(line=0) for call in found.calls] == [
        call._replace(line=0) for call in expected.calls
    ]
    assert found.problems == []


@pytest.mark.parametrize(
    "damaged",
    [LINES[0][:200], LINES[0][:-1], "rubbish", '{"a": }', "\x00\x01", "17", '{"no": "cdr"}'],
)
def test_json_damage_costs_its_own_line_only(damaged):
    run = Run("freeswitch_json", "\n".join([LINES[0], damaged, LINES[2], LINES[0]]))
    assert len(run.calls) == 3
    assert run.errors[0].line == 2
    assert run.errors[0].raw


def test_json_truncated_at_the_end_is_reported():
    run = Run("freeswitch_json", LINES[0] + "\n" + LINES[2][:300])
    assert len(run.calls) == 1
    assert [line for line, _field, _reason in run.problems] == [2]


def test_json_objects_larger_than_a_block_are_read():
    large = json.loads(LINES[0])
    large["variables"]["switch_r_sdp"] = "v%3D0\\" * 150_000
    run = Run("freeswitch_json", json.dumps([large] * 3))
    assert len(run.calls) == 3


def test_acc_pairs_in_any_order_and_keeps_what_is_open():
    run = run_sample("kamailio_acc", "kamailio_acc.csv")
    by_id = {call.native_id[:6]: call for call in run.calls}
    assert by_id["call-1"].duration_ms == 65_000
    assert by_id["call-2"].duration_ms == 30_000, "the BYE stands before its INVITE"
    assert by_id["call-2"].called == "33142685302", "numbers are those of the INVITE"
    assert (by_id["call-3"].answered_us, by_id["call-3"].sip_code) == (None, 486)
    assert run.problems == [(8, "method", "no BYE in this file, kept for the next")]
    assert [half.call_id[:6] for half in run.report.leftovers] == ["call-4"]


def test_acc_carries_open_calls_to_the_next_file():
    first = run_sample("kamailio_acc", "kamailio_acc.csv")
    stored = json.loads(json.dumps(first.report.leftovers))
    carry = tuple(OpenCall(*values) for values in stored)
    run = run_sample("kamailio_acc", "kamailio_acc_next.flat", carry=carry)
    assert run.problems == []
    assert run.report.leftovers == []
    call = next(call for call in run.calls if call.native_id.startswith("call-4"))
    assert call.setup_us == us("2026-03-02 22:59:40")
    assert (call.duration_ms, call.called, call.auth_name) == (40_000, "33142685304", "acme")


def test_acc_bye_in_an_earlier_file_than_its_invite():
    first = Run("kamailio_acc", BYE.format(1, START + 60))
    assert first.problems == [(1, "method", "no INVITE in this file, kept for the next")]
    carry = tuple(first.report.leftovers)
    assert Run("kamailio_acc", INVITE.format(1, START), carry=carry).calls[0].duration_ms == 60_000


def test_acc_carried_half_is_kept_until_no_call_can_be_that_long():
    carry = tuple(Run("kamailio_acc", INVITE.format(1, START)).report.leftovers)
    soon = Run("kamailio_acc", INVITE.format(2, START + 86_400), carry=carry)
    assert [half.call_id for half in soon.report.leftovers] == ["c1", "c2"]
    assert len(soon.errors) == 1, "the carried one was reported with its own file"
    late = Run("kamailio_acc", INVITE.format(3, START + 8 * 86_400), carry=carry)
    assert [half.call_id for half in late.report.leftovers] == ["c3"]
    assert late.report.expired == 1


def test_acc_repeated_rows_challenges_and_other_methods_are_counted():
    text = (
        INVITE.format(1, START).replace("200|OK", "407|Auth")
        + INVITE.format(1, START + 1) + INVITE.format(1, START + 9) + BYE.format(1, START + 61)
        + BYE.format(1, START + 62) + "CANCEL|f|t|c|200|OK|1|1|1||\n"
        + "JUNK|f|t|c|200|OK|1|1|1||\n"
    )  # fmt: skip
    run = Run("kamailio_acc", text)
    assert [call.duration_ms for call in run.calls] == [60_000]
    assert run.problems == [(7, "method", "unknown")]
    assert run.report.skipped == {
        "challenge": 1, "repeated INVITE": 1, "repeated BYE": 1, "CANCEL": 1,
        "joined to the other row of its call": 1,
    }  # fmt: skip


def test_acc_failed_attempt_before_a_success_is_a_leg_of_its_own():
    failed = "INVITE|f1|x9|c1|503|Down|1772442900|49|33|192.0.2.1|acme\n"
    run = Run("kamailio_acc", failed + INVITE.format(1, START) + BYE.format(1, START + 5))
    assert [(call.native_id, call.leg, call.duration_ms) for call in run.calls] == [
        ("c1", "x9", 0), ("c1", "t1", 5000),
    ]  # fmt: skip


def test_acc_column_orders():
    cfg = "INVITE,f,t,c,404,Not Found,2026-03-02 09:00:00,49,dom,192.0.2.1,0033,33,dom2\n"
    call = Run("kamailio_acc", cfg).calls[0]
    assert (call.caller, call.called, call.source_ip) == ("49", "33", "192.0.2.1")
    columns = ("time", "callid", "method", "sip_code", "from_tag", "to_tag", "callee")
    own = Run("kamailio_acc", "1772442900;c;INVITE;486;f;t;33\n", columns=columns).calls[0]
    assert (own.called, own.sip_code) == ("33", 486)


def test_acc_bye_before_its_invite_in_time_is_an_error():
    run = Run("kamailio_acc", INVITE.format(1, START) + BYE.format(1, START - 5))
    assert run.problems == [(2, "time", "the BYE is before its INVITE")]


def test_acc_bye_in_the_repeated_hour_is_read_as_the_later_where_only_that_fits():
    text = INVITE.format(1, "2026-10-25 02:50:00") + BYE.format(1, "2026-10-25 02:10:00")
    run = Run("kamailio_acc", text)
    assert [call.duration_ms for call in run.calls] == [1_200_000]
    assert run.calls[0].ended_us == us("2026-10-25 01:10:00")
