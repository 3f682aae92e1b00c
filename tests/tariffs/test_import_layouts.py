"""How sheets are read: workbooks, several sheets, joined codes, corrected columns, odd cells."""

import io
import lzma
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from tariffs.parsers.book import open_book
from tariffs.parsers.cells import CellError, read_codes, read_intervals, read_moment, read_price
from tariffs.parsers.columns import columns_of
from tariffs.parsers.destinations import place_of
from tariffs.parsers.layout import CODES_FILE, Layout, guess_layout, guess_of, sample_of
from tariffs.parsers.outline import (
    currency_said,
    found_head,
    heads_key,
    outline_of,
    outlined_lines,
    start_said,
)
from tariffs.parsers.rates import BadLine, RateLine, read_rates
from tariffs.parsers.workbook import UnreadableError, Workbook

CARRIERS = Path(__file__).parents[3] / "shared" / "data" / "rates"
carriers = pytest.mark.skipif(not CARRIERS.is_dir(), reason="the public sheets are not here")


def read(data, layout=None, codes=None, currency=""):
    file = io.BytesIO(data.encode() if isinstance(data, str) else data)
    other = io.BytesIO(codes.encode() if isinstance(codes, str) else codes) if codes else None
    found = list(read_rates(file, UTC, layout=layout, codes_file=other, currency=currency))
    good = [item for item in found if isinstance(item, RateLine)]
    return good, [item for item in found if isinstance(item, BadLine)]


def guessed(data) -> Layout:
    found = guess_layout(open_book(io.BytesIO(data.encode() if isinstance(data, str) else data)))
    assert found is not None
    return found


