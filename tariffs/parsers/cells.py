"""Reads single cells of a rate sheet: codes, prices, intervals, dates, flags.

Each reader raises CellError with a reason for people; none guesses where a cell has two readings.
"""

import re
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

LONGEST_CODE = 15
CODES_PER_LINE = 10_000
PRICE_DECIMALS = 8
PRICE_LIMIT = Decimal(10) ** 10
INTERVAL_LIMIT = 86_400
DEFAULT_CODES = frozenset({"default", "*"})

_CODE_JUNK = str.maketrans("", "", "+ ()\u00a0.'")
_DASHES = str.maketrans({"–": "-", "—": "-"})
_MONEY_JUNK = re.compile(r"[\s$€£A-Za-z\u00a0]")
_INTERVALS = re.compile(r"(\d+)\s*(?:s|sec)?(?:\s*[/+:-]\s*(\d+)\s*(?:s|sec)?)?", re.IGNORECASE)
_DATE = re.compile(
    r"(\d{1,2})[./ -](\d{1,2}|[A-Za-z]{3,9})[./ ,-]+(\d{4}|\d{2})"
    r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
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
    codes: list[str] = []
    for part in re.split(r"[,;\n]", text.translate(_DASHES)):
        code = part.translate(_CODE_JUNK)
        if code:
            codes.extend(_expanded(code, part.strip(), _digits(country, country)))
    if not codes and country:
        codes = [_digits(country, country)]
    if not codes:
        raise CellError("prefix", "The code is missing.")
    if len(codes) > CODES_PER_LINE:
        raise CellError("prefix", f"More than {CODES_PER_LINE} codes in one line.")
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
        raise CellError("prefix", f"Code “{shown}” is a range without an end.")
    if int(end) - int(start) >= CODES_PER_LINE:
        raise CellError("prefix", f"Code “{shown}” covers more than {CODES_PER_LINE} codes.")
    _checked(end, shown)
    return [str(number) for number in range(int(start), int(end) + 1)]


def _digits(text: str, shown: str) -> str:
    if not text:
        return ""
    code = text.translate(_CODE_JUNK).removeprefix("00")
    if not (code.isascii() and code.isdigit()):
        raise CellError("prefix", f"Code “{shown}” is not made of digits.")
    return code


def _checked(code: str, shown: str) -> str:
    if not code or code.startswith("0"):
        raise CellError("prefix", f"Code “{shown}” does not begin with a country code.")
    if len(code) > LONGEST_CODE:
        raise CellError("prefix", f"Code “{shown}” has more than {LONGEST_CODE} digits.")
    return code


def read_price(text: str, mark: str) -> Decimal:
    """A price per minute; ``mark`` is the file's decimal sign, ``.`` or ``,``."""
    plain = _MONEY_JUNK.sub("", text)
    if not plain:
        raise CellError("price", "The price is missing.")
    other = "," if mark == "." else "."
    if other in plain:
        grouped = re.fullmatch(rf"-?\d{{1,3}}(\{other}\d{{3}})+\{mark}\d+", plain)
        if grouped is None:
            name = "point" if mark == "." else "comma"
            raise CellError("price", f"Price “{text}”: this file uses a decimal {name}.")
        plain = plain.replace(other, "")
    plain = plain.replace(mark, ".")
    if not re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", plain):
        raise CellError("price", f"Price “{text}” is not a number.")
    return _checked_price(Decimal(plain), text)


def _checked_price(price: Decimal, text: str) -> Decimal:
    if price < 0:
        raise CellError("price", "The price is below zero.")
    if price >= PRICE_LIMIT:
        raise CellError("price", f"Price “{text}” is too large.")
    exponent = price.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PRICE_DECIMALS:
        raise CellError("price", f"Price “{text}” has more than {PRICE_DECIMALS} decimals.")
    return price


def read_intervals(text: str) -> tuple[int, int]:
    """Seconds of ``60/1``, ``30+6`` or ``60`` (both): first and further interval."""
    match = _INTERVALS.fullmatch(text)
    if match is None:
        raise CellError("interval", f"Billing “{text}” is not written like 60/1.")
    first = read_interval(match[1])
    return first, read_interval(match[2]) if match[2] else first


def read_interval(text: str, field: str = "interval") -> int:
    """Whole seconds, at least 1."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= INTERVAL_LIMIT):
        raise CellError(field, f"Interval “{text}” is not a number of seconds above 0.")
    return int(text)


def read_moment(text: str, *, zone: tzinfo, day_first: bool, field: str) -> datetime:
    """A date or moment: ISO 8601, ``16/09/2026``, ``16.9.26 14:00``, ``16 Sep 2026``.

    Without an offset it is taken in ``zone``, a date as its first instant.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _written_moment(text, day_first=day_first, field=field)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _written_moment(text: str, *, day_first: bool, field: str) -> datetime:
    match = _DATE.fullmatch(text)
    if match is None:
        raise CellError(field, f"“{text}” is not a date.")
    first, second, year = match[1], match[2], int(match[3])
    if second.isalpha():
        name = second[:3].lower()
        day, month = int(first), _MONTHS.index(name) + 1 if name in _MONTHS else 0
    else:
        day, month = (int(first), int(second)) if day_first else (int(second), int(first))
    year += 2000 if year < 100 else 0
    hour, minute, second_ = (int(part or 0) for part in match.group(4, 5, 6))
    try:
        # The caller adds the zone.
        start = datetime(year, month, day)  # noqa: DTZ001
    except ValueError:
        raise CellError(field, f"The date {text} does not exist.") from None
    return start + timedelta(hours=hour, minutes=minute, seconds=second_)


def read_flag(text: str, field: str) -> bool:
    """Yes or no; an empty cell is no."""
    word = text.lower()
    if word not in _YES and word not in _NO:
        raise CellError(field, f"“{text}” is neither yes nor no.")
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
