"""Opens a rate sheet, CSV or workbook, whatever it is, and yields the lines of its sheets."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from softswitch.core.reasons import Reason
from tariffs.parsers.sheet import open_sheet
from tariffs.parsers.workbook import Line, UnreadableError, Workbook, is_workbook

MOST_ROWS = 1_048_576
CSV_SHEET = ""


@dataclass(frozen=True, slots=True)
class Book:
    """A file of one or several sheets; a CSV file is one sheet without a name.

    ``delimiter`` is what parts the cells of a line where it is shown again.
    """

    file: IO[bytes]
    sheets: tuple[str, ...]
    delimiter: str = ","
    workbook: Workbook | None = field(default=None, repr=False)

    def lines(self, name: str) -> Iterator[Line]:
        """The lines of a sheet from its start, numbered from 1, without blank ones.

        Of a CSV file only one iteration goes on at a time. Raises UnreadableError.
        """
        if self.workbook is not None:
            yield from (line for line in self.workbook.lines(name) if any(line[1]))
            return
        sheet = open_sheet(self.file)
        try:
            yield from sheet.lines()
        except csv.Error as error:
            raise UnreadableError(Reason("This is neither CSV nor a workbook (XLSX).")) from error
        finally:
            sheet.text.detach()  # the file stays open for the next reading


def open_book(file: IO[bytes]) -> Book:
    """Open ``file`` (seekable). Raises UnreadableError."""
    if is_workbook(file):
        workbook = Workbook(file, most=MOST_ROWS)
        return Book(file, workbook.sheets, workbook=workbook)
    sheet = open_sheet(file)
    delimiter = sheet.delimiter
    sheet.text.detach()
    return Book(file, (CSV_SHEET,), delimiter)
