"""CSV and XLSX: exact, guarded against formulas, in pieces."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal

import openpyxl
import pytest
from django.utils import timezone

from softswitch.core import exports
from softswitch.core.exports import CHUNK, csv_lines, guard, write_xlsx
from tests.core.conftest import Tree

NOON = dt.datetime(2026, 11, 18, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20", "'+44 20"),
        ("@cmd", "'@cmd"),
        ("-2+3", "'-2+3"),
        ("\tx", "'\tx"),
        ("-12.50", "-12.50"),
        ("-7", "-7"),
        ("plain", "plain"),
    ],
)
def test_no_cell_becomes_a_formula(text: str, written: str):
    assert guard(text) == written


def test_csv_holds_exact_values_in_the_viewers_zone():
    with timezone.override("Europe/Berlin"):
        lines = b"".join(csv_lines(["Ä", "b"], [[Decimal("-0.0000010"), NOON], [None, 3]]))
    assert lines.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(lines.decode("utf-8-sig"))))
    assert rows == [["Ä", "b"], ["-0.0000010", "2026-11-18T13:00:00+01:00"], ["", "3"]]


def test_csv_leaves_in_pieces_while_it_is_read():
    read = []

    def rows() -> Iterator[list[int]]:
        for number in range(CHUNK * 2 + 1):
            read.append(number)
            yield [number]

    pieces = csv_lines(["n"], rows(), bom=False)
    assert next(pieces) == b"n\r\n"
    next(pieces)
    assert len(read) == CHUNK
    assert sum(piece.count(b"\n") for piece in pieces) == CHUNK + 1


def test_xlsx_keeps_numbers_times_and_text(monkeypatch):
    monkeypatch.setattr(exports, "SHEET_ROWS", 3)
    file = io.BytesIO()
    long = Decimal("12345678901234.123456")
    with timezone.override("Europe/Berlin"):
        write_xlsx(file, ["a", "b"], [[Decimal("-1.5"), "=1+1"], [7, NOON], [long, None]])
    book = openpyxl.load_workbook(file)
    first, second = book.worksheets
    assert [[cell.value for cell in row] for row in first.rows] == [
        ["a", "b"],
        [-1.5, "=1+1"],
        [7, NOON.replace(hour=13, tzinfo=None)],
    ]
    assert first["B2"].data_type == "s"
    assert [[cell.value for cell in row] for row in second.rows] == [["a", "b"], [str(long), None]]


@pytest.mark.django_db
@pytest.mark.urls("tests.core.pages")
def test_a_list_exports_what_was_found_in_the_chosen_columns(tree: Tree):
    browser = tree.login(tree.seller)
    response = browser.get("/customers/", {"export": "csv", "sort": "-name"})
    assert response["Content-Disposition"] == 'attachment; filename="customers.csv"'
    text = b"".join(response).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Name", "Company", "Kind", "Call limit", "In service since"]
    assert [row[0] for row in rows[1:]] == ["hartwell & sons", "Calder Voice"]
    response = browser.get("/customers/", {"export": "xlsx", "name": "calder"})
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response)))
    assert [row[0].value for row in book.active.rows] == ["Name", "Calder Voice"]
    assert browser.get("/customers/", {"export": "exe"}).status_code == 404


def test_an_empty_export_has_its_head():
    file = io.BytesIO()
    write_xlsx(file, ["a"], [])
    assert openpyxl.load_workbook(file).active["A1"].value == "a"
