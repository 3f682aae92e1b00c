"""The form of a destination group."""

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from softswitch.core.forms import ScopedForm, Section
from tariffs.models.groups import NAME_SIZE

MAX_LINES = 500
_COUNTRY = re.compile(r"[A-Z]{2}")


class DestinationGroupForm(ScopedForm):
    """Countries and names of destinations are typed, one a line."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Group"), ("name", "position")),
        Section(
            _("Destinations"),
            ("countries", "patterns"),
            help=_(
                "With both, a destination must be in one of the countries and have one of the "
                "names. What several groups claim goes to the one of the lowest order."
            ),
        ),
    )
    widths = {"name": 4, "position": 2, "countries": 2, "patterns": 4}
    name = forms.CharField(label=_("Name"), max_length=80)
    position = forms.IntegerField(
        label=_("Order"), min_value=0, validators=[MaxValueValidator(32_767)], initial=10
    )
    countries = forms.CharField(
        label=_("Countries"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea({"rows": 8, "class": "mono", "placeholder": "DE\nAT"}),
        help_text=_("ISO codes such as DE."),
    )
    patterns = forms.CharField(
        label=_("Names"),
        required=False,
        max_length=60_000,
        widget=forms.Textarea({"rows": 8, "class": "mono", "placeholder": "*Mobile*"}),
        help_text=_("One a line; * stands for any text."),
    )

    def clean_countries(self) -> list[str]:
        found = re.split(r"[\s,;]+", self.cleaned_data["countries"])
        return _lines(
            [text.upper() for text in found], _is_country, _("“%(text)s” is no ISO code.")
        )

    def clean_patterns(self) -> list[str]:
        found = [" ".join(line.split()) for line in self.cleaned_data["patterns"].splitlines()]
        return _lines(found, _is_name, _("“%(text)s” is too long."))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors and not (
            self.cleaned_data["countries"] or self.cleaned_data["patterns"]
        ):
            self.add_error("patterns", _("Enter a country or a destination."))
        return cleaned


def _is_country(text: str) -> bool:
    return _COUNTRY.fullmatch(text) is not None


def _is_name(text: str) -> bool:
    return len(text) <= NAME_SIZE


def _lines(texts: list[str], is_valid: Callable[[str], bool], message: Any) -> list[str]:
    """The texts that are not empty, each once, in their order; ValidationError on the first bad."""
    found = list(dict.fromkeys(filter(None, texts)))
    for text in found:
        if not is_valid(text):
            raise forms.ValidationError(message, params={"text": text[:40]})
    if len(found) > MAX_LINES:
        raise forms.ValidationError(_("At most %(most)s lines."), params={"most": MAX_LINES})
    return found
