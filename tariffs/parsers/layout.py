"""How a rate sheet is to be read, and the guess of it: sheet, head, columns, marks, dates."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

from tariffs.parsers.book import Book
from tariffs.parsers.cells import decimal_mark, is_day_first
from tariffs.parsers.columns import (
    CODES,
    IGNORED,
    PRICES,
    Columns,
    columns_in,
    columns_of,
)
from tariffs.parsers.workbook import Line

HEAD_WITHIN = 60
SAMPLE = 2_000
CODES_FILE = "*"
"""The ``codes_sheet`` of a layout whose codes stand in a file of their own."""

_CODE = re.compile(r"[+]?\d[\d ,;–-]*")
_PRICE = re.compile(r"[^\d-]{0,4}\d*[.,]\d+[^\d]{0,4}")
_NAME = re.compile(r"[^\W\d_].*[^\W\d_].*")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is read. ``head`` is the line number of the head, 0 for none.

    ``columns`` names the field of each column from the left, IGNORED ("") for the others.
    ``codes_sheet`` is where the codes of each destination stand, if not in the lines themselves:
    a sheet, CODES_FILE, or empty. ``carries_down``: an empty cell says what the one above does.
    """

    sheet: str = ""
    head: int = 0
    columns: tuple[str, ...] = ()
    mark: str = "."
    is_day_first: bool = True
    codes_sheet: str = ""
    carries_down: bool = False

    @property
    def places(self) -> Columns:
        return columns_in(self.columns)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"columns": list(self.columns)}

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> "Layout":
        return cls(**stored | {"columns": tuple(stored["columns"])})


def guess_layout(book: Book, codes_book: Book | None = None) -> Layout | None:
    """The likeliest reading: the sheet with most lines of codes and prices.

    If no sheet has both, one of destinations and prices joined with one of destinations and codes,
    in ``codes_book`` where that is given. None where nothing looks like rates.
    """
    samples = {name: sample_of(book, name) for name in book.sheets}
    if codes_book is not None:
        return _best(samples, CODES_FILE)
    whole = _best(samples, "")
    if whole is not None:
        return whole
    coded = next((name for name in book.sheets if codes_head(samples[name]) is not None), None)
    others = {name: lines for name, lines in samples.items() if name != coded}
    return _best(others, coded) if coded is not None else None


def sample_of(book: Book, name: str) -> list[Line]:
    """The first lines of a sheet, enough to tell what it holds."""
    return list(islice(book.lines(name), HEAD_WITHIN + SAMPLE))


def guess_of(
    lines: list[Line], *, sheet: str, codes_sheet: str = "", head: int | None = None
) -> Layout | None:
    """The reading of one sheet; with ``head`` its line is taken for the head, 0: for none."""
    if head is None:
        found = _head_of(lines, is_joined=bool(codes_sheet))
        if found is None:
            return None if codes_sheet else _without_head(lines, sheet)
        head, columns, width = found
    elif head == 0:
        return _without_head(lines, sheet)
    else:
        cells = next((cells for number, cells in lines if number == head), [])
        columns, width = columns_of(cells), len(cells)
    below = [cells for number, cells in lines if number > head]
    fields = _settled(columns, below).fields(max(width, *map(len, below), 0) if below else width)
    return told_by(Layout(sheet, head, fields, codes_sheet=codes_sheet), lines)


def told_by(layout: Layout, lines: list[Line]) -> Layout:
    """``layout`` with the decimal mark and the order of dates that its lines use."""
    below = [cells for number, cells in lines if number > layout.head]
    return replace(
        layout,
        mark=decimal_mark(_texts(layout.places, below, PRICES)),
        is_day_first=is_day_first(_texts(layout.places, below, ("valid_from", "valid_till"))),
    )


def codes_head(lines: list[Line]) -> tuple[int, Columns] | None:
    """Line number and columns of the head of a sheet that gives destinations their codes."""
    for number, cells in lines[:HEAD_WITHIN]:
        found = columns_of(cells)
        if found.has_codes and found.has_names:
            return number, found
    return None


