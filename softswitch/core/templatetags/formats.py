"""Durations, dates and times in templates; a dash stands for None.

{% load formats %}
{{ seconds|duration }}  3:07       {{ moment|moment }}  <time>18 Nov 2026 14:31:22</time>
{{ day|day }}  18 Nov 2026         {{ count|number }}  45,646       {{ text|dash }}
{{ percent|shortest }}  7.5         {{ first|till:last }}  1–31 Oct 2026
{{ names|listed }}   with the reader's commas
{{ address|own_way }}   with its direction, where the other one is around it
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from unicodedata import bidirectional

from django import template
from django.utils.html import format_html
from django.utils.translation import get_language_bidi

from softswitch.core import display

register = template.Library()


@register.filter
def duration(seconds: Decimal | int | None) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``."""
    return display.DASH if seconds is None else display.duration_text(seconds)


@register.filter
def moment(value: dt.datetime | None) -> str:
    """Date and time in the viewer's zone, as a ``time`` element."""
    if value is None:
        return display.DASH
    shown = display.datetime_text(value)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


@register.filter
def short_moment(value: dt.datetime | None) -> str:
    """Date and time without the year, for lists of recent things."""
    if value is None:
        return display.DASH
    shown = display.short_datetime_text(value)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


@register.filter
def clock(value: dt.datetime | None) -> str:
    """The time of day in the viewer's zone, as a ``time`` element."""
    if value is None:
        return display.DASH
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), display.time_text(value))


@register.filter
def day(value: dt.date | None) -> str:
    """The date, of a moment that in the viewer's zone."""
    return display.DASH if value is None else display.date_text(value)


@register.filter
def till(first: dt.date, last: dt.date) -> str:
    """From one day to another: ``{{ first|till:last }}``."""
    return display.days_text(first, last)


@register.filter
def number(value: Decimal | int | None, decimals: int = 0) -> str:
    """Thousands separated by the reader's locale."""
    return display.DASH if value is None else display.number_text(value, decimals)


@register.filter
def shortest(value: Decimal | None) -> str:
    """A number with as many decimals as it needs."""
    if value is None:
        return display.DASH
    return display.number_text(value, display.stored_decimals(value, 0))


@register.filter
def words(code: str) -> str:
    """A code such as ``rate_set`` as words."""
    return code.replace("_", " ").capitalize()


@register.filter
def listed(texts: Iterable[object]) -> str:
    """Texts with the reader's commas between them."""
    return display.listed(texts)


@register.filter
def own_way(text: str) -> str:
    """``text`` that keeps its direction among the other one: "7 Exchange Street" in Arabic.

    By marks around it, as WeasyPrint isolates nothing; what needs none is left as it is.
    """
    ways = (bidirectional(letter) for letter in str(text))
    first = next((way for way in ways if way in ("L", "R", "AL")), "")
    is_leftward = first in ("R", "AL")
    if not first or is_leftward == get_language_bidi():
        return str(text)
    mark = "\u200f" if is_leftward else "\u200e"
    return f"{mark}{text}{mark}"


@register.filter
def dash(value: object) -> object:
    """``value``, or a dash where there is none: a value that is expected is never blank."""
    return display.DASH if value is None or value == "" else value
