"""The demo's FreeSWITCH files: mod_cdr_csv in its example layout, and mod_json_cdr."""

import json
from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID

from calls.services.demo.cdr_rows import Row, Writing, quoted, whole
from calls.services.demo.traffic import SECOND, Attempt

CAUSES = {
    1: "UNALLOCATED_NUMBER", 16: "NORMAL_CLEARING", 17: "USER_BUSY", 18: "NO_USER_RESPONSE",
    19: "NO_ANSWER", 21: "CALL_REJECTED", 28: "INVALID_NUMBER_FORMAT",
    41: "NORMAL_TEMPORARY_FAILURE", 102: "RECOVERY_ON_TIMER_EXPIRE",
}  # fmt: skip
BOTH_LEGS = 6  # percent of answered calls whose other leg is in the file too


def csv_rows(writing: Writing, call: Attempt) -> Iterator[Row]:
    """The row of the leg from the customer; for some calls also that of the other leg."""
    other = ""
    if call.is_answered and writing.rng.randrange(100) < BOTH_LEGS:
        other = _other_leg(call)
    yield Row(call.ended_us, _csv_row(writing, call, str(call.native_id), other))
    if other:
        yield Row(call.ended_us, _csv_row(writing, call, other, "", account=""))


def _csv_row(
    writing: Writing, call: Attempt, uuid: str, other: str, *, account: str | None = None
) -> str:
    answered, ended = whole(call.answered_us), whole(call.ended_us)
    setup = whole(call.setup_us)
    cause = "ORIGINATOR_CANCEL" if call.sip_code == 487 else CAUSES[call.cause]
    return quoted(
        call.source.auth_name,
        call.caller,
        writing.dialled(call),
        "customers",
        writing.stamp(setup),
        writing.stamp(answered) if call.is_answered else "",
        writing.stamp(ended),
        (ended - setup) // SECOND,
        (ended - answered) // SECOND if call.is_answered else 0,
        cause,
        uuid,
        other,
        call.source.auth_name if account is None else account,
        "PCMA",
        "PCMA",
    )


def json_rows(writing: Writing, call: Attempt) -> Iterator[Row]:
    """One object; values are URL-encoded as mod_json_cdr does, times are epochs."""
    answered = call.answered_us if call.is_answered else 0
    variables = {
        "uuid": str(call.native_id),
        "direction": "inbound",
        "sip_auth_username": call.source.auth_name,
        "sip_network_ip": call.source.address,
        "start_stamp": quote(writing.stamp(call.setup_us)),
        "start_uepoch": str(call.setup_us),
        "answer_uepoch": str(answered),
        "end_uepoch": str(call.ended_us),
        "billusec": str(call.talk_us),
        "progressmsec": str(call.pdd_ms),
        "hangup_cause": CAUSES[call.cause],
        "hangup_cause_q850": str(call.cause),
        "sip_term_status": str(call.sip_code),
    }
    dialled = writing.dialled(call, "+")
    profile = {"caller_id_number": call.caller, "destination_number": quote(dialled)}
    profile["network_addr"] = call.source.address
    yield Row(call.ended_us, _record("inbound", variables, profile))
    if call.is_answered and writing.rng.randrange(100) < BOTH_LEGS:
        variables |= {"uuid": _other_leg(call), "direction": "outbound"}
        yield Row(call.ended_us, _record("outbound", variables, profile))


def _record(direction: str, variables: dict[str, str], profile: dict[str, str]) -> str:
    record = {
        "channel_data": {"direction": direction, "state": "CS_REPORTING"},
        "variables": {name: value for name, value in variables.items() if value},
        "callflow": [{"caller_profile": profile}],
    }
    return json.dumps(record)


def _other_leg(call: Attempt) -> str:
    return str(UUID(int=call.native_id.int ^ 1))
