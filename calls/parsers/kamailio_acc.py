"""Kamailio's acc: one row per SIP transaction, INVITE and BYE paired to calls."""

from collections.abc import Iterator
from operator import itemgetter
from typing import TypeAlias

from calls.parsers.causes import cause_of_sip
from calls.parsers.clock import Clock
from calls.parsers.fields import clean_address
from calls.parsers.kamailio_columns import acc_columns, column_of, is_header
from calls.parsers.kamailio_pairs import Pairs
from calls.parsers.record import (
    RAW_LIMIT,
    FieldError,
    LineError,
    OpenCall,
    ParsedCall,
    ParseOptions,
    ParseReport,
    Source,
    line_error,
)
from calls.parsers.rows import Row, RowReader, delimiter_of
from softswitch.core.reasons import Reason

IGNORED = frozenset((
    "ACK", "CANCEL", "PRACK", "UPDATE", "INFO", "OPTIONS", "REGISTER", "SUBSCRIBE", "NOTIFY",
    "PUBLISH", "MESSAGE", "REFER",
))  # fmt: skip
CHALLENGES = frozenset((401, 407))
ROLES = ("method", "call_id", "from_tag", "to_tag", "sip_code", "time", "caller", "called",
         "auth_name", "source_ip")  # fmt: skip
MAX_ID = 255
Outcome: TypeAlias = ParsedCall | LineError | None


def parse(
    stream: Source, options: ParseOptions, report: ParseReport
) -> Iterator[ParsedCall | LineError]:
    """Yield calls as their second row comes, at the end an error for each row left alone.

    What is left alone is also in `report.leftovers`, to be the `carry` of the next file.
    """
    rows = RowReader(stream, report)
    first = rows.peek()
    delimiter = options.delimiter or delimiter_of(first)
    rows.set_delimiter(delimiter)
    names = tuple(name.strip(' "').lower() for name in first.split(delimiter))
    header = names if is_header(names, "method", "call_id", "time") else ()
    columns = options.columns or header or acc_columns(names)
    rows.widths = frozenset((len(columns),))
    transactions = _Transactions(columns, options, report)
    for row in rows:
        if isinstance(row, LineError):
            yield row
        elif header and row[1][0].strip().lower() == header[0]:
            report.skipped["header"] += 1
        else:
            yield from transactions.take(row)
    yield from transactions.pairs.finish()


class _Transactions:
    """Reads rows, sorts out those that start or end no call, and hands on the others."""

    def __init__(
        self, columns: tuple[str, ...], options: ParseOptions, report: ParseReport
    ) -> None:
        self.pairs = Pairs(options.carry, report)
        self._clock = Clock(options.zone, options.now_us)
        self._skipped = report.skipped
        names = [column_of(role, columns) for role in ROLES]
        self._names = dict(zip(ROLES, names, strict=True))
        self._pick = itemgetter(*(columns.index(name) if name else -1 for name in names))

    def take(self, row: Row) -> list[ParsedCall | LineError]:
        """Return the call a row completes, its error, or nothing; and what became too old."""
        line, fields, raw = row
        fields.append("")
        try:
            outcome = self._outcome(line, self._pick(fields), raw)
        except FieldError as error:
            name = self._names.get(error.role) or error.role
            return [line_error(line, name, error.reason, raw)]
        expired = self.pairs.expired()
        return [*expired, outcome] if outcome is not None else expired

    def _outcome(self, line: int, texts: tuple[str, ...], raw: str) -> Outcome:
        method = texts[0].strip().upper()
        if method not in {"INVITE", "BYE"}:
            if method not in IGNORED:
                raise FieldError("method", Reason("unknown"))
            self._skipped[method] += 1
            return None
        code = _code(texts[4])
        if code in CHALLENGES or 100 <= code < 200:
            # The caller tries again with its password, or the final answer is still to come.
            self._skipped["challenge" if code in CHALLENGES else "provisional answer"] += 1
            return None
        half = self._half(line, method, texts, raw)
        if method == "BYE":
            return self.pairs.bye(half)
        return self.pairs.invite(half) if code < 300 else _failed(half, code)

    def _half(self, line: int, method: str, texts: tuple[str, ...], raw: str) -> OpenCall:
        """Return the row as half a call."""
        _method, call_id, from_tag, to_tag, _code_text, moment, caller, called, auth, ip = texts
        if not call_id or len(call_id) > MAX_ID:
            raise FieldError(
                "call_id",
                Reason("longer than %(limit)s characters", limit=MAX_ID)
                if call_id
                else Reason("empty"),
            )
        role = "time"
        try:
            time_us = self._clock.micros(moment)
            later_us = self._clock.later(moment) if method == "BYE" else time_us
            role = "source_ip"
            address = clean_address(ip)
        except ValueError as error:
            raise FieldError(role, error.args[0]) from None
        return OpenCall(
            method, call_id, from_tag, to_tag, time_us, caller[:128], called[:128], auth[:80],
            address, line, raw[:RAW_LIMIT], later_us,
        )  # fmt: skip


def _code(text: str) -> int:
    """Return a SIP code; an absent one counts as success, which is what acc logs by default."""
    value = text.strip()
    if not value:
        return 200
    if not (value.isascii() and value.isdigit() and len(value) == 3 and value[0] in "123456"):
        raise FieldError("sip_code", Reason("no SIP code"))
    return int(value)


def _failed(half: OpenCall, code: int) -> ParsedCall:
    """Return the call an INVITE did not become; the row has but the time of the answer."""
    moment = half.time_us
    return ParsedCall(
        half.call_id, half.to_tag[:64], moment, None, moment, 0, half.caller, half.called,
        half.auth_name, half.source_ip, code, cause_of_sip(code), None, half.line,
    )  # fmt: skip
