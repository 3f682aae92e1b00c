"""What goes into a parser and what comes out: options, calls, errors per line, counts."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable
from zoneinfo import ZoneInfo

RAW_LIMIT = 500  # characters of a bad line kept for its report
DAY_US = 86_400_000_000
UTC = ZoneInfo("UTC")


@runtime_checkable
class Readable(Protocol):
    """An open file, binary or text; an upload of Django is one too."""

    def read(self, size: int, /) -> bytes | str: ...


Source: TypeAlias = Readable | Iterable[str]


class ParsedCall(NamedTuple):
    """One call as the switch delivered it; times are microseconds since 1970 in UTC."""

    native_id: str
    leg: str  # tells legs with one native id apart, at most 64 characters
    setup_us: int
    answered_us: int | None  # None: never answered
    ended_us: int
    duration_ms: int  # answer to end, in the finest unit delivered; 0 if unanswered
    caller: str  # both numbers as sent, see fields.clean_number
    called: str
    auth_name: str
    source_ip: str  # a valid address or ""
    sip_code: int | None
    hangup_cause: int | None  # Q.850
    pdd_ms: int | None  # post-dial delay
    line: int  # of the file, from 1; the first one of a call that spans several


class LineError(NamedTuple):
    """A line that gave no call, and why."""

    line: int
    field: str  # the column at fault; "" means the line as a whole
    reason: str
    raw: str  # the line, cut to RAW_LIMIT characters


class OpenCall(NamedTuple):
    """Half of a Kamailio call whose other half is in another file: plain values, kept as JSON."""

    method: str  # INVITE or BYE
    call_id: str
    from_tag: str
    to_tag: str
    time_us: int
    caller: str = ""
    called: str = ""
    auth_name: str = ""
    source_ip: str = ""
    line: int = 0
    raw: str = ""
    later_us: int = 0  # of a BYE: the later of two readings of its time


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseOptions:
    """How one switch writes its files.

    `zone` reads times that carry none. `template` names a FreeSWITCH layout, `columns` lists
    the columns of a file in order and replaces header and template; `delimiter` is found from
    the first line when empty. `duration_unit` (s, ms, us) is for whole numbers without unit.
    `carry` are the leftovers of the file before; `now_us` bounds times to a day after it.
    """

    zone: ZoneInfo = UTC
    template: str = ""
    columns: tuple[str, ...] = ()
    delimiter: str = ""
    duration_unit: str = ""
    carry: tuple[OpenCall, ...] = ()
    now_us: int = field(default_factory=lambda: time.time_ns() // 1000)


@dataclass(slots=True)
class ParseReport:
    """Counts of one run, up to date whenever the parser has yielded.

    `lines` counts physical lines, for JSON objects and pieces of rubbish. `skipped` counts
    lines that hold no call of their own by reason. `leftovers` is filled at the end of a file.
    """

    lines: int = 0
    calls: int = 0
    errors: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    leftovers: list[OpenCall] = field(default_factory=list)
    expired: int = 0  # carried halves dropped, their call being longer than any call may be
    stopped: str = ""  # why the file was not read on, e.g. an unusable header

    @property
    def is_complete(self) -> bool:
        """Tell whether every line read is a call, an error or skipped for a reason."""
        return self.lines == self.calls + self.errors + self.skipped.total()


class FieldError(ValueError):
    """A value that cannot be used: the role it has in a call, and the reason."""

    def __init__(self, role: str, reason: str) -> None:
        super().__init__(reason)
        self.role = role
        self.reason = reason


def line_error(line: int, role: str, reason: str, raw: str) -> LineError:
    """Return the error of a line with `raw` cut to RAW_LIMIT characters."""
    return LineError(line, role, reason, raw[:RAW_LIMIT])
