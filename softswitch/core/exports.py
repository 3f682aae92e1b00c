"""CSV and XLSX of any number of rows in bounded memory.

``stream_csv`` and ``write_xlsx`` take an iterator of cells (text, numbers, dates, None), such as
``Table.values_of(queryset.iterator())``, which reads through a server-side cursor.
"""

import csv
import datetime as dt
import re
import tempfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

CHUNK = 2_000
SHEET_ROWS = 1_048_576  # Excel's limit, the head included
EXACT_DIGITS = 15  # Excel keeps numbers as doubles
_PLAIN_NUMBER = re.compile(r"-\d+(\.\d+)?")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def guard(text: str) -> str:
    """``text`` such that no spreadsheet takes it for a formula; plain negative numbers pass.

    Rule of OWASP "CSV injection": cells that start with = + - @, tab or return get a quote.
    """
    if text.startswith(_DANGEROUS) and not _PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def cell_text(value: Any) -> str:
    """A cell of a CSV file: plain decimals, ISO 8601 with the viewer's offset, guarded text."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if isinstance(value, int | dt.date):
        return str(value)
    return guard(str(value))


class _Line:
    """A file that hands back what csv writes, so that each line can be sent at once."""

    def write(self, text: str) -> str:
        return text


def csv_lines(
    headers: list[str], rows: Iterable[list[Any]], *, bom: bool = True
) -> Iterator[bytes]:
    """CSV in pieces of CHUNK lines; ``bom`` tells Excel that it is UTF-8."""
    writer = csv.writer(_Line())
    yield (b"\xef\xbb\xbf" if bom else b"") + _line(writer, headers)
    pending: list[bytes] = []
    for row in rows:
        pending.append(_line(writer, row))
        if len(pending) == CHUNK:
            yield b"".join(pending)
            pending.clear()
    yield b"".join(pending)


def _line(writer: Any, cells: list[Any]) -> bytes:
    text: str = writer.writerow([cell_text(cell) for cell in cells])
    return text.encode()


def write_xlsx(file: IO[bytes], headers: list[str], rows: Iterable[list[Any]]) -> None:
    """An XLSX workbook into ``file``; a full sheet goes on in the next one, with the head again."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss",
    }
    with xlsxwriter.Workbook(file, options) as book:
        head = book.add_format({"bold": True})
        sheet, at = None, SHEET_ROWS
        for cells in rows:
            if sheet is None or at == SHEET_ROWS:
                sheet, at = _new_sheet(book, headers, head), 1
            for column, value in enumerate(cells):
                _write_cell(sheet, at, column, value)
            at += 1
        if sheet is None:
            _new_sheet(book, headers, head)


def _new_sheet(book: Any, headers: list[str], head: Any) -> Any:
    sheet = book.add_worksheet()
    for column, text in enumerate(headers):
        sheet.write_string(0, column, text, head)
    return sheet


def _write_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, dt.datetime):
        sheet.write_datetime(row, column, timezone.localtime(value).replace(tzinfo=None))
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | Decimal) and _is_exact(value):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, format(value, "f") if _is_decimal(value) else str(value))


def _is_decimal(value: Any) -> bool:
    return isinstance(value, Decimal)


def _is_exact(value: int | Decimal) -> bool:
    """Whether a double keeps each digit; longer amounts are written as text."""
    return len(Decimal(value).normalize().as_tuple().digits) <= EXACT_DIGITS


def csv_response(name: str, headers: list[str], rows: Iterable[list[Any]]) -> HttpResponseBase:
    """A download of ``name``.csv that is sent while it is read."""
    response = StreamingHttpResponse(csv_lines(headers, rows), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def xlsx_response(name: str, headers: list[str], rows: Iterable[list[Any]]) -> HttpResponseBase:
    """A download of ``name``.xlsx, written to a temporary file first."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it after the last byte
    write_xlsx(file, headers, rows)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX_TYPE)
