"""Money, prices, durations and times as text for the reader of the active language and zone.

Pure functions, used by the template filters, the table columns and the PDF. Amounts carry the
true minus (U+2212), the separators of the reader's locale and the currency's own decimals.
"""

import datetime as dt
import math
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from django.utils import timezone, translation

from softswitch.core.money import minor_units
from softswitch.core.reasons import Reason

DASH = "–"
MINUS = "−"
PRICE_DECIMALS = 4


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def reader_locale() -> Locale:
    """Babel's locale of the active language."""
    return _locale(translation.get_language() or "en")


def country_names() -> dict[str, str]:
    """The countries by ISO 3166 code, as the reader calls them."""
    names = reader_locale().territories.items()
    return {code: str(name) for code, name in names if len(code) == 2 and code.isalpha()}


def country_text(code: str, language: str = "") -> str:
    """The country as the reader (or ``language``) calls it; a code that is none stays as it is."""
    locale = Locale.parse(language) if language else reader_locale()
    return str(locale.territories.get(code, code))


def number_text(value: Decimal | int, decimals: int = 0) -> str:
    """``value`` with thousands separators and exactly ``decimals`` digits, half away from zero."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    digits = str(format_decimal(abs(rounded), format=pattern, locale=reader_locale()))
    return MINUS + digits if rounded < 0 else digits


def stored_decimals(value: Decimal, least: int) -> int:
    """How many decimals ``value`` needs to be shown exactly, but at least ``least``."""
    exponent = value.normalize().as_tuple().exponent
    return max(least, -exponent if isinstance(exponent, int) else 0)


def amount_text(value: Decimal, currency: str) -> str:
    """``value`` rounded to the decimals of ``currency``, without its code: ``−1,248.36``."""
    return number_text(value, minor_units(currency))


def price_text(value: Decimal) -> str:
    """A price, fee or charge exactly as stored, 4 decimals or more: ``0.0125``."""
    return number_text(value, stored_decimals(value, PRICE_DECIMALS))


def duration_text(seconds: Decimal | int) -> str:
    """Whole seconds, rounded up as they are billed, as ``3:07`` or ``1:02:03``."""
    hours, rest = divmod(math.ceil(seconds), 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def date_text(value: dt.date) -> str:
    """``18 Nov 2026``; an aware moment is taken in the viewer's zone."""
    day = timezone.localtime(value).date() if isinstance(value, dt.datetime) else value
    return str(format_date(day, "d MMM y", locale=reader_locale()))


def full_date_text(day: dt.date) -> str:
    """``Sunday 29 November 2026``: a day by itself, as the reader writes it out."""
    locale = reader_locale()
    pattern = "EEEE d MMMM y" if locale.language == "en" else "full"
    return str(format_date(day, pattern, locale=locale))


def day_text(day: dt.date) -> str:
    """``18 Nov``: within a year that is known."""
    return str(format_date(day, "d MMM", locale=reader_locale()))


def month_text(first: dt.date) -> str:
    """``Nov 2026``."""
    return str(format_date(first, "MMM y", locale=reader_locale()))


def days_text(first: dt.date, last: dt.date) -> str:
    """From the first to the last day, said as briefly as it can be: ``1–31 Oct 2026``."""
    locale = reader_locale()
    if first == last:
        return date_text(last)
    if (first.year, first.month) == (last.year, last.month):
        start = str(format_date(first, "d", locale=locale))
        return f"{start}{DASH}{date_text(last)}"
    pattern = "d MMM" if first.year == last.year else "d MMM y"
    return f"{format_date(first, pattern, locale=locale)} {DASH} {date_text(last)}"


def time_text(value: dt.datetime) -> str:
    """``14:31:22`` in the viewer's zone."""
    return str(format_time(timezone.localtime(value).time(), "HH:mm:ss", locale=reader_locale()))


def datetime_text(value: dt.datetime) -> str:
    """``18 Nov 2026 14:31:22`` in the viewer's zone."""
    local = timezone.localtime(value).replace(tzinfo=None)
    return str(format_datetime(local, "d MMM y HH:mm:ss", locale=reader_locale()))


def short_datetime_text(value: dt.datetime) -> str:
    """``18 Nov 14:31:22`` in the viewer's zone: for lists whose period shows the year."""
    local = timezone.localtime(value).replace(tzinfo=None)
    return str(format_datetime(local, "d MMM HH:mm:ss", locale=reader_locale()))


def listed(words: Iterable[object], *, is_long: bool = False) -> str:
    """``words`` with the reader's commas between them, or semicolons where they hold commas."""
    if is_long:
        sign = translation.pgettext("between phrases", "; ")
    else:
        sign = translation.pgettext("between words", ", ")
    return sign.join(map(str, words))


def spoken(reason: str | Exception) -> str:
    """A text of a pure module, or of its error, in the reader's language; other texts as they are.

    Values that are such texts themselves are put into words too.
    """
    text = reason.args[0] if isinstance(reason, Exception) and reason.args else reason
    if not isinstance(text, Reason):
        return str(text)
    values = {
        name: spoken(value) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return translation.gettext(text.message) % values if values else translation.gettext(text)
