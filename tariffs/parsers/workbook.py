"""Reads the sheets of a workbook (XLSX) as lines of texts, row by row; pure Python."""

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from typing import IO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from softswitch.core.reasons import Reason

ZIP_MARK = b"PK\x03\x04"
OLD_MARK = b"\xd0\xcf\x11\xe0"  # workbooks of Excel before 2007, and locked ones
MOST_BYTES = 400 * 1024 * 1024  # of an unpacked workbook
MOST_WIDE = 2  # letters of a column: ZZ is the 702nd
EXACT_DIGITS = 15  # what Excel itself keeps and shows of a number

Line = tuple[int, list[str]]


class UnreadableError(Exception):
    """Why the file as a whole cannot be read, for people."""


class Workbook:
    """A workbook that was found fit to be read: no more than ``most`` rows a sheet."""

    def __init__(self, file: IO[bytes], *, most: int, most_bytes: int = MOST_BYTES) -> None:
        try:
            _check_size(file, most=most, most_bytes=most_bytes)
            file.seek(0)
            self._book = CalamineWorkbook.from_filelike(file)
        except (CalamineError, zipfile.BadZipFile) as error:
            raise UnreadableError(
                Reason("This is neither CSV nor a workbook that can be read (XLSX).")
            ) from error
        shown = [
            sheet.name
            for sheet in self._book.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible
        ]
        self.sheets = tuple(shown or self._book.sheet_names)
        self._open: tuple[str, CalamineSheet] | None = None

    def lines(self, name: str) -> Iterator[Line]:
        """All rows of a sheet, numbered from 1 as the spreadsheet does, empty ones too.

        Where cells were merged downwards, each of them says what the first does.
        """
        sheet = self._sheet(name)
        _first_row, first_column = sheet.start or (0, 0)
        merged = _merged_down(sheet)
        above: dict[int, str] = {}
        for number, row in enumerate(sheet.iter_rows(), start=1):
            cells = [""] * first_column + [cell_text(cell) for cell in row]
            for place in merged.get(number, ()):
                cells[place] = cells[place] or above.get(place, "")
            above = {place: cells[place] for place in merged.get(number + 1, ())}
            yield number, cells

    def _sheet(self, name: str) -> CalamineSheet:
        """A sheet as a whole; the last one is kept, as its head is read before its lines."""
        if self._open is None or self._open[0] != name:
            self._open = None
            try:
                self._open = name, self._book.get_sheet_by_name(name)
            except CalamineError as error:
                raise UnreadableError(
                    Reason("The sheet “%(name)s” cannot be read.", name=name)
                ) from error
        return self._open[1]


def is_workbook(file: IO[bytes]) -> bool:
    """Whether ``file`` (seekable) is packed as workbooks are; UnreadableError for an old one."""
    file.seek(0)
    mark = file.read(len(ZIP_MARK))
    if mark == OLD_MARK:
        raise UnreadableError(
            Reason("This is a locked workbook or one of old Excel: save it as XLSX.")
        )
    return mark == ZIP_MARK


def _merged_down(sheet: CalamineSheet) -> dict[int, list[int]]:
    """The columns, by row from 1, whose cells repeat the one above."""
    found: dict[int, list[int]] = {}
    for (first_row, column), (last_row, _last_column) in sheet.merged_cell_ranges or ():
        for row in range(first_row + 1, last_row + 1):
            found.setdefault(row + 1, []).append(column)
    return found


def _check_size(file: IO[bytes], *, most: int, most_bytes: int) -> None:
    """Refuse what would fill the memory: a packed giant, or a lone cell far out."""
    file.seek(0)
    with zipfile.ZipFile(file) as book:
        if sum(part.file_size for part in book.infolist()) > most_bytes:
            raise UnreadableError(Reason("The workbook is too large: divide it."))
        for part in book.namelist():
            content = book.read(part)  # it also compares the size and the check sum
            if part.startswith("xl/worksheets/"):
                _check_places(content, most=most)


def _check_places(content: bytes, *, most: int) -> None:
    """Only places that are suspiciously long are looked at one by one."""
    last = 2 * most
    far = rf'\br="(?:[A-Z]{{{MOST_WIDE + 1},}}\d+|[A-Z]+(\d{{{len(str(last))},}}))"'
    for place in re.finditer(far.encode(), content):
        row = place[1]
        if row is None or len(row) > 7 or int(row) > last:
            raise UnreadableError(
                Reason("A cell stands too far out: copy the table into a new sheet.")
            )


def cell_text(cell: object) -> str:
    """A cell as it would stand in CSV: 12 and not 12.0, days and moments in ISO 8601."""
    if isinstance(cell, str):
        return cell.replace("\0", "").strip()
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else _number(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell).strip()


def _number(value: float) -> str:
    """Without an exponent and the noise of binary fractions: 0.3 where a formula made 0.1 + 0.2."""
    shown = f"{value:.{EXACT_DIGITS}g}"
    return shown if "e" not in shown else f"{value:.20f}".rstrip("0")
