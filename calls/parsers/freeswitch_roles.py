"""Which FreeSWITCH variables hold what, in CSV layouts and JSON alike, best first."""

from collections.abc import Container

from calls.parsers.assemble import Names

SETUP = ("start_uepoch", "start_epoch", "start_stamp")
ANSWER = ("answer_uepoch", "answer_epoch", "answer_stamp")
END = ("end_uepoch", "end_epoch", "end_stamp")
DURATION = ("billusec", "billmsec", "billsec")
DURATION_UNITS = {"billusec": "us", "billmsec": "ms", "billsec": "s"}
CALLER = ("caller_id_number", "sip_from_user", "ani")
CALLED = ("destination_number", "sip_req_user", "sip_to_user")
AUTH_NAME = ("sip_auth_username", "accountcode")
SOURCE_IP = ("sip_network_ip", "network_addr", "sip_received_ip")
SIP_CODE = ("sip_term_status", "sip_invite_failure_status")
CAUSE = ("hangup_cause_q850", "hangup_cause")
PDD = ("progress_mediamsec", "progressmsec")
OUTBOUND = "outbound"  # direction of a leg the switch itself set up, so not one from a customer


def first_of(wanted: tuple[str, ...], there: Container[str]) -> str:
    """Return the first wanted name that is there, or ""."""
    return next((name for name in wanted if name in there), "")


def names_of(columns: Container[str]) -> Names:
    """Return the best column there is for each role of a call."""
    return Names(
        native_id=first_of(("uuid",), columns),
        setup_at=first_of(SETUP, columns),
        answered_at=first_of(ANSWER, columns),
        ended_at=first_of(END, columns),
        duration=first_of(DURATION, columns),
        caller=first_of(CALLER, columns),
        called=first_of(CALLED, columns),
        auth_name=first_of(AUTH_NAME, columns),
        source_ip=first_of(SOURCE_IP, columns),
        sip_code=first_of(SIP_CODE, columns),
        hangup_cause=first_of(CAUSE, columns),
        pdd=first_of(PDD, columns),
    )
