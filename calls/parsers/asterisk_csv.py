"""Asterisk's cdr_csv (Master.csv): 16 to 21 columns, depending on its settings."""

import re
from collections.abc import Iterator

from calls.parsers.assemble import LIMITS, Assembler, Names, Texts
from calls.parsers.record import (
    FieldError,
    LineError,
    ParsedCall,
    ParseOptions,
    ParseReport,
    Source,
)
from calls.parsers.rows import RowReader

WIDTHS = frozenset(range(16, 22))
NAMES = Names(
    native_id="uniqueid",
    leg="sequence",
    setup_at="start",
    answered_at="answer",
    ended_at="end",
    duration="billsec",
    caller="src",
    called="dst",
    auth_name="accountcode",
    hangup_cause="disposition",
)
UNANSWERED = frozenset(("NO ANSWER", "BUSY", "FAILED", "CONGESTION"))
_UNIQUE_ID = re.compile(r"(?:.*-)?[0-9]+\.[0-9]+")
_PEER = re.compile(r"(?:PJSIP|SIP|IAX2)/(.+)-[0-9a-f]+", re.IGNORECASE)


def parse(
    stream: Source, options: ParseOptions, report: ParseReport
) -> Iterator[ParsedCall | LineError]:
    """Yield the calls of a file; rows of different widths may be mixed, as after an upgrade."""
    rows = RowReader(stream, report, delimiter=options.delimiter or ",")
    rows.widths = WIDTHS
    assembler = Assembler(options, NAMES)
    for row in rows:
        if isinstance(row, LineError):
            yield row
            continue
        line, fields, raw = row
        if fields[9] == NAMES.setup_at:
            report.skipped["header"] += 1
            continue
        try:
            call = assembler.call(line, _texts(fields))
        except FieldError as error:
            yield assembler.error(line, error, raw)
        else:
            yield call


def _texts(row: list[str]) -> Texts:
    """Return the texts of a row, whatever optional columns end it."""
    answer, length, disposition = row[10], row[13], row[14]
    if disposition in UNANSWERED and length.strip() in {"", "0"}:
        answer = ""  # the dialplan had answered, the called party had not
    native_id, leg = _identity(row)
    peer = row[0] or _peer(row[5])
    return (
        native_id, leg, row[9], answer, row[11], length, row[1], row[2],
        peer, "", "", disposition, "",
    )  # fmt: skip


def _identity(row: list[str]) -> tuple[str, str]:
    """Return unique id and leg. Calls to several extensions share the id, not the sequence.

    Without a sequence the called channel tells them apart, without a unique id (an option of
    Asterisk) the calling channel and the start stand for it.
    """
    width = len(row)
    leg = row[-1] if width >= 19 else row[6][-LIMITS["leg"] :]
    has_id = width in {18, 21} or (width in {17, 20} and _UNIQUE_ID.fullmatch(row[16]))
    native_id = row[16] if has_id else f"{row[5]}@{row[9]}"
    return native_id, leg


def _peer(channel: str) -> str:
    """Return the account a channel belongs to: `alice` of `PJSIP/alice-0000002a`."""
    found = _PEER.fullmatch(channel)
    return found[1] if found else ""
