"""Forms of single rates."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from softswitch.core.forms import ScopedForm, ScopedModelForm, Section
from tariffs.forms.fields import moment_field, price_field, seconds_field
from tariffs.models import Rate, RateProfile
from tariffs.parsers.destinations import place_of
from tariffs.selectors import own_profiles


class RateForm(ScopedModelForm):
    """A new row of a tariff."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Destination"), ("prefix", "destination", "country", "is_forbidden")),
        Section(
            _("Price per minute"),
            ("price_1", "price_n", "interval_1", "interval_n", "grace_enabled"),
            help=_("The first interval at price 1, each further one at price N."),
        ),
        Section(_("Validity"), ("valid_from", "valid_till", "profile")),
    )
    widths = {
        "prefix": 2,
        "destination": 3,
        "country": 1,
        "price_1": 3,
        "price_n": 3,
        "interval_1": 3,
        "interval_n": 3,
        "valid_from": 3,
        "valid_till": 3,
        "profile": 3,
    }
    prefix = forms.RegexField(  # type: ignore[assignment] # a field, not the form's own prefix
        r"^[0-9]{0,15}$",
        label=_("Prefix"),
        required=False,
        help_text=_("Digits after the +. Empty fits every number."),
        error_messages={"invalid": _("Enter at most 15 digits.")},
    )
    price_1 = price_field(_("Price 1"))
    price_n = price_field(_("Price N"))
    interval_1 = seconds_field(_("Interval 1, s"), 1)
    interval_n = seconds_field(_("Interval N, s"), 1)
    valid_from = moment_field(_("Valid from"), _("Empty: now."))
    valid_till = moment_field(_("Valid till"), _("Empty: until a new price."))
    profile = forms.ModelChoiceField(
        RateProfile.objects.all(),
        label=_("Time-of-day profile"),
        required=False,
        empty_label=_("All day"),
        help_text=_(
            "Within it the rate comes before one of all day that begins at the same time. One "
            "that begins later comes before both."
        ),
    )

    class Meta:
        model = Rate
        fields: tuple[str, ...] = (
            "prefix",
            "destination",
            "country",
            "is_forbidden",
            "grace_enabled",
        )

    def narrow_profile(self, rows: QuerySet[RateProfile]) -> QuerySet[RateProfile]:
        return own_profiles(rows, self.actor)

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean(self) -> dict[str, Any]:
        """Destination and country, where left empty, are those of the prefix."""
        values = super().clean() or self.cleaned_data
        place = place_of(values.get("prefix") or "")
        if place.country:
            values["destination"] = values.get("destination") or place.name
            values["country"] = values.get("country") or place.country
        return values


class RateChangeForm(RateForm):
    """A new price of a prefix and profile; the row before ends where this one begins."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Destination"), ("destination", "country", "is_forbidden")),
        RateForm.sections[1],
        Section(_("Validity"), ("valid_from", "valid_till")),
    )
    widths = RateForm.widths | {"destination": 4, "country": 2}
    prefix = None  # type: ignore[assignment] # those of the row
    profile = None  # type: ignore[assignment]

    class Meta(RateForm.Meta):
        fields = RateForm.Meta.fields[1:]


class PricingForm(ScopedForm):
    """The prices of a rate, in its row of the list."""

    sections: ClassVar[Sequence[Section]] = (
        Section(
            _("Price per minute"),
            ("price_1", "price_n", "interval_1", "interval_n", "is_forbidden", "valid_from"),
            help=_("The first interval at price 1, each further one at price N."),
        ),
    )
    widths = {"price_1": 3, "price_n": 3, "interval_1": 3, "interval_n": 3}
    price_1 = RateForm.base_fields["price_1"]
    price_n = RateForm.base_fields["price_n"]
    interval_1 = seconds_field(_("Interval 1, s"), 1)
    interval_n = seconds_field(_("Interval N, s"), 1)
    is_forbidden = forms.BooleanField(label=_("Forbidden"), required=False)
    valid_from = moment_field(_("Valid from"), _("Empty: now."))


class RateCloseForm(ScopedForm):
    """When a rate ends."""

    valid_till = moment_field(_("Ends"), _("Empty: now. Calls that started before keep the rate."))
