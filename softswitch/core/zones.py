"""Time zones: which names count, and how forms offer them."""

from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _
from timezone_field.choices import with_gmt_offset


@cache
def zone_names() -> frozenset[str]:
    """UTC and the places of IANA that Python and the database both know; read once in a process.

    The only names that any door takes: statements cut days at local times, too, and one name that
    the database does not know (the newest ones, ``localtime`` of a Debian) would fail them for all.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        both = available_timezones() & {name for (name,) in cursor.fetchall()}
    places = {name for name in both if "/" in name and not name.startswith("Etc/")}
    return frozenset({"UTC"} | places)


def check_zone(value: Any) -> None:
    """Refuse (ValidationError) a zone, or the name of one, that is not of ``zone_names``."""
    if str(value) not in zone_names():
        raise ValidationError(_("“%(name)s” is no time zone.") % {"name": value}, code="zone")


def zone_choices() -> list[tuple[str, str]]:
    """IANA names by their present offset: ("Europe/London", "GMT+00:00 Europe/London")."""
    choices: list[tuple[str, str]] = with_gmt_offset(sorted(zone_names()), use_pytz=False)
    return choices


class ZoneField(forms.TypedChoiceField):
    """A time zone, shown with its present offset; with an ``empty_label`` also None."""

    def __init__(self, *, empty_label: Any = None, **kwargs: Any) -> None:
        first = [] if empty_label is None else [("", empty_label)]
        super().__init__(
            choices=lambda: [*first, *zone_choices()], coerce=ZoneInfo, empty_value=None, **kwargs
        )
