"""Time zones as forms offer them: IANA names with the present offset."""

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from timezone_field.choices import with_gmt_offset


def zone_choices() -> list[tuple[str, str]]:
    """IANA names by their present offset: ("Europe/London", "GMT+00:00 Europe/London")."""
    names = [name for name in available_timezones() if "/" in name and name[:4] != "Etc/"]
    choices: list[tuple[str, str]] = with_gmt_offset(["UTC", *names], use_pytz=False)
    return choices


class ZoneField(forms.TypedChoiceField):
    """A time zone, shown with its present offset; with an ``empty_label`` also None."""

    def __init__(self, *, empty_label: Any = None, **kwargs: Any) -> None:
        first = [] if empty_label is None else [("", empty_label)]
        super().__init__(
            choices=lambda: [*first, *zone_choices()], coerce=ZoneInfo, empty_value=None, **kwargs
        )
