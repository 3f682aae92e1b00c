"""The form that takes a rate sheet."""

from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from softswitch.core.forms import ScopedForm, Section
from tariffs.forms.fields import moment_field


class RateImportForm(ScopedForm):
    """A rate sheet to check."""

    sections: ClassVar[Sequence[Section]] = (
        Section(
            _("Rate sheet"),
            ("file", "effective_at", "is_full_replacement"),
            help=_(
                "CSV with a head: code, destination, price, and where known intervals, dates, "
                "blocked, grace. Titles above and notes below are passed over."
            ),
        ),
    )
    file = forms.FileField(
        label=_("File"), widget=forms.FileInput({"accept": ".csv,.txt,.tsv,text/csv"})
    )
    effective_at = moment_field(
        _("Valid from"), _("For lines without a date. Empty: when the sheet is applied.")
    )
    is_full_replacement = forms.BooleanField(
        label=_("The sheet is complete"),
        required=False,
        help_text=_("Prefixes that it does not hold are closed."),
    )
