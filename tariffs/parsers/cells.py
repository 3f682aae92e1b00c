"""Reads single cells of a rate sheet: codes, prices, intervals, dates, flags.

Each reader raises CellError with a reason for people; none guesses where a cell has two readings.
"""

import re
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from softswitch.core.reasons import Reason

LONGEST_CODE = 15
CODES_PER_LINE = 10_000
PRICE_DECIMALS = 8
PRICE_LIMIT = Decimal(10) ** 10
INTERVAL_LIMIT = 86_400
DEFAULT_CODES = frozenset({"default", "*"})

_CODE_JUNK = str.maketrans("", "", "+ ()\u00a0.'\"=\t")
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "\u2011": "-"})
_SPAN = re.compile(r"\.{2,3}|\bto\b", re.IGNORECASE)
_MONEY_JUNK = re.compile(r"[\s$€£¥A-Za-z\u00a0]|/\s*min\w*", re.IGNORECASE)
_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY"}
_MONEY_CODE = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])")
_SECONDS = r"\s*(?:s|secs?|seconds?)?"
_INTERVALS = re.compile(rf"(\d+){_SECONDS}(?:\s*[/+:;,\\-]\s*(\d+){_SECONDS})?", re.IGNORECASE)
_SPOKEN = {
    "per second": (1, 1), "second": (1, 1), "seconds": (1, 1), "per sec": (1, 1), "sec": (1, 1),
    "per minute": (60, 60), "minute": (60, 60), "minutes": (60, 60), "per min": (60, 60),
    "min": (60, 60),
}  # fmt: skip
_TIME = r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?)?(?:\s*(?:UTC|GMT|Z))?"
_DATE = re.compile(r"(\d{1,2})[./ -](\d{1,2}|[A-Za-z]{3,9})[./ ,-]+(\d{4}|\d{2})" + _TIME)
_DATE_NAME_FIRST = re.compile(
    r"([A-Za-z]{3,9})[./ -]+(\d{1,2})(?:st|nd|rd|th)?[./ ,-]+(\d{4})" + _TIME
)
_DATE_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})" + _TIME)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_SERIAL_START = date(1899, 12, 30)  # day 0 of a spreadsheet, after its leap year of 1900
_SERIALS = range(36_526, 73_051)  # 2000 to 2099
_AT_ONCE = {"immediate", "immediately", "now", "asap", "at once", "n/a", "na", "-", "–", "tbd"}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_YES = frozenset({"yes", "y", "true", "1", "x", "on", "blocked", "forbidden", "barred"})
_NO = frozenset({"", "no", "n", "false", "0", "-", "off", "open", "active"})


