"""Fields that several forms share."""

from typing import Any

from django import forms

MINUTE = "%Y-%m-%dT%H:%M"


def moment_field(label: Any, help_text: Any = "") -> forms.DateTimeField:
    """An optional moment in the viewer's zone."""
    widget = forms.DateTimeInput({"type": "datetime-local"}, format=MINUTE)
    return forms.DateTimeField(label=label, required=False, help_text=help_text, widget=widget)


def seconds_field(label: Any, least: int = 0) -> forms.IntegerField:
    """Whole seconds."""
    return forms.IntegerField(label=label, min_value=least, max_value=86_400, initial=least)
