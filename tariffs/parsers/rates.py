"""Reads a rate sheet line by line into rates and rejected lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from itertools import chain, islice
from typing import IO

from tariffs.parsers.cells import (
    CellError,
    decimal_mark,
    is_day_first,
    read_codes,
    read_flag,
    read_interval,
    read_intervals,
    read_moment,
    read_price,
)
from tariffs.parsers.columns import Columns, columns_of
from tariffs.parsers.sheet import open_sheet

HEAD_WITHIN = 60
SAMPLE = 2_000
NOT_GIVEN = 0
_CLOSED = {"closed", "close", "deleted", "delete", "withdrawn", "removed", "discontinued"}
_BLOCKED = {"blocked", "block", "forbidden", "barred"}
_PRICES = ("price", "price_1", "price_n")


@dataclass(frozen=True, slots=True)
class RateLine:
    """One prefix of one line. Prices per minute, intervals in seconds (NOT_GIVEN: no such column).

    ``valid_from`` None: no date in the line. ``is_closed``: the prefix is withdrawn from then on.
    ``country`` is as written, a name or an ISO code.
    """

    line: int
    prefix: str
    destination: str
    country: str
    price_1: Decimal
    price_n: Decimal
    interval_1: int
    interval_n: int
    is_forbidden: bool
    grace_enabled: bool
    is_closed: bool
    valid_from: datetime | None
    valid_till: datetime | None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not read: the field at fault, the reason, and the line as it stands."""

    line: int
    field: str
    reason: str
    raw: str


def read_rates(file: IO[bytes], zone: tzinfo) -> Iterator[RateLine | BadLine]:
    """The rates of a CSV rate sheet; dates without an offset are taken in ``zone``.

    Lines above the head and notes (lines with a single filled cell, or with neither code nor
    price) are passed over. Holds no more than SAMPLE lines at a time.
    """
    sheet = open_sheet(file)
    lines = sheet.lines()
    columns = next(
        (
            found
            for _, cells in islice(lines, HEAD_WITHIN)
            if (found := columns_of(cells)).has_codes_and_prices
        ),
        None,
    )
    if columns is None:
        yield BadLine(1, "head", "No head was found: a column of codes and one of prices.", "")
        return
    sample = list(islice(lines, SAMPLE))
    reader = _Reader.of(columns, [cells for _, cells in sample], zone)
    for number, cells in chain(sample, lines):
        if reader.is_note(cells):
            continue
        try:
            yield from reader.read(number, cells)
        except CellError as error:
            raw = sheet.delimiter.join(cells)
            yield BadLine(number, error.field, error.reason, raw)


@dataclass(frozen=True, slots=True)
class _Reader:
    """What the head and the first lines told about the whole file."""

    columns: Columns
    zone: tzinfo
    mark: str
    day_first: bool

    @classmethod
    def of(cls, columns: Columns, sample: list[list[str]], zone: tzinfo) -> "_Reader":
        def texts(*fields: str) -> list[str]:
            return [columns.cell(cells, field) for cells in sample for field in fields]

        dials = [text.lstrip("+") for text in texts("country_code") if text]
        if not all(text.isdigit() for text in dials):  # ISO letters
            place = columns.at["country_code"]
            kept = {field: at for field, at in columns.at.items() if field != "country_code"}
            columns = Columns({"country": place} | kept)
        return cls(
            columns,
            zone,
            decimal_mark(texts(*_PRICES)),
            is_day_first(texts("valid_from", "valid_till")),
        )

    def cell(self, cells: list[str], field: str) -> str:
        return self.columns.cell(cells, field)

    def is_note(self, cells: list[str]) -> bool:
        """A line that belongs to no table: a remark, a repeated title."""
        filled = sum(bool(cell) for cell in cells)
        wanted = ("prefix", "country_code", "area_code", *_PRICES)
        return filled < 2 or not any(self.cell(cells, field) for field in wanted)

    def read(self, number: int, cells: list[str]) -> Iterator[RateLine]:
        if self.cell(cells, "profile"):
            raise CellError("profile", "Rates with a profile are changed on the tariff's page.")
        status = self.cell(cells, "status").lower()
        forbidden = read_flag(self.cell(cells, "forbidden"), "forbidden") or status in _BLOCKED
        is_closed = status in _CLOSED
        price_1, price_n, is_blocked = self._prices(cells, may_miss=forbidden or is_closed)
        interval_1, interval_n = self._intervals(cells)
        start, end = self._moment(cells, "valid_from"), self._moment(cells, "valid_till")
        if start and end and end <= start:
            raise CellError("valid_till", "It ends before it begins.")
        destination, country = self._names(cells)
        grace = read_flag(self.cell(cells, "grace"), "grace")
        for prefix in self._codes(cells):
            yield RateLine(
                line=number,
                prefix=prefix,
                destination=destination,
                country=country,
                price_1=price_1,
                price_n=price_n,
                interval_1=interval_1,
                interval_n=interval_n,
                is_forbidden=forbidden or is_blocked,
                grace_enabled=grace,
                is_closed=is_closed,
                valid_from=start,
                valid_till=end,
            )

    def _codes(self, cells: list[str]) -> list[str]:
        if "prefix" in self.columns.at:
            return read_codes(self.cell(cells, "prefix"))
        return read_codes(self.cell(cells, "area_code"), self.cell(cells, "country_code"))

    def _prices(self, cells: list[str], *, may_miss: bool) -> tuple[Decimal, Decimal, bool]:
        texts = {field: self.cell(cells, field) for field in _PRICES}
        if any(text.lower() in _BLOCKED for text in texts.values()):
            return Decimal(0), Decimal(0), True
        if may_miss and not any(texts.values()):
            return Decimal(0), Decimal(0), False
        single = texts["price"] or texts["price_n"] or texts["price_1"]
        first = read_price(texts["price_1"] or single, self.mark)
        return first, read_price(texts["price_n"] or single, self.mark), False

    def _intervals(self, cells: list[str]) -> tuple[int, int]:
        first, further = self.cell(cells, "interval_1"), self.cell(cells, "interval_n")
        billing = self.cell(cells, "billing") or (further if not first and "/" in further else "")
        if billing:
            return read_intervals(billing)
        return (
            read_interval(first, "interval_1") if first else NOT_GIVEN,
            read_interval(further, "interval_n") if further else NOT_GIVEN,
        )

    def _moment(self, cells: list[str], field: str) -> datetime | None:
        text = self.cell(cells, field)
        if not text:
            return None
        return read_moment(text, zone=self.zone, day_first=self.day_first, field=field)

    def _names(self, cells: list[str]) -> tuple[str, str]:
        """Destination and country; a network alone is named with its country's name."""
        destination, country = self.cell(cells, "destination"), self.cell(cells, "country")
        if len(country) > 2 and country.lower() not in destination.lower():
            destination = f"{country} {destination}".strip()
        return destination, country
