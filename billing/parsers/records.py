"""Reads a file of records, CSV or XLSX, into numbered rows of named cells."""

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from softswitch.core.reasons import Reason
from tariffs.parsers.sheet import open_sheet
from tariffs.parsers.workbook import UnreadableError, Workbook, is_workbook

MOST_BYTES = 150 * 1024 * 1024  # of an unpacked workbook
BEYOND = ""  # the column of cells without a heading
_PLAIN_NUMBER = re.compile(r"-\d+(\.\d+)?")
_DANGEROUS = ("=", "+", "-", "@")

Row = tuple[int, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Records:
    """The columns that the head names, and the rows below: number in the file from 1, cells.

    Empty cells are absent, empty rows too. A cell without a heading stands under BEYOND.
    """

    columns: list[str]
    rows: list[Row]


def read_records(
    file: IO[bytes], *, names: Mapping[str, str], required: Collection[str], most: int
) -> Records:
    """Read ``file`` (seekable), whose first row is the head; at most ``most`` rows.

    ``names`` maps headings, as ``heading`` gives them, to columns; ``required`` columns must be
    there. Raises UnreadableError for anything that is wrong with more than one row.
    """
    lines = _lines(file, most=most)
    first = next(((number, cells) for number, cells in lines if any(cells)), None)
    if first is None:
        raise UnreadableError(Reason("The file is empty."))
    columns = _columns(first[1], names, required)
    rows: list[Row] = []
    for number, cells in lines:
        if found := _named(columns, cells):
            rows.append((number, found))
        if len(rows) > most:
            raise UnreadableError(
                Reason("The file has more than %(most)s rows: divide it.", most=most)
            )
    if not rows:
        raise UnreadableError(Reason("There are no rows below the head."))
    return Records([name for name in columns if name], rows)


def heading(text: str) -> str:
    """A heading as it is compared: ``Credit_Limit *`` is ``credit limit``."""
    return " ".join(text.rstrip(" *").replace("_", " ").casefold().split())


def _columns(head: list[str], names: Mapping[str, str], required: Collection[str]) -> list[str]:
    found = [names.get(heading(text), BEYOND) for text in head]
    unknown = [text for text, name in zip(head, found, strict=True) if text and not name]
    if unknown:
        raise UnreadableError(
            Reason(
                "Unknown columns: %(names)s.", names=", ".join(text[:60] for text in unknown[:10])
            )
        )
    twice = sorted({name for name in found if name and found.count(name) > 1})
    if twice:
        raise UnreadableError(Reason("Columns given twice: %(names)s.", names=", ".join(twice)))
    missing = [name for name in required if name not in found]
    if missing:
        raise UnreadableError(Reason("Missing columns: %(names)s.", names=", ".join(missing)))
    return found


def _named(columns: list[str], cells: list[str]) -> dict[str, str]:
    width = len(columns)
    return {
        columns[place] if place < width else BEYOND: text
        for place, text in enumerate(cells)
        if text
    }


def _lines(file: IO[bytes], *, most: int) -> Iterator[tuple[int, list[str]]]:
    if is_workbook(file):
        yield from _workbook_lines(file, most=most)
        return
    try:
        yield from _csv_lines(file)
    except csv.Error as error:
        raise UnreadableError(Reason("This is neither CSV nor a workbook (XLSX).")) from error


def _csv_lines(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Rows as a spreadsheet numbers them: one with line breaks in a cell is one row."""
    sheet = open_sheet(file)
    texts = (line.replace("\0", "") for line in sheet.text)
    for number, cells in enumerate(csv.reader(texts, delimiter=sheet.delimiter), start=1):
        yield number, [_unguarded(cell.strip()) for cell in cells]


def _unguarded(text: str) -> str:
    """Take back the quote that our exports put before what a spreadsheet would calculate."""
    rest = text[1:]
    is_guarded = text.startswith("'") and rest.startswith(_DANGEROUS)
    return rest if is_guarded and not _PLAIN_NUMBER.fullmatch(rest) else text


def _workbook_lines(file: IO[bytes], *, most: int) -> Iterator[tuple[int, list[str]]]:
    """Rows of the first sheet."""
    book = Workbook(file, most=most, most_bytes=MOST_BYTES)
    yield from book.lines(book.sheets[0])
