"""The form of a time-of-day profile."""

import re
from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from softswitch.core.display import spoken
from softswitch.core.forms import ScopedForm, Section
from tariffs.parsers.windows import Stored, WindowError, read_windows

_BETWEEN = re.compile(r"[\s,;]+")


class ProfileForm(ScopedForm):
    """When rates of this profile apply; times and dates are typed, one a line."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Profile"), ("name",)),
        Section(
            _("Times"),
            ("windows",),
            help=_(
                "Local times in the zone of each tariff, by the clock at the call's start. "
                "A time over midnight goes on the next day."
            ),
        ),
        Section(
            _("Holidays"),
            ("holidays",),
            help=_(
                "On these dates only the times of Holiday count. A profile without any does not "
                "apply then."
            ),
        ),
    )
    widths = {"name": 4}
    name = forms.CharField(label=_("Name"), max_length=80)
    windows = forms.CharField(
        label=_("Times"),
        max_length=5_000,
        widget=forms.Textarea(
            {"rows": 5, "class": "mono", "placeholder": "Mon-Fri 08:00-20:00\nHoliday 00:00-24:00"}
        ),
        help_text=_("Days and times, one a line: “Mon-Fri 08:00-20:00”, “Sat, Sun 00:00-24:00”."),
    )
    holidays = forms.CharField(
        label=_("Dates"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea({"rows": 5, "class": "mono", "placeholder": "2026-12-25"}),
        help_text=_("Such as 2026-12-25, one a line."),
    )

    def clean_windows(self) -> list[Stored]:
        try:
            return read_windows(self.cleaned_data["windows"])
        except WindowError as error:
            raise forms.ValidationError(spoken(error)) from error

    def clean_holidays(self) -> list[date]:
        found = []
        for text in filter(None, _BETWEEN.split(self.cleaned_data["holidays"])):
            try:
                found.append(date.fromisoformat(text))
            except ValueError as error:
                message = _("“%(text)s” is no date: write 2026-12-25.")
                raise forms.ValidationError(message, params={"text": text[:20]}) from error
        return found
