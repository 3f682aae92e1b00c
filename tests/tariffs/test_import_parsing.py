"""Rate sheets as carriers send them: encodings, delimiters, heads, codes, dates."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tariffs.parsers.cells import (
    CellError,
    is_day_first,
    read_codes,
    read_flag,
    read_intervals,
    read_moment,
    read_price,
)
from tariffs.parsers.rates import BadLine, RateLine, read_rates

NOTICE = """Acme Voice Wholesale
Rate notice, all prices in USD per minute
Issue date:,16/09/2026

Country,Network,Dial Codes,Rate/Min,Effective,Billing,Change
Germany,Mobile,"49152, 49172-49174",0.0495,23/09/2026,60/1,Increase
France,Mobile,"+336 07; 336 08",0.052,16/09/2026,1/1,New
Nigeria,Mobile - Glo,234805,,20/09/2026,60/60,Closed
Cuba,,53,0.74,20/09/2026,60/60,Blocked

"Rates may change without notice, all of them."
"""


def read(text: str | bytes, zone: str = "UTC") -> tuple[list[RateLine], list[BadLine]]:
    data = text.encode() if isinstance(text, str) else text
    found = list(read_rates(io.BytesIO(data), ZoneInfo(zone)))
    good = [item for item in found if isinstance(item, RateLine)]
    return good, [item for item in found if isinstance(item, BadLine)]


def test_a_carriers_notice_is_read_from_head_to_note():
    good, bad = read(NOTICE)
    assert not bad
    assert [line.prefix for line in good] == [
        *("49152", "49172", "49173", "49174"),
        *("33607", "33608"),
        *("234805", "53"),
    ]
    first = good[0]
    assert (first.line, first.destination, first.country) == (6, "Germany Mobile", "Germany")
    assert (first.price_1, first.interval_1, first.interval_n) == (Decimal("0.0495"), 60, 1)
    assert first.valid_from == datetime(2026, 9, 23, tzinfo=UTC)
    assert [line.is_closed for line in good[-2:]] == [True, False]
    assert [line.is_forbidden for line in good[-2:]] == [False, True]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_are_found(encoding, delimiter):
    names = ["Côte d’Ivoire mobile".replace("’", "'"), "España fijo", "Österreich", "Türkiye"]
    rows = [["Prefix", "Destination", "Price"]]
    rows += [[str(225 + at), name, f"0.{at + 1}5"] for at, name in enumerate(names)]
    text = "\n".join(delimiter.join(row) for row in rows)
    good, bad = read(text.encode(encoding))
    assert not bad
    assert [line.destination for line in good] == names


def test_decimal_commas_and_prices_in_a_point_file():
    good, bad = read("Prefix;Price\n44;0,0125\n33;1,5\n49;1.200,25\n")
    assert [line.price_n for line in good] == [
        Decimal("0.0125"),
        Decimal("1.5"),
        Decimal("1200.25"),
    ]
    assert not bad
    good, bad = read('Prefix,Price\n44,0.0125\n33,0.02\n49,"0,1890"\n')
    assert len(good) == 2
    assert bad == [
        BadLine(4, "price", "Price “0,1890”: this file uses a decimal point.", bad[0].raw)
    ]
    assert bad[0].raw == "49,0,1890"


def test_country_and_area_codes_are_joined_and_iso_letters_are_no_dial_code():
    good, _ = read('Country Code,Area Code,Rate\n7,"840,9407",0.3\n93,,0.2\n')
    assert [line.prefix for line in good] == ["7840", "79407", "93"]
    good, _ = read("Country Code,Prefix,Rate\nAF,93,0.3\n")
    assert (good[0].prefix, good[0].country) == ("93", "AF")


def test_two_prices_and_intervals_of_their_own():
    good, _ = read("code,price 1,price N,interval 1,interval N,grace\n44,0.1,0.2,30,6,yes\n")
    line = good[0]
    assert (line.price_1, line.price_n) == (Decimal("0.1"), Decimal("0.2"))
    assert (line.interval_1, line.interval_n, line.grace_enabled) == (30, 6, True)


def test_a_file_without_a_head_is_one_rejected_line():
    good, bad = read("hello,world\n1,2\n")
    assert not good
    assert [item.field for item in bad] == ["head"]
    assert read("")[1][0].field == "head"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("Haiti,509-3,0.1,", "prefix"),
        ("Haiti,5o9,0.1,", "prefix"),
        ("Haiti,0509,0.1,", "prefix"),
        ("Haiti,,0.1,", "prefix"),
        ("Haiti,355 67|68,0.1,", "prefix"),
        ("Haiti,1-99999999,0.1,", "prefix"),
        ("Haiti,1234567890123456,0.1,", "prefix"),
        ("Haiti,509,,", "price"),
        ("Haiti,509,-0.1,", "price"),
        ("Haiti,509,cheap,", "price"),
        ("Haiti,509,0.123456789,", "price"),
        ("Haiti,509,99999999999,", "price"),
        ("Haiti,509,0.1,31/02/2026", "valid_from"),
        ("Haiti,509,0.1,soon", "valid_from"),
    ],
)
def test_each_wrong_line_names_its_field_and_the_others_go_on(line, field):
    good, bad = read(f"Name,Code,Rate,Effective\n{line}\nTonga,676,0.5,01/02/2026\n")
    assert [(item.line, item.field, item.raw) for item in bad] == [(2, field, line)]
    assert bad[0].reason.endswith(".")
    assert [item.prefix for item in good] == ["676"]


def test_codes_are_expanded_in_order_without_doubles():
    assert read_codes("93, 9370-9373;9371\n+94 1") == ["93", "9370", "9371", "9372", "9373", "941"]
    assert read_codes("default") == read_codes("*") == [""]
    assert read_codes("0044") == ["44"]
    assert read_codes("9370–9371") == ["9370", "9371"]


def test_dates_in_many_forms_and_the_zone():
    zone = ZoneInfo("Europe/London")
    wanted = datetime(2026, 9, 16, tzinfo=zone)
    for text in ("2026-09-16", "16/09/2026", "16.9.26", "16 Sep 2026", "16-September-2026"):
        assert read_moment(text, zone=zone, day_first=True, field="x") == wanted
    assert read_moment("09/16/2026", zone=zone, day_first=False, field="x") == wanted
    exact = read_moment("2026-09-16T01:00:00+01:00", zone=UTC, day_first=True, field="x")
    assert exact == datetime(2026, 9, 16, tzinfo=UTC)
    assert not is_day_first(["01/02/2026", "01/25/2026"])
    assert is_day_first(["01/02/2026"])


def test_intervals_and_flags():
    assert read_intervals("60/1") == (60, 1)
    assert read_intervals("30+6") == (30, 6)
    assert read_intervals("60") == (60, 60)
    for wrong in ("0/1", "x", "60/0", "1/2/3"):
        with pytest.raises(CellError):
            read_intervals(wrong)
    with pytest.raises(CellError):
        read_flag("maybe", "forbidden")
    assert read_price("$ 0.05", ".") == Decimal("0.05")


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "España"),
        ("cp1251", "Россия мобильные"),
        ("cp1253", "Ελλάδα"),
        ("cp1256", "السعودية"),
    ],
)
def test_old_code_pages_are_told_by_their_alphabet(encoding, name):
    good, bad = read(f"Prefix,Destination,Price\n34,{name},0.1\n".encode(encoding))
    assert not bad
    assert [line.destination for line in good] == [name]
