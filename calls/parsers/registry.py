"""The CDR formats by name: parse a file, or tell which format a file has."""

import csv
from collections.abc import Callable, Iterator
from typing import TypeAlias

from calls.parsers import (
    asterisk_csv,
    freeswitch_csv,
    freeswitch_json,
    generic_csv,
    kamailio_acc,
    kamailio_cdrs,
)
from calls.parsers.causes import ASTERISK, FREESWITCH
from calls.parsers.kamailio_columns import CDRS, is_header
from calls.parsers.record import LineError, ParsedCall, ParseOptions, ParseReport, Source
from calls.parsers.rows import delimiter_of
from calls.parsers.sources import text_lines

Parser: TypeAlias = Callable[[Source, ParseOptions, ParseReport], Iterator[ParsedCall | LineError]]

FORMATS: dict[str, Parser] = {
    "freeswitch_csv": freeswitch_csv.parse,
    "freeswitch_json": freeswitch_json.parse,
    "asterisk_csv": asterisk_csv.parse,
    "kamailio_acc": kamailio_acc.parse,
    "kamailio_cdrs": kamailio_cdrs.parse,
    "generic_csv": generic_csv.parse,
}
METHODS = frozenset(("INVITE", "BYE", "ACK", "CANCEL"))


def parse_calls(
    format_name: str, stream: Source, options: ParseOptions, report: ParseReport | None = None
) -> Iterator[ParsedCall | LineError]:
    """Yield the calls and line errors of a file, one at a time and as the file is read.

    `stream` is an open file (binary is best) or an iterable of lines. The counts are in `report`.
    Content never raises; KeyError for an unknown format.
    """
    return _counted(FORMATS[format_name], stream, options, report or ParseReport())


def _counted(
    parser: Parser, stream: Source, options: ParseOptions, report: ParseReport
) -> Iterator[ParsedCall | LineError]:
    for item in parser(stream, options, report):
        if isinstance(item, ParsedCall):
            report.calls += 1
        else:
            report.errors += 1
        yield item


def sniff(head: bytes) -> str | None:
    """Return the format that the first kilobytes of a file look like, None if none fits."""
    text = head.decode("utf-8", "latin-1-fallback").removeprefix("\ufeff")
    lines = [line for line in text_lines(text.split("\n")) if line.strip() and line[0] != "#"]
    if not lines:
        return None
    first = lines[0].strip()
    if first[0] in "{[":
        return "freeswitch_json"
    if first.startswith("INSERT INTO"):
        return "freeswitch_csv"
    row = _fields(first)
    return _by_header(tuple(name.strip().lower() for name in row)) or _by_values(row)


def _fields(line: str) -> list[str]:
    reader = csv.reader([line], delimiter=delimiter_of(line), skipinitialspace=True)
    try:
        return next(reader)
    except csv.Error:
        return []


def _by_header(names: tuple[str, ...]) -> str | None:
    if {"call_id", "setup_at"} <= set(names):
        return "generic_csv"
    if is_header(names, "method", "call_id", "time"):
        return "kamailio_acc"
    return "kamailio_cdrs" if is_header(names, "start", "call_id", "duration") else None


def _by_values(row: list[str]) -> str | None:
    if any(field in METHODS for field in row[:2]):
        return "kamailio_acc"
    if len(row) in asterisk_csv.WIDTHS and row[14].replace(" ", "") in ASTERISK:
        return "asterisk_csv"
    is_directed = len(row) > 2 and row[2] in {"inbound", "outbound"}
    if is_directed or any(field in FREESWITCH for field in row):
        return "freeswitch_csv"
    return "kamailio_cdrs" if len(row) == len(CDRS) else None
