"""Why calls ended: names, dispositions and SIP codes, to Q.850 numbers."""

import re
from functools import lru_cache
from typing import NamedTuple

Q850_MAX = 127

# FreeSWITCH's causes. Those above 127 are its own; they stand here as the nearest of Q.850.
FREESWITCH = {
    "UNALLOCATED_NUMBER": 1, "NO_ROUTE_TRANSIT_NET": 2, "NO_ROUTE_DESTINATION": 3,
    "CHANNEL_UNACCEPTABLE": 6, "CALL_AWARDED_DELIVERED": 7, "NORMAL_CLEARING": 16,
    "USER_BUSY": 17, "NO_USER_RESPONSE": 18, "NO_ANSWER": 19, "SUBSCRIBER_ABSENT": 20,
    "CALL_REJECTED": 21, "NUMBER_CHANGED": 22, "REDIRECTION_TO_NEW_DESTINATION": 23,
    "EXCHANGE_ROUTING_ERROR": 25, "DESTINATION_OUT_OF_ORDER": 27, "INVALID_NUMBER_FORMAT": 28,
    "FACILITY_REJECTED": 29, "RESPONSE_TO_STATUS_ENQUIRY": 30, "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34, "NETWORK_OUT_OF_ORDER": 38, "NORMAL_TEMPORARY_FAILURE": 41,
    "SWITCH_CONGESTION": 42, "ACCESS_INFO_DISCARDED": 43, "REQUESTED_CHAN_UNAVAIL": 44,
    "PRE_EMPTED": 45, "FACILITY_NOT_SUBSCRIBED": 50, "OUTGOING_CALL_BARRED": 52,
    "INCOMING_CALL_BARRED": 54, "BEARERCAPABILITY_NOTAUTH": 57, "BEARERCAPABILITY_NOTAVAIL": 58,
    "SERVICE_UNAVAILABLE": 63, "BEARERCAPABILITY_NOTIMPL": 65, "CHAN_NOT_IMPLEMENTED": 66,
    "FACILITY_NOT_IMPLEMENTED": 69, "SERVICE_NOT_IMPLEMENTED": 79, "INVALID_CALL_REFERENCE": 81,
    "INCOMPATIBLE_DESTINATION": 88, "INVALID_MSG_UNSPECIFIED": 95, "MANDATORY_IE_MISSING": 96,
    "MESSAGE_TYPE_NONEXIST": 97, "WRONG_MESSAGE": 98, "IE_NONEXIST": 99,
    "INVALID_IE_CONTENTS": 100, "WRONG_CALL_STATE": 101, "RECOVERY_ON_TIMER_EXPIRE": 102,
    "MANDATORY_IE_LENGTH_ERROR": 103, "PROTOCOL_ERROR": 111, "INTERWORKING": 127,
    "SUCCESS": 16, "ORIGINATOR_CANCEL": 16, "CRASH": 41, "SYSTEM_SHUTDOWN": 41,
    "LOSE_RACE": 26, "MANAGER_REQUEST": 16, "BLIND_TRANSFER": 16, "ATTENDED_TRANSFER": 16,
    "ALLOTTED_TIMEOUT": 16, "USER_CHALLENGE": 21, "MEDIA_TIMEOUT": 41, "PICKED_OFF": 16,
    "USER_NOT_REGISTERED": 20, "PROGRESS_TIMEOUT": 18, "INVALID_GATEWAY": 3,
    "GATEWAY_DOWN": 27, "INVALID_URL": 28, "INVALID_PROFILE": 3, "NO_PICKUP": 19,
    "SRTP_READ_ERROR": 41, "BOWOUT": 16, "BUSY_EVERYWHERE": 17, "DECLINE": 21,
    "DOES_NOT_EXIST_ANYWHERE": 1, "NOT_ACCEPTABLE": 88, "UNWANTED": 21, "NO_IDENTITY": 21,
    "BAD_IDENTITY_INFO": 21, "UNSUPPORTED_CERTIFICATE": 21, "INVALID_IDENTITY": 21,
    "STALE_DATE": 21, "REJECT_ALL": 21,
}  # fmt: skip
# FreeSWITCH's own numbers, where a file has them instead of the names.
FREESWITCH_NUMBERS = {
    142: 16, 700: 41, 701: 41, 702: 26, 703: 16, 800: 16, 801: 16, 802: 16, 803: 21, 804: 41,
    805: 16, 806: 20, 807: 18, 808: 3, 809: 27, 810: 28, 811: 3, 812: 19, 813: 41, 814: 16,
    815: 17, 816: 21, 817: 1, 818: 88, 819: 21, 820: 21, 821: 21, 822: 21, 823: 21, 824: 21,
    825: 21,
}  # fmt: skip
# Asterisk's dispositions and the values of its DIALSTATUS.
ASTERISK = {
    "ANSWERED": 16, "ANSWER": 16, "NOANSWER": 19, "BUSY": 17, "FAILED": 41, "CONGESTION": 34,
    "CANCEL": 16, "CANCELLED": 16, "CHANUNAVAIL": 44, "TORTURE": 21, "DONTCALL": 21,
}  # fmt: skip
# SIP codes to Q.850, after RFC 3398 section 8.2.6.1; what it leaves open is by class below.
SIP = {
    400: 41, 401: 21, 402: 21, 403: 21, 404: 1, 405: 63, 406: 79, 407: 21, 408: 102, 410: 22,
    413: 127, 414: 127, 415: 79, 416: 127, 420: 127, 421: 127, 423: 127, 480: 18, 481: 41,
    482: 25, 483: 25, 484: 28, 485: 1, 486: 17, 487: 16, 488: 88, 500: 41, 501: 79, 502: 38,
    503: 41, 504: 102, 505: 127, 513: 127, 600: 17, 603: 21, 604: 1, 606: 88,
}  # fmt: skip
SIP_CLASS = {2: 16, 3: 23, 4: 31, 5: 41, 6: 21}

