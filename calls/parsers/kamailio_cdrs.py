"""Kamailio's acc_cdrs: one row per call."""

from collections.abc import Iterator

from calls.parsers.assemble import Assembler, Names, Picker
from calls.parsers.kamailio_columns import CDRS, column_of, is_header
from calls.parsers.record import (
    FieldError,
    LineError,
    ParsedCall,
    ParseOptions,
    ParseReport,
    Source,
)
from calls.parsers.rows import Row, RowReader, delimiter_of

FAILED_FROM = 300


def parse(
    stream: Source, options: ParseOptions, report: ParseReport
) -> Iterator[ParsedCall | LineError]:
    """Yield the calls of a file; a header line, or `options.columns`, names its columns."""
    rows = RowReader(stream, report)
    first = rows.peek()
    rows.set_delimiter(options.delimiter or delimiter_of(first))
    layout = _Layout(options.columns or CDRS, options)
    rows.widths = layout.widths
    if not options.columns and (header := _header(first, options.delimiter)):
        layout = _Layout(header, options)
        rows.widths = layout.widths
    else:
        header = ()
    for row in rows:
        if isinstance(row, LineError):
            yield row
        elif header and tuple(_plain(row[1])) == header:
            report.skipped["header"] += 1
        else:
            yield layout.call(row)


def _plain(fields: list[str]) -> list[str]:
    return [field.strip(' "').lower() for field in fields]


def _header(line: str, delimiter: str) -> tuple[str, ...]:
    """Return the column names if a line is a header, else nothing."""
    names = tuple(_plain(line.split(delimiter or delimiter_of(line))))
    return names if is_header(names, "call_id", "start") else ()


class _Layout:
    """Makes calls of rows. They are answered unless a SIP code, or a duration of 0, says no."""

    def __init__(self, columns: tuple[str, ...], options: ParseOptions) -> None:
        start = column_of("start", columns)
        names = Names(
            native_id=column_of("call_id", columns),
            setup_at=start,
            answered_at=start,
            ended_at=column_of("end", columns),
            duration=column_of("duration", columns),
            caller=column_of("caller", columns),
            called=column_of("called", columns),
            auth_name=column_of("auth_name", columns),
            source_ip=column_of("source_ip", columns),
            sip_code=column_of("sip_code", columns),
        )
        unit = "ms" if names.duration == "ms_duration" else "s"
        self._assembler = Assembler(options, names, unit=unit)
        self._pick = Picker(names, columns)
        self.widths = frozenset((len(columns),))

    def call(self, row: Row) -> ParsedCall | LineError:
        """Return the call of a row, or what is wrong with it."""
        line, fields, raw = row
        try:
            call = self._assembler.call(line, self._pick(fields))
        except FieldError as error:
            return self._assembler.error(line, error, raw)
        code = call.sip_code
        failed = code >= FAILED_FROM if code is not None else call.duration_ms == 0
        return call._replace(answered_us=None, duration_ms=0) if failed else call
