"""Reads a rate sheet line by line into rates and rejected lines."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import IO

from softswitch.core.reasons import Reason
from tariffs.parsers.book import Book, open_book
from tariffs.parsers.cells import (
    CellError,
    read_codes,
    read_flag,
    read_interval,
    read_intervals,
    read_moment,
    read_price,
)
from tariffs.parsers.codes import CLOSED, DestinationCodes, destination_codes
from tariffs.parsers.columns import CODES, PRICES, Columns
from tariffs.parsers.layout import Layout, guess_layout, lines_of
from tariffs.parsers.workbook import UnreadableError

NOT_GIVEN = 0
_BLOCKED = frozenset({
    "blocked", "block", "forbidden", "barred", "no service", "not available", "not served",
})  # fmt: skip
_CARRIED = ("country", "iso", "country_code", "destination", *PRICES, "billing", "valid_from")


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


def read_rates(
    file: IO[bytes],
    zone: tzinfo,
    *,
    layout: Layout | None = None,
    currency: str = "",
    codes_file: IO[bytes] | None = None,
) -> Iterator[RateLine | BadLine]:
    """The rates of a sheet; dates without an offset are taken in ``zone``.

    ``layout`` None: as it is guessed. A price that names another ``currency`` is rejected.
    ``codes_file`` gives the codes of each destination. Lines above the head and notes (lines with
    a single filled cell, or with neither code nor price) are passed over. Of a CSV file no more
    than a sample is held at a time.
    """
    try:
        book = open_book(file)
        codes_book = open_book(codes_file) if codes_file else None
        layout = layout or guess_layout(book, codes_book)
        if layout is None:
            yield BadLine(
                1, "head", Reason("No head was found: a column of codes and one of prices."), ""
            )
            return
        yield from _read(book, layout, zone, currency, destination_codes(layout, book, codes_book))
    except UnreadableError as error:
        yield BadLine(1, "file", error.args[0], "")


def _read(
    book: Book, layout: Layout, zone: tzinfo, currency: str, codes: DestinationCodes | None
) -> Iterator[RateLine | BadLine]:
    if layout.codes_sheet and codes is None:
        yield BadLine(1, "codes", Reason("No head of destinations and codes was found."), "")
        return
    for number, reason, cells in codes.problems if codes else ():
        yield BadLine(number, "codes", reason, book.delimiter.join(cells))
    reader = _Reader(layout.places, layout, zone, currency, codes)
    for number, found in lines_of(book, layout):
        cells = reader.carried(found)
        if reader.is_note(cells):
            continue
        try:
            yield from reader.read(number, cells)
        except CellError as error:
            yield BadLine(number, error.field, error.reason, book.delimiter.join(cells))


@dataclass(slots=True)
class _Reader:
    """Reads line after line in one layout; ``above`` is what carries down."""

    columns: Columns
    layout: Layout
    zone: tzinfo
    currency: str
    codes: DestinationCodes | None
    above: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(init=False)
    prices: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Of the fields asked for in every line, those that the sheet has at all."""
        keys = ("destination", *CODES) if self.codes else CODES
        self.keys = [name for name in keys if name in self.columns.at]
        self.prices = [name for name in PRICES if name in self.columns.at]

    def cell(self, cells: list[str], field: str) -> str:
        """As ``Columns.cell``, which is called 30 times a line."""
        place = self.columns.at.get(field)
        return cells[place] if place is not None and place < len(cells) else ""

    def is_note(self, cells: list[str]) -> bool:
        """A line that belongs to no table: a remark, a title, a sum without code and price."""
        codes = [self.cell(cells, field) for field in self.keys]
        prices = [self.cell(cells, field) for field in self.prices]
        told = [*codes, *prices]
        is_lone = sum(map(bool, cells)) < 2 and not "".join(told).strip("+ ").isdigit()
        if is_lone or not any(told):
            return True
        if self.codes:
            return not any(prices)
        has_digits = any(sign.isdigit() for text in told for sign in text)
        return not has_digits and not (any(codes) and any(prices))

    def carried(self, cells: list[str]) -> list[str]:
        """A line with a code, with what the cells above say where its own are empty, if asked."""
        keys = ("destination",) if self.codes else CODES
        told = "".join(self.cell(cells, field) for field in keys)
        if not self.layout.carries_down or not (self.codes or any(map(str.isdigit, told))):
            return cells
        filled = [*cells, *[""] * (len(self.layout.columns) - len(cells))]
        for name in _CARRIED:
            place = self.columns.at.get(name)
            if place is not None:
                filled[place] = self.above[name] = filled[place] or self.above.get(name, "")
        return filled

    def read(self, number: int, cells: list[str]) -> Iterator[RateLine]:
        if self.cell(cells, "profile"):
            raise CellError(
                "profile", Reason("Rates with a profile are changed on the tariff's page.")
            )
        status = self.cell(cells, "status").lower()
        forbidden = read_flag(self.cell(cells, "forbidden"), "forbidden") or status in _BLOCKED
        is_closed = status in CLOSED or self._says(cells, CLOSED)
        price_1, price_n, is_blocked = self._prices(cells, may_miss=forbidden or is_closed)
        interval_1, interval_n = self._intervals(cells)
        start, end = self._moment(cells, "valid_from"), self._moment(cells, "valid_till")
        if start and end and end <= start:
            raise CellError("valid_till", Reason("It ends before it begins."))
        destination, country = self._names(cells)
        grace = read_flag(self.cell(cells, "grace"), "grace")
        for prefix, is_withdrawn in self._codes(cells):
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
                is_closed=is_closed or is_withdrawn,
                valid_from=start,
                valid_till=end,
            )

    def _codes(self, cells: list[str]) -> list[tuple[str, bool]]:
        if self.codes is not None:
            name = self.cell(cells, "destination")
            joined = self.codes.of(name)
            if joined:
                return joined
            if not any(self.cell(cells, field) for field in CODES):
                raise CellError(
                    "codes", Reason("The sheet of codes has none for “%(name)s”.", name=name)
                )
        if "prefix" in self.columns.at:
            found = read_codes(self.cell(cells, "prefix"))
        else:
            found = read_codes(self.cell(cells, "area_code"), self.cell(cells, "country_code"))
        return [(code, False) for code in found]

    def _says(self, cells: list[str], words: frozenset[str]) -> bool:
        """Whether a price cell holds one of ``words`` instead of a price."""
        return any(self.cell(cells, field).lower() in words for field in self.prices)

    def _prices(self, cells: list[str], *, may_miss: bool) -> tuple[Decimal, Decimal, bool]:
        if self._says(cells, _BLOCKED):
            return Decimal(0), Decimal(0), True
        price, first, further = (self.cell(cells, field) for field in PRICES)
        if may_miss and (not (price or first or further) or self._says(cells, CLOSED)):
            return Decimal(0), Decimal(0), False
        named = self.cell(cells, "currency").upper()
        if named and self.currency and named != self.currency:
            reason = Reason(
                "The price is in %(named)s, the tariff in %(currency)s.",
                named=named,
                currency=self.currency,
            )
            raise CellError("currency", reason)
        single = price or further or first
        mark = self.layout.mark
        price_1 = read_price(first or single, mark, self.currency)
        return price_1, read_price(further or single, mark, self.currency), False

    def _intervals(self, cells: list[str]) -> tuple[int, int]:
        first, further = self.cell(cells, "interval_1"), self.cell(cells, "interval_n")
        billing = self.cell(cells, "billing")
        if not billing and not first and not further.isdigit():
            billing = further
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
        return read_moment(text, zone=self.zone, day_first=self.layout.is_day_first, field=field)

    def _names(self, cells: list[str]) -> tuple[str, str]:
        """Destination and country; a network alone is named with its country's name."""
        destination, country = self.cell(cells, "destination"), self.cell(cells, "country")
        if len(country) > 2 and country.lower() not in destination.lower():
            destination = f"{country} {destination}".strip()
        return destination, self.cell(cells, "iso") or country
