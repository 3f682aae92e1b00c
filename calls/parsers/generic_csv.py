"""Our own CSV: a header with documented names, one call per line."""

from collections.abc import Iterator

from calls.parsers.assemble import Assembler, Names, Picker, assemble_rows
from calls.parsers.record import (
    LineError,
    ParsedCall,
    ParseOptions,
    ParseReport,
    Source,
    line_error,
)
from calls.parsers.rows import RowReader, delimiter_of
from softswitch.core.reasons import Reason

COLUMNS = (
    "call_id", "leg", "setup_at", "answered_at", "ended_at", "duration", "caller", "called",
    "auth_name", "source_ip", "sip_code", "hangup_cause", "pdd",
)  # fmt: skip
REQUIRED = ("call_id", "setup_at", "called")


def parse(
    stream: Source, options: ParseOptions, report: ParseReport
) -> Iterator[ParsedCall | LineError]:
    """Yield the calls of a file; one with an unusable header gives one error and ends."""
    rows = RowReader(stream, report)
    rows.set_delimiter(options.delimiter or delimiter_of(rows.peek()))
    reader = iter(rows)
    columns: tuple[str, ...] = options.columns
    if not columns:
        first = next(reader, None)
        if first is None:
            return
        if isinstance(first, LineError):
            report.stopped = Reason("unusable header: %(reason)s", reason=first.reason)
            yield first
            return
        columns = tuple(name.strip().lower() for name in first[1])
        problem = header_problem(columns)
        if problem:
            report.stopped = problem
            yield line_error(first[0], "header", problem, first[2])
            return
        report.skipped["header"] += 1
    rows.widths = frozenset((len(columns),))
    names = Names(*(name if name in columns else "" for name in COLUMNS))
    assembler = Assembler(options, names, pdd_unit="s")
    yield from assemble_rows(reader, Picker(names, columns), assembler)


def header_problem(columns: tuple[str, ...]) -> str:
    """Return what is wrong with a header, or ""."""
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown:
        return Reason(
            "unknown columns: %(names)s; known are: %(known)s",
            names=", ".join(unknown),
            known=", ".join(COLUMNS),
        )
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        return Reason("columns named twice: %(names)s", names=", ".join(twice))
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        return Reason("missing columns: %(names)s", names=", ".join(missing))
    if "ended_at" not in columns and "duration" not in columns:
        return Reason("missing columns: ended_at or duration")
    return ""
