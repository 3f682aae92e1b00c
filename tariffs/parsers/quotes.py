"""Reads files of exchange rates: CSV, and the XML in which the European Central Bank publishes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import IO, Any
from xml.parsers import expat

from softswitch.core.reasons import Reason
from tariffs.parsers.sheet import open_sheet

HEADS = ("currency", "date", "rate")
DECIMALS = 10
LARGEST = Decimal(10) ** 9
_EURO = "EUR"
_NUMBER = re.compile(r"\d+([.,]\d+)?")


class QuoteError(ValueError):
    """A file that cannot be read: the line at fault (0: the whole file) and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(
            Reason("Line %(line)s: %(reason)s", line=line, reason=reason) if line else reason
        )


@dataclass(frozen=True, slots=True)
class Quote:
    """What one unit of ``currency`` (ISO 4217) is worth in the base currency from ``day`` on."""

    line: int
    currency: str
    day: date
    rate: Decimal


def is_xml(file: IO[bytes]) -> bool:
    """Whether the file, from its start, is XML and no table."""
    file.seek(0)
    start = file.read(256)
    file.seek(0)
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read_table(file: IO[bytes]) -> Iterator[Quote]:
    """The quotes of a CSV file with the columns currency, date (ISO) and rate, in any order.

    Delimiter and encoding are found; a rate may have a decimal comma. Raises QuoteError at the
    first line that is wrong.
    """
    lines = open_sheet(file).lines()
    number, cells = next(lines, (0, []))
    names = [cell.strip().lower() for cell in cells]
    missing = [name for name in HEADS if name not in names]
    if missing:
        raise QuoteError(number, Reason("There is no column %(name)s.", name=missing[0]))
    places = [names.index(name) for name in HEADS]
    is_empty = True
    for number, cells in lines:
        is_empty = False
        currency, day, rate = (cells[at] if at < len(cells) else "" for at in places)
        yield Quote(number, currency.upper(), _day(number, day), _rate(number, rate))
    if is_empty:
        raise QuoteError(0, Reason("The file has no lines."))


def read_ecb(file: IO[bytes], base: str) -> Iterator[Quote]:
    """The reference rates of the European Central Bank, one day or many, against ``base``.

    They say what one euro is worth in each currency; a quote says what each, the euro too, is worth
    in the base: rates of the same day divided, half-up to 10 decimals. Raises QuoteError for what
    is no such file, and for a day without the base. Source: ECB, eurofxref-daily.xml and
    eurofxref-hist.xml.
    """
    reader = _EcbReader()
    reader.read(file)
    if not reader.days:
        raise QuoteError(0, Reason("The file has no exchange rates of the European Central Bank."))
    for line, day, rates in reader.days:
        worth = rates | {_EURO: Decimal(1)}
        if base not in worth:
            raise QuoteError(
                line,
                Reason(
                    "There is no rate of %(base)s, the base currency, for %(day)s.",
                    base=base,
                    day=day,
                ),
            )
        for currency, rate in worth.items():
            if currency != base:
                yield Quote(line, currency, day, _quotient(line, worth[base], rate))


class _EcbReader:
    """Collects the Cube elements; a document type, which could name other files, is refused."""

    def __init__(self) -> None:
        self.days: list[tuple[int, date, dict[str, Decimal]]] = []
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start

    def read(self, file: IO[bytes]) -> None:
        file.seek(0)
        try:
            self._parser.ParseFile(file)
        except expat.ExpatError as error:
            raise QuoteError(error.lineno, Reason("The XML ends or breaks off here.")) from None

    def _refuse(self, *_args: Any) -> None:
        raise QuoteError(self._parser.CurrentLineNumber, Reason("A document type is not allowed."))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] != "Cube":
            return
        line = self._parser.CurrentLineNumber
        if "time" in attributes:
            self.days.append((line, _day(line, attributes["time"]), {}))
        elif "currency" in attributes:
            if not self.days:
                raise QuoteError(line, Reason("A rate stands before any date."))
            self.days[-1][2][attributes["currency"].upper()] = _rate(
                line, attributes.get("rate", "")
            )


def _day(line: int, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise QuoteError(line, Reason("The date is not written like 2026-01-31.")) from None


def _rate(line: int, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise QuoteError(line, Reason("The rate is not a number above 0."))
    try:
        rate = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise QuoteError(line, Reason("The rate is not a number above 0.")) from None
    exponent = rate.normalize().as_tuple().exponent
    if not 0 < rate < LARGEST or (isinstance(exponent, int) and exponent < -DECIMALS):
        raise QuoteError(
            line,
            Reason("The rate must lie above 0 and have %(most)s decimals at most.", most=DECIMALS),
        )
    return rate


def _quotient(line: int, base: Decimal, rate: Decimal) -> Decimal:
    """``base / rate``, half-up to 10 decimals."""
    exact = Fraction(base) / Fraction(rate) * 10**DECIMALS
    units = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    found = Decimal(f"{units}E-{DECIMALS}")
    if not 0 < found < LARGEST:
        raise QuoteError(line, Reason("The rate is too small or too large for 10 decimals."))
    return found