_Q850_TEXT = re.compile(r"Q\.?850\s*;.*?cause\s*=\s*([0-9]{1,3})", re.IGNORECASE)
_SIP_TEXT = re.compile(r"(?:SIP(?:/2\.0)?[\s:;=_-]*(?:cause=)?)?([2-6][0-9]{2})\b.*", re.IGNORECASE)


class Result(NamedTuple):
    """How a call ended, as far as it is known."""

    hangup_cause: int | None  # Q.850
    sip_code: int | None


@lru_cache(maxsize=8192)
def clean_result(cause: str, sip: str = "") -> Result:
    """Return the result a cause and a SIP code, each as sent and possibly empty, stand for.

    `cause` may be a Q.850 number, a FreeSWITCH name, an Asterisk disposition, a SIP code or a
    Reason header. What is unknown stays None: it does not keep a call from being charged.
    """
    result = _read_cause(cause.strip())
    found = _SIP_TEXT.match(sip.strip())
    if not found:
        return result
    code = int(found[1])
    known = result.hangup_cause
    return Result(cause_of_sip(code) if known is None else known, code)


def cause_of_sip(code: int) -> int | None:
    """Return the Q.850 cause of a final SIP code (200 to 699)."""
    return SIP.get(code, SIP_CLASS.get(code // 100))


def _read_cause(text: str) -> Result:
    name = text.upper().replace(" ", "_").removeprefix("SWITCH_CAUSE_")
    cause = FREESWITCH.get(name) or ASTERISK.get(name.replace("_", ""))
    if cause is None and text.isascii() and text.isdigit() and len(text) <= 3:
        number = int(text)
        cause = number if 0 < number <= Q850_MAX else FREESWITCH_NUMBERS.get(number)
    if cause is not None:
        return Result(cause, None)
    if reason := _Q850_TEXT.search(text):
        return Result(int(reason[1]) if 0 < int(reason[1]) <= Q850_MAX else None, None)
    if sip := _SIP_TEXT.fullmatch(text):
        return Result(cause_of_sip(int(sip[1])), int(sip[1]))
    return Result(None, None)
