"""Fields that several forms share."""

from typing import Any

from django import forms

from softswitch.core.fields import LARGEST_PRICE
from softswitch.core.forms import MomentField

MINUTE = "%Y-%m-%dT%H:%M"


def moment_field(label: Any, help_text: Any = "") -> forms.DateTimeField:
    """An optional moment in the viewer's zone."""
    widget = forms.DateTimeInput({"type": "datetime-local"}, format=MINUTE)
    return MomentField(label=label, required=False, help_text=help_text, widget=widget)


def seconds_field(label: Any, least: int = 0) -> forms.IntegerField:
    """Whole seconds."""
    return forms.IntegerField(label=label, min_value=least, max_value=86_400, initial=least)


def price_field(label: Any) -> forms.DecimalField:
    """A price per minute, as a rate may hold it."""
    return forms.DecimalField(
        label=label, min_value=0, max_value=LARGEST_PRICE, max_digits=18, decimal_places=8
    )
