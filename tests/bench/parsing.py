"""How many CDR lines a second each parser reads, on one core."""

import io
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from calls.parsers.record import ParsedCall, ParseOptions
from calls.parsers.registry import parse_calls

LINES = 100_000
LIMIT = 100_000
START = 1_770_000_000
ZONE = ZoneInfo("Europe/London")


def run() -> tuple[list[str], bool]:
    """Parse ``LINES`` generated lines of each CSV format; whether each keeps the limit."""
    lines, is_met = [], True
    for name, line in _FORMATS.items():
        data = (_HEADS.get(name, "") + "".join(line(n) for n in range(LINES))).encode()
        options = ParseOptions(zone=ZONE)
        start = time.process_time()
        calls = sum(
            isinstance(item, ParsedCall) for item in parse_calls(name, io.BytesIO(data), options)
        )
        per_second = LINES / (time.process_time() - start)
        if calls != LINES and name != "kamailio_acc":
            raise RuntimeError(f"{name}: {calls} calls of {LINES} lines")
        lines.append(f"parsing {name}: {per_second:,.0f} lines/s (limit {LIMIT:,})")
        is_met = is_met and per_second >= LIMIT
    return lines, is_met


def _at(number: int, later: int = 0) -> str:
    return datetime.fromtimestamp(START + number + later, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _freeswitch(n: int) -> str:
    return (
        f'"Desk {n}","44207946{n:06d}","3319{n:07d}","default","{_at(n)}","{_at(n, 5)}",'
        f'"{_at(n, 65)}","65","60","NORMAL_CLEARING","uuid-{n}","","acc-{n % 500}","PCMA","PCMA"\n'
    )


def _asterisk(n: int) -> str:
    return (
        f'"acc-{n % 500}","44207946{n:06d}","3319{n:07d}","default","""Desk"" <{n}>",'
        f'"SIP/desk-{n:08x}","SIP/out-{n:08x}","Dial","SIP/out","{_at(n)}","{_at(n, 5)}",'
        f'"{_at(n, 65)}",65,60,"ANSWERED","DOCUMENTATION","{START + n}.{n}",""\n'
    )


def _kamailio(n: int) -> str:
    call, method = divmod(n, 2)
    tags = f"from-{call},to-{call},call-{call}@192.0.2.1,200,OK"
    return f"{('INVITE', 'BYE')[method]},{tags},{_at(call, 60 * method)}\n"


def _kamailio_cdrs(n: int) -> str:
    return f"{_at(n)},{_at(n, 60)},60.0,44207946{n:06d},3319{n:07d},call-{n}@192.0.2.1\n"


def _generic(n: int) -> str:
    return f"call-{n},{_at(n)},{_at(n, 5)},{_at(n, 65)},44207946{n:06d},3319{n:07d},acc-{n % 500}\n"


_HEADS = {
    "kamailio_acc": "method,from_tag,to_tag,callid,sip_code,sip_reason,time\n",
    "kamailio_cdrs": "start_time,end_time,duration,caller,callee,callid\n",
    "generic_csv": "call_id,setup_at,answered_at,ended_at,caller,called,auth_name\n",
}
_FORMATS = {
    "freeswitch_csv": _freeswitch,
    "asterisk_csv": _asterisk,
    "kamailio_acc": _kamailio,
    "kamailio_cdrs": _kamailio_cdrs,
    "generic_csv": _generic,
}
