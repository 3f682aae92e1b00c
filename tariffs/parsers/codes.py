"""Joins prices by destination with the codes of each destination, from another sheet or file."""

from dataclasses import dataclass, field

from tariffs.parsers.book import Book
from tariffs.parsers.cells import CellError, read_codes
from tariffs.parsers.columns import Columns
from tariffs.parsers.layout import CODES_FILE, Layout, codes_head, sample_of

CLOSED = frozenset({
    "closed", "close", "deleted", "delete", "withdrawn", "removed", "remove", "discontinued",
    "terminated", "ended", "end", "expired", "cancelled", "canceled", "code deleted",
})  # fmt: skip


@dataclass(slots=True)
class DestinationCodes:
    """The codes of each destination: prefix, and whether it is withdrawn.

    ``problems`` are lines that could not be read: line number, reason, cells.
    """

    by_name: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)
    problems: list[tuple[int, str, list[str]]] = field(default_factory=list)

    def of(self, destination: str) -> list[tuple[str, bool]]:
        return self.by_name.get(_key(destination), [])


def destination_codes(
    layout: Layout, book: Book, codes_book: Book | None
) -> DestinationCodes | None:
    """What the sheet of codes says; None where ``layout`` has none or it has no head."""
    if not layout.codes_sheet:
        return None
    if layout.codes_sheet != CODES_FILE:
        return _read(book, layout.codes_sheet)
    if codes_book is None:
        return None
    for name in codes_book.sheets:
        found = _read(codes_book, name)
        if found is not None:
            return found
    return None


def _read(book: Book, sheet: str) -> DestinationCodes | None:
    head = codes_head(sample_of(book, sheet))
    if head is None:
        return None
    number_of_head, columns = head
    found = DestinationCodes()
    for number, cells in book.lines(sheet):
        if number > number_of_head and columns.cell(cells, "destination"):
            try:
                _add(found, columns, cells)
            except CellError as error:
                found.problems.append((number, error.reason, cells))
    return found


def _add(found: DestinationCodes, columns: Columns, cells: list[str]) -> None:
    if "prefix" in columns.at:
        codes = read_codes(columns.cell(cells, "prefix"))
    else:
        country = columns.cell(cells, "country_code")
        country = country if country.lstrip("+").isdigit() else ""
        codes = read_codes(columns.cell(cells, "area_code"), country)
    is_closed = columns.cell(cells, "status").lower() in CLOSED
    known = found.by_name.setdefault(_key(columns.cell(cells, "destination")), [])
    known.extend((code, is_closed) for code in codes)


def _key(name: str) -> str:
    return " ".join(name.casefold().split())
