"""The forms that take a rate sheet, and say what its columns hold."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import Text
from softswitch.core.forms import BoundSection, ScopedForm, Section
from tariffs.forms.fields import moment_field
from tariffs.parsers.columns import FIELDS, IGNORED
from tariffs.parsers.layout import CODES_FILE, Layout
from tariffs.parsers.outline import (
    MOST_COLUMNS,
    Outline,
    heading_of,
    outlined_lines,
    samples_of,
    sheet_names,
)

FIELD_LABELS: dict[str, Text] = {
    "prefix": _("Code (whole)"),
    "country_code": _("Country code (digits)"),
    "area_code": _("City or network code"),
    "destination": _("Destination"),
    "country": _("Country"),
    "iso": _("Country (ISO code)"),
    "price": _("Price"),
    "price_1": _("Price 1"),
    "price_n": _("Price N"),
    "interval_1": _("Interval 1"),
    "interval_n": _("Interval N"),
    "billing": _("Intervals such as 60/1"),
    "profile": _("Time-of-day profile"),
    "valid_from": _("Valid from"),
    "valid_till": _("Valid till"),
    "forbidden": _("Forbidden (yes or no)"),
    "grace": _("Grace (yes or no)"),
    "status": _("Status (closed, blocked)"),
    "currency": _("Currency"),
}
CHOICES = [(IGNORED, _("Ignored")), *((field, FIELD_LABELS[field]) for field in FIELDS)]
DAY_FIRST, MONTH_FIRST = "day", "month"


class RateImportForm(ScopedForm):
    """A rate sheet to check."""

    sections: ClassVar[Sequence[Section]] = (
        Section(
            _("Rate sheet"),
            ("file", "effective_at", "is_full_replacement"),
            help=_(
                "CSV or XLSX as the carrier sent it: titles above and notes below the table are "
                "passed over. What each column holds is shown next, before anything is read."
            ),
        ),
        Section(
            _("Codes"),
            ("codes_file",),
            help=_("Only if the sheet has prices by destination, and the codes stand elsewhere."),
        ),
    )
    file = forms.FileField(
        label=_("File"), widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx,text/csv"})
    )
    effective_at = moment_field(
        _("Valid from"), _("For lines without a date. Empty: when the sheet is applied.")
    )
    is_full_replacement = forms.BooleanField(
        label=_("The sheet is complete"),
        required=False,
        help_text=_("Prefixes that it does not hold are closed when it takes effect."),
    )
    codes_file = forms.FileField(
        label=_("File of codes by destination"),
        required=False,
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx,text/csv"}),
    )


class ImportColumnsForm(ScopedForm):
    """What each column of a sheet is taken for, and how its cells are read."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("How cells are read"), ("mark", "dates", "codes_sheet", "carries_down")),
        Section(_("What it replaces"), ("is_full_replacement", "effective_at")),
        Section(
            _("Next time"),
            ("profile_name",),
            help=_("A profile is found again for a file with the same headings."),
        ),
    )
    widths = {"mark": 3, "dates": 3, "effective_at": 3, "profile_name": 3}
    mark = forms.ChoiceField(
        label=_("Decimal mark"), choices=((".", _("Point: 0.05")), (",", _("Comma: 0,05")))
    )
    dates = forms.ChoiceField(
        label=_("Dates"),
        choices=(
            (DAY_FIRST, _("Day first: 16/09/2026")),
            (MONTH_FIRST, _("Month first: 09/16/2026")),
        ),
    )
    codes_sheet = forms.ChoiceField(
        label=_("Codes of the destinations"),
        required=False,
        help_text=_("Where they stand if not in the lines themselves."),
    )
    carries_down = forms.BooleanField(
        label=_("Empty cells repeat the cell above"),
        required=False,
        help_text=_("For sheets whose country, destination or price is written once for several."),
    )
    is_full_replacement = forms.BooleanField(
        label=_("The sheet is complete"),
        required=False,
        help_text=_("Prefixes that it does not hold are closed when it takes effect."),
    )
    effective_at = moment_field(
        _("Valid from"), _("For lines without a date. Empty: when the sheet is applied.")
    )
    profile_name = forms.CharField(label=_("Keep as profile"), required=False, max_length=80)

    def __init__(
        self, *args: Any, outline: Outline, layout: Layout, has_codes_file: bool, **kwargs: Any
    ) -> None:
        self.lines = outlined_lines(outline, layout.sheet)
        self.base = layout
        self.headings = heading_of(self.lines, layout.head)
        super().__init__(*args, **kwargs)
        self._offer_codes(sheet_names(outline), has_codes_file=has_codes_file)
        wanted = max(len(layout.columns), len(self.headings))
        self.places = range(min(wanted, MOST_COLUMNS))
        for place in self.places:
            heading = self.headings[place] if place < len(self.headings) else ""
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=heading or _("Column %(number)s") % {"number": place + 1},
                choices=CHOICES,
                required=False,
                initial=layout.columns[place] if place < len(layout.columns) else IGNORED,
            )

    def _offer_codes(self, sheets: list[str], *, has_codes_file: bool) -> None:
        others = [name for name in sheets if name != self.base.sheet]
        field = self.fields["codes_sheet"]
        if not others and not has_codes_file:
            del self.fields["codes_sheet"]
        elif isinstance(field, forms.ChoiceField):
            field.choices = [
                ("", _("In the lines themselves")),
                *([(CODES_FILE, _("In the file of codes"))] if has_codes_file else []),
                *((name, name) for name in others),
            ]

    def laid_out(self) -> list[BoundSection]:
        """The sections; the columns stand in a table of their own."""
        return [section for section in super().laid_out() if section.title]

    def column_rows(self) -> list[tuple[str, list[str], Any]]:
        """Each column: heading, sample values, and the field that says what it holds."""
        rows = []
        for place in self.places:
            field = self[f"column_{place}"]
            samples = samples_of(self.lines, self.base.head, place)
            rows.append((str(field.label), samples, field))
        return rows

    @property
    def layout(self) -> Layout:
        """What the valid form says."""
        values = self.cleaned_data
        return replace(
            self.base,
            columns=tuple(values[f"column_{place}"] for place in self.places),
            mark=values["mark"],
            is_day_first=values["dates"] == DAY_FIRST,
            codes_sheet=values.get("codes_sheet", ""),
            carries_down=values["carries_down"],
        )


def columns_initial(rate_import: Any, layout: Layout) -> dict[str, Any]:
    """What the form of the columns first shows."""
    return {
        "mark": layout.mark,
        "dates": DAY_FIRST if layout.is_day_first else MONTH_FIRST,
        "codes_sheet": layout.codes_sheet,
        "carries_down": layout.carries_down,
        "is_full_replacement": rate_import.is_full_replacement,
        "effective_at": rate_import.effective_at,
        "profile_name": rate_import.profile_name,
    }