class CellError(ValueError):
    """A cell that cannot be read, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def read_codes(text: str, country: str = "") -> list[str]:
    """The prefixes of ``93, +93 70-79`` style cells, each behind ``country`` (dial code or "").

    Codes are separated by comma, semicolon or line end; ``9370-9379`` is a range. "default" or
    ``*`` is the empty prefix, which fits every number.
    """
    if text.isascii() and text.isdigit() and not text.startswith("0") and not country:
        return [_checked(text, text)]  # as nearly all are
    codes: list[str] = []
    for part in re.split(r"[,;\n]", _SPAN.sub("-", text.translate(_DASHES))):
        code = part.translate(_CODE_JUNK)
        if code:
            codes.extend(_expanded(code, part.strip(), _digits(country, country)))
    if not codes and country:
        codes = [_digits(country, country)]
    if not codes:
        raise CellError("prefix", Reason("The code is missing."))
    if len(codes) > CODES_PER_LINE:
        raise CellError(
            "prefix", Reason("More than %(most)s codes in one line.", most=CODES_PER_LINE)
        )
    return list(dict.fromkeys(codes))


def _expanded(code: str, shown: str, country: str) -> list[str]:
    if code.lower() in DEFAULT_CODES:
        return [""]
    first, dash, last = code.partition("-")
    start = country + _digits(first, shown)
    if not dash:
        return [_checked(start, shown)]
    end = country + _digits(last, shown)
    if len(end) != len(start) or end < start:
        raise CellError("prefix", Reason("Code “%(text)s” is a range without an end.", text=shown))
    if int(end) - int(start) >= CODES_PER_LINE:
        raise CellError(
            "prefix",
            Reason(
                "Code “%(text)s” covers more than %(most)s codes.", text=shown, most=CODES_PER_LINE
            ),
        )
    _checked(end, shown)
    return [str(number) for number in range(int(start), int(end) + 1)]


def _digits(text: str, shown: str) -> str:
    if not text:
        return ""
    code = text.translate(_CODE_JUNK).removeprefix("00")
    if not (code.isascii() and code.isdigit()):
        raise CellError("prefix", Reason("Code “%(text)s” is not made of digits.", text=shown))
    return code


def _checked(code: str, shown: str) -> str:
    if not code or code.startswith("0"):
        raise CellError(
            "prefix", Reason("Code “%(text)s” does not begin with a country code.", text=shown)
        )
    if len(code) > LONGEST_CODE:
        raise CellError(
            "prefix",
            Reason("Code “%(text)s” has more than %(most)s digits.", text=shown, most=LONGEST_CODE),
        )
    return code


@lru_cache(maxsize=65_536)  # a sheet has few different prices
def read_price(text: str, mark: str, currency: str = "") -> Decimal:
    """A price per minute; ``mark`` is the file's decimal sign, ``.`` or ``,``.

    A cell that names another currency than ``currency`` (a code; empty: any) is refused.
    """
    named = currency_in(text) if any(sign.isdigit() for sign in text) else ""
    if named and currency and named != currency:
        raise CellError(
            "currency",
            Reason(
                "“%(text)s” is in %(named)s, the tariff in %(currency)s.",
                text=text,
                named=named,
                currency=currency,
            ),
        )
    plain = _MONEY_JUNK.sub("", text)
    if not plain:
        raise CellError("price", Reason("The price is missing."))
    other = "," if mark == "." else "."
    if other in plain:
        grouped = re.fullmatch(rf"-?\d{{1,3}}(\{other}\d{{3}})+\{mark}\d+", plain)
        if grouped is None:
            if mark == ".":
                reason = Reason("Price “%(text)s”: this file uses a decimal point.", text=text)
            else:
                reason = Reason("Price “%(text)s”: this file uses a decimal comma.", text=text)
            raise CellError("price", reason)
        plain = plain.replace(other, "")
    plain = plain.replace(mark, ".")
    if not re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", plain):
        raise CellError("price", Reason("Price “%(text)s” is not a number.", text=text))
    return _checked_price(Decimal(plain), text)


def currency_in(text: str) -> str:
    """The currency that a cell names by its code or its sign; empty for none, or for a $."""
    found = _MONEY_CODE.search(text)
    if found and found[1] != "MIN":
        return found[1]
    return next((code for sign, code in _SIGNS.items() if sign in text), "")


def _checked_price(price: Decimal, text: str) -> Decimal:
    if price < 0:
        raise CellError("price", Reason("The price is below zero."))
    if price >= PRICE_LIMIT:
        raise CellError("price", Reason("Price “%(text)s” is too large.", text=text))
    exponent = price.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PRICE_DECIMALS:
        raise CellError(
            "price",
            Reason(
                "Price “%(text)s” has more than %(most)s decimals.", text=text, most=PRICE_DECIMALS
            ),
        )
    return price


@lru_cache(maxsize=4_096)
def read_intervals(text: str) -> tuple[int, int]:
    """Seconds of ``60/1``, ``1-1``, ``30+6``, ``per minute`` or ``60`` (both): first, further."""
    if text.lower() in _SPOKEN:
        return _SPOKEN[text.lower()]
    match = _INTERVALS.fullmatch(text)
    if match is None:
        raise CellError(
            "interval", Reason("Billing “%(text)s” is not written like 60/1.", text=text)
        )
    first = read_interval(match[1])
    return first, read_interval(match[2]) if match[2] else first


def read_interval(text: str, field: str = "interval") -> int:
    """Whole seconds, at least 1."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= INTERVAL_LIMIT):
        raise CellError(
            field, Reason("Interval “%(text)s” is not a number of seconds above 0.", text=text)
        )
    return int(text)