def _best(samples: dict[str, list[Line]], codes_sheet: str) -> Layout | None:
    guesses = [
        (layout, lines)
        for name, lines in samples.items()
        if (layout := guess_of(lines, sheet=name, codes_sheet=codes_sheet)) is not None
    ]
    if not guesses:
        return None
    return max(guesses, key=lambda guess: _rates_in(*guess))[0]


def _rates_in(layout: Layout, lines: list[Line]) -> tuple[int, bool]:
    """How many lines of a sample have a price and a code (a name, where codes are joined)."""
    columns = layout.places
    keys = ("destination",) if layout.codes_sheet else CODES
    count = sum(
        any(columns.cell(cells, field) for field in keys)
        and any(columns.cell(cells, field) for field in PRICES)
        for number, cells in lines
        if number > layout.head
    )
    return count, layout.head > 0


def _head_of(lines: list[Line], *, is_joined: bool) -> tuple[int, Columns, int] | None:
    for number, cells in lines[:HEAD_WITHIN]:
        found = columns_of(cells)
        has_keys = found.has_names if is_joined else found.has_codes
        if has_keys and found.has_prices:
            return number, found, len(cells)
    return None


def _settled(columns: Columns, below: list[list[str]]) -> Columns:
    """What the lines say of columns whose headings have two meanings."""
    at = dict(columns.at)
    dials = [text.lstrip("+") for text in _texts(columns, below, ("country_code",)) if text]
    if dials and not all(text.isdigit() for text in dials):  # ISO letters
        at["iso" if "country" in at else "country"] = at.pop("country_code")
    if "country_code" in at and "prefix" in at and not _begins(columns, below, "prefix"):
        at["area_code"] = at.pop("prefix")  # what is called the code goes behind the country's
    elif "prefix" not in at and "area_code" in at and _begins(columns, below, "area_code"):
        at["prefix"] = at.pop("area_code")  # whole codes under the name of a part
    return Columns(at)


def _begins(columns: Columns, below: list[list[str]], field: str) -> bool:
    """Whether the codes of ``field`` nearly all begin with the country code beside them."""
    pairs = [
        (columns.cell(cells, "country_code").lstrip("+"), columns.cell(cells, field).lstrip("+0"))
        for cells in below
    ]
    told = [code.startswith(country) for country, code in pairs if country and code]
    return len(told) > 2 and sum(told) > 0.9 * len(told)


def _without_head(lines: list[Line], sheet: str) -> Layout | None:
    """A table without headings: codes, prices and names told by how their cells look."""
    rows = [cells for _number, cells in lines]
    width = max(map(len, rows), default=0)
    found: dict[str, int] = {}
    for place in range(width):
        texts = [cells[place] for cells in rows if place < len(cells) and cells[place]]
        for field, look in (("prefix", _CODE), ("price", _PRICE), ("destination", _NAME)):
            if field not in found and texts and _mostly(look, texts):
                found[field] = place
                break
    columns = Columns(found)
    if not columns.has_codes_and_prices:
        return None
    return told_by(Layout(sheet, 0, columns.fields(width)), lines)


def _mostly(look: re.Pattern[str], texts: list[str]) -> bool:
    return sum(look.fullmatch(text) is not None for text in texts) > 0.8 * len(texts)


def _texts(columns: Columns, below: Iterable[list[str]], fields: Iterable[str]) -> list[str]:
    return [columns.cell(cells, field) for cells in below for field in fields]


def lines_of(book: Book, layout: Layout) -> Iterator[Line]:
    """The lines below the head of the chosen sheet, without repetitions of the head."""
    head: list[str] | None = None
    for number, cells in book.lines(layout.sheet):
        if number < layout.head:
            continue
        if number == layout.head:
            head = cells
        elif cells != head:
            yield number, cells


__all__ = [
    "CODES_FILE",
    "HEAD_WITHIN",
    "IGNORED",
    "SAMPLE",
    "Layout",
    "codes_head",
    "guess_layout",
    "guess_of",
    "lines_of",
    "sample_of",
    "told_by",
]
