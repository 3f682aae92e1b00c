"""FreeSWITCH's mod_json_cdr: one object per leg, values URL-encoded or not."""

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from calls.parsers.assemble import Assembler, Texts
from calls.parsers.clock import NEVER
from calls.parsers.freeswitch_roles import (
    ANSWER,
    AUTH_NAME,
    CALLED,
    CALLER,
    CAUSE,
    DURATION,
    DURATION_UNITS,
    END,
    OUTBOUND,
    PDD,
    SETUP,
    SIP_CODE,
    SOURCE_IP,
    names_of,
)
from calls.parsers.json_objects import ObjectReader
from calls.parsers.record import (
    FieldError,
    LineError,
    ParsedCall,
    ParseOptions,
    ParseReport,
    Source,
    line_error,
)
from softswitch.core.reasons import Reason

_ALL = (
    "uuid", *SETUP, *ANSWER, *END, *DURATION, *CALLER, *CALLED, *AUTH_NAME, *SOURCE_IP,
    *SIP_CODE, *CAUSE, *PDD,
)  # fmt: skip


def parse(
    stream: Source, options: ParseOptions, report: ParseReport
) -> Iterator[ParsedCall | LineError]:
    """Yield the legs that entered from a customer; outbound ones are skipped and counted."""
    assembler = Assembler(options, names_of(_ALL), unit="ms")
    for found in ObjectReader(stream):
        report.lines += 1
        if found.value is None:
            yield line_error(found.line, "", found.reason, found.raw)
            continue
        record = _Record(found.value)
        if not record.variables:
            yield line_error(
                found.line, "variables", Reason("no CDR: variables are missing"), found.raw
            )
        elif record.direction() == OUTBOUND:
            report.skipped["outbound leg"] += 1
        else:
            try:
                call = assembler.call(found.line, record.texts())
            except FieldError as error:
                yield assembler.error(found.line, error, found.raw)
            else:
                yield call


class _Record:
    """One CDR object. Its variables outrank the profile, except for the numbers dialled."""

    def __init__(self, value: Mapping[str, object]) -> None:
        self.variables = _mapping(value.get("variables"))
        self._channel = _mapping(value.get("channel_data"))
        self._profile = _profile(value.get("callflow"))

    def direction(self) -> str:
        return _text(self._channel.get("direction") or self.variables.get("direction"))

    def texts(self) -> Texts:
        """Return the texts of the call, the finest unit of each time and duration."""
        duration, unit = "", ""
        for name in DURATION:
            duration = duration or _text(self.variables.get(name))
            unit = unit or (DURATION_UNITS[name] if duration else "")
        return (
            self._first(("uuid",)) or _text(self.variables.get("call_uuid")),
            "",
            self._first(SETUP),
            self._first(ANSWER, NEVER),
            self._first(END, NEVER),
            duration + unit,
            self._dialled(CALLER),
            self._dialled(CALLED),
            self._first(AUTH_NAME),
            self._first(SOURCE_IP),
            self._first(SIP_CODE),
            self._first(CAUSE),
            self._first(PDD, NEVER),
        )

    def _first(self, names: tuple[str, ...], empty: frozenset[str] = frozenset(("",))) -> str:
        """Return the first of the values that is not empty, variables before the profile."""
        for values in (self.variables, self._profile):
            for name in names:
                text = _text(values.get(name))
                if text not in empty:
                    return text
        return ""

    def _dialled(self, names: tuple[str, ...]) -> str:
        """Return a number of the first profile of the call, else of the variables."""
        return _text(self._profile.get(names[0])) or self._first(names)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _profile(callflow: object) -> Mapping[str, object]:
    """Return the caller profile the call came with: the last, for transfers are put before it."""
    flows = callflow if isinstance(callflow, list) else [callflow]
    profiles = [_mapping(_mapping(flow).get("caller_profile")) for flow in flows]
    return profiles[-1] if profiles else {}


def _text(value: object) -> str:
    """Return a value as text, URL-decoded and fit to be stored."""
    if value is None or isinstance(value, dict | list):
        return ""
    text = unquote(str(value)) if isinstance(value, str) else str(value)
    if not text.isprintable():
        text = text.encode("utf-8", "replace").decode().replace("\0", "")
    return text.strip()