@lru_cache(maxsize=4_096)
def read_moment(text: str, *, zone: tzinfo, day_first: bool, field: str) -> datetime | None:
    """A date or moment: ISO 8601, ``16/09/2026``, ``16.9.26 14:00``, ``Sep 16, 2026``, a serial.

    Without an offset it is taken in ``zone``, a date as its first instant. None for cells such as
    ``immediately``, and for an end in the year 9999, by which sheets say that there is none.
    """
    if text.lower() in _AT_ONCE:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _written_moment(text, day_first=day_first, field=field)
    if moment.year == MAXYEAR and field == "valid_till":
        return None
    if not MINYEAR < moment.year < MAXYEAR:  # not every zone could tell it
        raise CellError(field, Reason("The date %(text)s does not exist.", text=text))
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _written_moment(text: str, *, day_first: bool, field: str) -> datetime:
    serial = _SERIAL.fullmatch(text)
    if serial and int(serial[1]) in _SERIALS:
        day = _SERIAL_START + timedelta(days=int(serial[1]))
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the caller adds the zone
    parts = _parts_of(text, day_first=day_first)
    if parts is None:
        raise CellError(field, Reason("“%(text)s” is not a date.", text=text))
    year, month, day_, clock = parts
    hour, minute, second = (int(part or 0) for part in clock[:3])
    if clock[3]:
        hour = hour % 12 + (12 if clock[3].lower() == "pm" else 0)
    try:
        # The caller adds the zone.
        start = datetime(year + (2000 if year < 100 else 0), month, day_)  # noqa: DTZ001
        return start + timedelta(hours=hour, minutes=minute, seconds=second)
    except (ValueError, OverflowError):
        raise CellError(field, Reason("The date %(text)s does not exist.", text=text)) from None


def _parts_of(text: str, *, day_first: bool) -> tuple[int, int, int, tuple[str, ...]] | None:
    """Year, month (0: no such name), day, and the parts of the time."""
    if match := _DATE_YEAR_FIRST.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3]), match.group(4, 5, 6, 7)
    if match := _DATE_NAME_FIRST.fullmatch(text):
        return int(match[3]), _month(match[1]), int(match[2]), match.group(4, 5, 6, 7)
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    first, second, year = match[1], match[2], int(match[3])
    if second.isalpha():
        day, month = int(first), _month(second)
    else:
        day, month = (int(first), int(second)) if day_first else (int(second), int(first))
    return year, month, day, match.group(4, 5, 6, 7)


def _month(name: str) -> int:
    short = name[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


def read_flag(text: str, field: str) -> bool:
    """Yes or no; an empty cell is no."""
    word = text.lower()
    if word not in _YES and word not in _NO:
        raise CellError(field, Reason("“%(text)s” is neither yes nor no.", text=text))
    return word in _YES


def decimal_mark(samples: list[str]) -> str:
    """The decimal sign that most of these price cells use; the point where none has any."""
    commas = sum("," in text and "." not in text for text in samples)
    points = sum("." in text and "," not in text for text in samples)
    return "," if commas > points else "."


def is_day_first(samples: list[str]) -> bool:
    """Whether written dates begin with the day: unless one cannot, and none must."""
    pairs = [(int(m[1]), int(m[2])) for m in map(_DATE.fullmatch, samples) if m and m[2].isdigit()]
    return any(first > 12 for first, _ in pairs) or not any(second > 12 for _, second in pairs)