def workbook(**sheets):
    """An XLSX file; a sheet is rows of cells, or a function that writes it."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if callable(rows):
                rows(book, sheet)
                continue
            for number, cells in enumerate(rows):
                for place, cell in enumerate(cells):
                    sheet.write(number, place, cell)
    return file.getvalue()


TABLE = [["Destination", "Code", "Rate"], ["Chad", 235, 0.4], ["Chad Mobile", "2356, 2359", 0.5]]


def test_of_several_sheets_the_one_with_rates_is_read():
    data = workbook(Cover=[["Acme"], ["Rates of 2026"]], Notes=[["a", "b"]], Rates=TABLE)
    assert guessed(data).sheet == "Rates"
    good, bad = read(data)
    assert not bad
    assert [(line.line, line.prefix, line.price_n) for line in good] == [
        (2, "235", Decimal("0.4")),
        (3, "2356", Decimal("0.5")),
        (3, "2359", Decimal("0.5")),
    ]


def test_the_sheet_can_be_chosen():
    data = workbook(Premium=TABLE, Direct=[*TABLE, ["Niger", 227, 0.3]])
    book = open_book(io.BytesIO(data))
    assert book.sheets == ("Premium", "Direct")
    assert guessed(data).sheet == "Direct"
    chosen = guess_of(sample_of(book, "Premium"), sheet="Premium")
    assert [line.prefix for line in read(data, chosen)[0]] == ["235", "2356", "2359"]


def test_cells_merged_downwards_say_the_same_in_each_line():
    def write(book, sheet):
        sheet.merge_range(0, 0, 0, 3, "Rate sheet")
        for place, text in enumerate(("Country", "Code", "Price", "Effective")):
            sheet.write(2, place, text)
        sheet.merge_range(3, 0, 5, 0, "Peru")
        sheet.merge_range(3, 2, 4, 2, 0.05)
        day = book.add_format({"num_format": "dd/mm/yy"})
        for row, code in enumerate((51, 511, 519)):
            sheet.write(3 + row, 1, code)
            sheet.write_datetime(3 + row, 3, date(2026, 12, 1), day)
        sheet.write(5, 2, 0.07)

    good, bad = read(workbook(Sheet=write))
    assert not bad
    assert [(line.destination, line.prefix, line.price_n) for line in good] == [
        ("Peru", "51", Decimal("0.05")),
        ("Peru", "511", Decimal("0.05")),
        ("Peru", "519", Decimal("0.07")),
    ]
    assert {line.valid_from for line in good} == {datetime(2026, 12, 1, tzinfo=UTC)}


def test_prices_are_joined_with_codes_from_another_sheet_or_file():
    prices = [["Destination", "Rate"], ["Togo-Mobile", 0.2], ["Togo", 0.1], ["Mali", 0.3]]
    codes = [["Destination", "Area Code", "Change"]]
    codes += [["TOGO-Mobile", "22890-22892", ""], ["Togo", "228", ""], ["Togo", "2287", "Deleted"]]
    for data, other in (
        (workbook(Prices=prices, Codes=codes), None),
        (workbook(Prices=prices), workbook(Numbering=codes)),
    ):
        good, bad = read(data, codes=other)
        assert [(line.prefix, line.price_n, line.is_closed) for line in good] == [
            ("22890", Decimal("0.2"), False),
            ("22891", Decimal("0.2"), False),
            ("22892", Decimal("0.2"), False),
            ("228", Decimal("0.1"), False),
            ("2287", Decimal("0.1"), True),
        ]
        assert [(item.line, item.field) for item in bad] == [(4, "codes")]
        assert "Mali" in bad[0].reason


def test_a_broken_line_of_the_codes_is_named_and_missing_codes_too():
    good, bad = read("Destination,Rate\nTogo,0.1\n", codes="Destination,Code\nTogo,228\nX,2x8\n")
    assert [line.prefix for line in good] == ["228"]
    assert [(item.field, item.raw) for item in bad] == [("codes", "X,2x8")]
    layout = Layout(head=1, columns=("destination", "price"), codes_sheet=CODES_FILE)
    assert read("Destination,Rate\nTogo,0.1\n", layout)[1][0].field == "codes"


def test_a_corrected_layout_is_followed():
    sheet = "Zone;A;B;When\nFiji;679;0,2;02/03/2026\n"
    assert guess_layout(open_book(io.BytesIO(sheet.encode()))) is None
    layout = Layout(head=1, columns=("destination", "prefix", "price", "valid_from"), mark=",")
    line = read(sheet, layout)[0][0]
    assert (line.prefix, line.price_n) == ("679", Decimal("0.2"))
    assert line.valid_from == datetime(2026, 3, 2, tzinfo=UTC)
    turned = read(sheet, replace(layout, is_day_first=False))[0][0]
    assert turned.valid_from == datetime(2026, 2, 3, tzinfo=UTC)
    without = read(sheet, replace(layout, columns=("", "prefix", "price", "")))[0][0]
    assert (without.destination, without.valid_from) == ("", None)
    assert Layout.of_json(layout.as_json()) == layout


def test_a_table_without_headings_is_told_by_its_cells():
    layout = guessed("Fiji,679,0.2\nTonga,676,0.45\nSamoa,685,0.31\n")
    assert (layout.head, layout.columns) == (0, ("destination", "prefix", "price"))
    good, _bad = read("Fiji,679,0.2\nTonga,676,0.45\nSamoa,685,0.31\n")
    assert [line.line for line in good] == [1, 2, 3]


def test_empty_cells_carry_down_where_the_layout_says_so():
    sheet = "Country,Code,Rate\nCuba,53,0.7\n,535,\n,5352,0.9\n"
    layout = replace(guessed(sheet), carries_down=True)
    assert [(line.destination, line.price_n) for line in read(sheet, layout)[0]] == [
        ("Cuba", Decimal("0.7")),
        ("Cuba", Decimal("0.7")),
        ("Cuba", Decimal("0.9")),
    ]
    assert [item.field for item in read(sheet)[1]] == ["price"]


def test_codes_beside_country_codes_are_told_by_their_beginning():
    good, _ = read("Country Code,Code,Rate\n93,70,0.1\n44,7400,0.2\n1,876,0.3\n")
    assert [line.prefix for line in good] == ["9370", "447400", "1876"]
    good, _ = read("Country Code,Area Code,Rate\n93,9370,0.1\n44,447400,0.2\n1,1876,0.3\n")
    assert [line.prefix for line in good] == ["9370", "447400", "1876"]


def test_notes_repeated_heads_and_blank_lines_are_passed_over():
    sheet = (
        "Code,Rate,Destination\n235,0.4,Chad\n,,\nCode,Rate,Destination\nEurope,,all\n33,0.1,F\n"
    )
    good, bad = read(sheet)
    assert not bad
    assert [(line.line, line.prefix) for line in good] == [(2, "235"), (6, "33")]


def test_blocked_and_closed_in_the_price_cell():
    good, bad = read("Code,Rate\n235,Blocked\n53,Closed\n7,N/A\n")
    assert [(line.prefix, line.is_forbidden, line.is_closed) for line in good] == [
        ("235", True, False),
        ("53", False, True),
    ]
    assert [item.field for item in bad] == ["price"]


def test_currencies_in_cells_columns_and_titles():
    good, bad = read("Code,Rate\n235,0.4 USD\n53,$0.7\n7,€ 0.1\n8,EUR 0.2\n", currency="USD")
    assert [line.price_n for line in good] == [Decimal("0.4"), Decimal("0.7")]
    assert [item.field for item in bad] == ["currency", "currency"]
    _, bad = read("Code,Rate,Currency\n235,0.4,GBP\n53,0.1,usd\n", currency="USD")
    assert [(item.line, item.field) for item in bad] == [(2, "currency")]
    for text in ("Currency:,EUR\nCode,Rate\n7,0.1\n", "Code,Price (EUR) / min\n7,0.1\n"):
        book = open_book(io.BytesIO(text.encode()))
        assert currency_said(sample_of(book, ""), guessed(text)) == "EUR"


def test_the_start_of_a_whole_sheet_is_found_above_the_table():
    text = "Issued 01/11/2026\nEffective date:,05/12/2026\nCode,Rate\n7,0.1\n"
    book = open_book(io.BytesIO(text.encode()))
    layout = guessed(text)
    assert start_said(sample_of(book, ""), layout, UTC) == datetime(2026, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("9370-9372", ["9370", "9371", "9372"]),
        ("9370 to 9372", ["9370", "9371", "9372"]),
        ("9370..9371", ["9370", "9371"]),
        ("+93 70;+93 71", ["9370", "9371"]),
        ('="4420"', ["4420"]),
        ("'4420", ["4420"]),
    ],
)
def test_codes_in_many_spellings(text, codes):
    assert read_codes(text) == codes


@pytest.mark.parametrize(
    "text",
    [
        *("2026-09-16", "20260916", "16.09.2026", "16/9/26", "2026/09/16", "16-Sep-2026"),
        *("Sep 16, 2026", "September 16th 2026", "46281", "16/09/2026 00:00:00 UTC"),
        *("16/09/2026 12:00 AM", "2026-09-16T00:00:00Z", "2026-09-16 00:00:00.000000"),
    ],
)
def test_dates_in_many_spellings(text):
    moment = read_moment(text, zone=UTC, day_first=True, field="valid_from")
    assert moment == datetime(2026, 9, 16, tzinfo=UTC)


def test_other_moments():
    assert read_moment("immediately", zone=UTC, day_first=True, field="x") is None
    afternoon = read_moment("9/16/2026 2:05 PM", zone=UTC, day_first=False, field="x")
    assert afternoon == datetime(2026, 9, 16, 14, 5, tzinfo=UTC)
    for wrong in ("31/02/2026", "16 Foo 2026", "99999"):
        with pytest.raises(CellError):
            read_moment(wrong, zone=UTC, day_first=True, field="x")


def test_intervals_in_many_spellings():
    assert {read_intervals(text) for text in ("60/1", "60-1", "60+1", "60 / 1", "60s/1s")} == {
        (60, 1)
    }
    assert read_intervals("1-1") == read_intervals("per second") == (1, 1)
    assert read_intervals("per minute") == (60, 60)


def test_prices_with_units_and_separators():
    assert read_price("USD 0.0495/min", ".") == Decimal("0.0495")
    assert read_price("1 234,50 €", ",") == Decimal("1234.50")
    with pytest.raises(CellError):
        read_price("1,234", ".")


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        *(("Dial-Code", "prefix"), ("Vorwahl", "prefix"), ("Código", "prefix")),
        *(("Termination Rate (USD)", "price"), ("New Rate", "price"), ("Preis/Min", "price")),
        *(("Effective Date (dd/mm/yyyy)", "valid_from"), ("Gültig ab", "valid_from")),
        *(("Destination Name", "destination"), ("Billing Increment", "billing")),
    ],
)
def test_headings_in_many_words(heading, field):
    cells = [heading, "Prefix" if field != "prefix" else "Rate"]
    assert columns_of(cells).at[field] == 0


def test_old_rates_and_changes_are_no_prices():
    found = columns_of(["Code", "Old Rate", "New Rate", "Rate Change"])
    assert (found.at["price"], found.at["status"]) == (2, 3)


def test_a_layout_is_found_again_by_its_headings_wherever_they_stand():
    key = heads_key(["Dial Code ", "Rate (USD)", "", ""])
    outline = outline_of(open_book(io.BytesIO(b"Notice\n\nDIAL CODE,rate (EUR)\n7,0.1\n")))
    assert found_head(outline, key) == ("", 3)
    assert found_head(outline, heads_key(["Code", "Rate"])) is None
    assert outlined_lines(outline, "") == [
        (1, ["Notice"]),
        (3, ["DIAL CODE", "rate (EUR)"]),
        (4, ["7", "0.1"]),
    ]


def test_what_is_no_workbook_says_so():
    for data in (b"PK\x03\x04 nonsense", b"\xd0\xcf\x11\xe0 old"):
        _good, bad = read(data)
        assert [item.field for item in bad] == ["file"]
    with pytest.raises(UnreadableError):
        Workbook(io.BytesIO(workbook(A=TABLE)), most=100, most_bytes=10)


def test_country_and_operator_of_a_prefix():
    assert place_of("2348021") == ("NG", "Nigeria Mobile Airtel")
    assert place_of("1416").country == "CA"
    assert place_of("1876") == ("JM", "Jamaica")
    assert place_of("7701").country == "KZ"
    assert place_of("441481").country == "GG"
    assert place_of("44") == ("GB", "United Kingdom")
    assert place_of("") == place_of("0") == place_of("883") == ("", "")


@carriers
def test_a_notice_with_lists_ranges_and_withdrawn_codes():
    good, bad = read((CARRIERS / "acme_rate_notice.csv").read_bytes(), currency="USD")
    assert not bad
    assert len(good) == 25
    germany = [line for line in good if line.line == 8]
    assert [line.prefix for line in germany] == ["49152", "49162", "49172", "49173", "49174"]
    assert [line.prefix for line in good if line.is_closed] == ["234805"]
    assert (germany[0].interval_1, germany[0].interval_n) == (60, 1)


@carriers
def test_a_price_sheet_with_its_numbering_sheet():
    prices = (CARRIERS / "airtel_pricing_excerpt.csv").read_bytes()
    numbering = (CARRIERS / "airtel_numbering_excerpt.csv").read_bytes()
    alone, bad = read(prices)
    assert (len(alone), bad) == (209, [])
    rows = [line.split(",") for line in prices.decode().splitlines()]
    without = "\n".join(",".join([row[0], *row[4:6], row[8]]) for row in rows[14:])
    joined, bad = read(without, codes=numbering)
    by_prefix = {line.prefix: line.price_n for line in joined}
    assert by_prefix["9370"] == Decimal("0.1635")
    assert {"79407", "9374", "23674"} <= by_prefix.keys()
    assert {item.field for item in bad} == {"codes"}


@carriers
def test_a_whole_list_of_a_carrier():
    good, bad = read(lzma.decompress((CARRIERS / "sdf_outbound_2010.csv.xz").read_bytes()))
    assert (len(good), len(bad)) == (27_514, 9)
    assert {item.reason for item in bad} == {"The price is missing."}
    assert (good[0].interval_1, good[0].interval_n) == (30, 6)


@carriers
def test_a_list_with_one_prefix_at_several_prices():
    good, bad = read((CARRIERS / "nexmo_outbound_voice.csv").read_bytes())
    assert not bad
    assert (good[0].destination, good[0].country) == ("Afghanistan Roshan", "AF")
    prices: dict[str, set[Decimal]] = {}
    for line in good:
        prices.setdefault(line.prefix, set()).add(line.price_n)
    assert Counter(len(found) > 1 for found in prices.values())[True] > 20
