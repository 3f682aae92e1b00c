"""The first lines of each sheet of a file: what people see of it before it is read."""

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any

from babel.numbers import list_currencies

from tariffs.parsers.book import Book
from tariffs.parsers.cells import CellError, read_moment
from tariffs.parsers.columns import PRICES, Columns, plain
from tariffs.parsers.layout import HEAD_WITHIN, Layout
from tariffs.parsers.workbook import Line

MOST_SHEETS = 20
MOST_COLUMNS = 40
CELL_LENGTH = 60
SAMPLES = 3
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_LABEL = re.compile(r"effective|valid from", re.IGNORECASE)
_DATED = re.compile(r"\d{1,4}[./ -](?:\d{1,2}|[A-Za-z]{3,9})[./ -]\d{2,4}")

Outline = dict[str, Any]


def outline_of(book: Book) -> Outline:
    """Names and first lines of the sheets, cut for showing; plain values that JSON can hold."""
    sheets = [
        {"name": name, "lines": [_cut(line) for line in islice(book.lines(name), HEAD_WITHIN)]}
        for name in book.sheets[:MOST_SHEETS]
    ]
    return {"sheets": sheets}


def outlined_lines(outline: Outline, sheet: str) -> list[Line]:
    """The first lines of ``sheet`` as they were kept; empty for an unknown one."""
    kept = outline.get("sheets", ())
    found: list[Any] = next((one["lines"] for one in kept if one["name"] == sheet), [])
    return [(number, cells) for number, cells in found]


def sheet_names(outline: Outline) -> list[str]:
    """The sheets that were looked into, in their order."""
    return [one["name"] for one in outline.get("sheets", ())]


def heading_of(lines: list[Line], head: int) -> list[str]:
    """The cells of the head; empty for none."""
    return next((cells for number, cells in lines if number == head), [])


def samples_of(lines: list[Line], head: int, place: int) -> list[str]:
    """The first different values of a column below the head."""
    found: dict[str, None] = {}
    for number, cells in lines:
        if number > head and place < len(cells) and cells[place]:
            found.setdefault(cells[place])
    return list(found)[:SAMPLES]


def heads_key(cells: Iterable[str]) -> str:
    """By what a layout is found again: the headings, compared without case, accents and units."""
    return "|".join(plain(cell) for cell in cells).rstrip("|")


def found_head(outline: Outline, key: str) -> tuple[str, int] | None:
    """The sheet and line whose cells have these headings; None if no line has."""
    for name in sheet_names(outline):
        for number, cells in outlined_lines(outline, name):
            if key and heads_key(cells) == key:
                return name, number
    return None


def currency_said(lines: list[Line], layout: Layout) -> str:
    """The currency that the lines above the table or the heads of the prices name, or empty."""
    texts = [
        text
        for number, cells in lines
        if number < layout.head
        for place, cell in enumerate(cells)
        if "currency" in cell.lower()
        for text in cells[place : place + 2]
    ]
    columns: Columns = layout.places
    head = heading_of(lines, layout.head)
    texts += [columns.cell(head, field) for field in PRICES]
    known = list_currencies()
    codes = [code for text in texts for code in _CODE.findall(text) if code in known]
    return codes[0] if codes else ""


def start_said(lines: list[Line], layout: Layout, zone: tzinfo) -> datetime | None:
    """From when the whole sheet is valid, where a line above the table says so."""
    for number, cells in lines:
        if number >= layout.head:
            break
        for place, cell in enumerate(cells):
            if _LABEL.search(cell):
                for text in cells[place : place + 2]:
                    if found := _date_in(text, layout, zone):
                        return found
    return None


def _date_in(text: str, layout: Layout, zone: tzinfo) -> datetime | None:
    match = _DATED.search(text)
    if match is None:
        return None
    try:
        return read_moment(match[0], zone=zone, day_first=layout.is_day_first, field="valid_from")
    except CellError:
        return None


def _cut(line: Line) -> list[Any]:
    number, cells = line
    return [number, [cell[:CELL_LENGTH] for cell in cells[:MOST_COLUMNS]]]
