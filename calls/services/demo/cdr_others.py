"""The demo's files of Asterisk, of Kamailio, and of a switch that writes our own format."""

from collections.abc import Iterator

from calls.services.demo.cdr_rows import Row, Writing, quoted, whole
from calls.services.demo.traffic import SECOND, Attempt

KAMAILIO_HEAD = (
    "method,from_tag,to_tag,callid,sip_code,sip_reason,time,src_user,dst_user,src_ip,auth_user"
)
GENERIC_HEAD = (
    "call_id;setup_at;answered_at;ended_at;duration;caller;called;auth_name;source_ip;sip_code;"
    "hangup_cause;pdd"
)
DISPOSITIONS = {16: "NO ANSWER", 17: "BUSY", 18: "NO ANSWER", 19: "NO ANSWER"}
REASONS = {
    404: "Not Found", 408: "Request Timeout", 480: "Temporarily Unavailable",
    484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated",
    503: "Service Unavailable", 603: "Decline",
}  # fmt: skip


def asterisk_rows(writing: Writing, call: Attempt) -> Iterator[Row]:
    """A row of Master.csv with its unique id."""
    setup, answered, ended = map(whole, (call.setup_us, call.answered_us, call.ended_us))
    dialled = writing.dialled(call)
    peer = call.source.auth_name
    number = call.native_id.int
    text = quoted(
        peer,
        call.caller,
        dialled,
        "from-customers",
        f'"{peer}" <{call.caller}>',
        f"PJSIP/{peer}-{number % 0x100000000:08x}",
        f"PJSIP/carrier-{number % 0xFFFFFFFB:08x}",
        "Dial",
        f"PJSIP/{dialled}@carrier,60",
        writing.stamp(setup),
        writing.stamp(answered) if call.is_answered else "",
        writing.stamp(ended),
        (ended - setup) // SECOND,
        (ended - answered) // SECOND if call.is_answered else 0,
        "ANSWERED" if call.is_answered else DISPOSITIONS.get(call.cause, "FAILED"),
        "DOCUMENTATION",
        f"{setup // SECOND}.{number % 1_000_000}",
        "",
    )
    yield Row(call.ended_us, text)


def kamailio_rows(writing: Writing, call: Attempt) -> Iterator[Row]:
    """The rows of acc: a challenge for accounts, then INVITE and BYE, or the failed INVITE."""
    source = call.source
    ident = f"{call.native_id.hex[:16]}@{source.address}"
    tags = f"{call.native_id.hex[16:24]},{call.native_id.hex[24:]}"

    def row(method: str, code: int, reason: str, moment_us: int) -> Row:
        when = writing.stamp(moment_us)
        numbers = f"{call.caller},{writing.dialled(call)},{source.address},{source.auth_name}"
        return Row(moment_us, f"{method},{tags},{ident},{code},{reason},{when},{numbers}")

    if source.auth_name:
        yield row("INVITE", 407, "Proxy Authentication Required", call.setup_us)
    if call.is_answered:
        yield row("INVITE", 200, "OK", call.answered_us)
        yield row("BYE", 200, "OK", call.ended_us)
    else:
        reason = REASONS.get(call.sip_code, "Server Error")
        yield row("INVITE", call.sip_code, reason, call.ended_us)


def generic_rows(writing: Writing, call: Attempt) -> Iterator[Row]:
    """A row of our own CSV, to the millisecond."""
    fields = (
        call.native_id.hex,
        writing.stamp(call.setup_us, digits=3),
        writing.stamp(call.answered_us, digits=3) if call.is_answered else "",
        writing.stamp(call.ended_us, digits=3),
        f"{call.talk_us / SECOND:.3f}",
        call.caller,
        writing.dialled(call, ""),
        call.source.auth_name,
        call.source.address,
        call.sip_code,
        call.cause,
        f"{call.pdd_ms}ms",
    )
    yield Row(call.ended_us, ";".join(map(str, fields)))
