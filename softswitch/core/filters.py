"""Query forms above the lists.

    class CallFilter(FilterSet):
        since = SinceFilter(field_name="setup_at", label=_("From"))
        until = UntilFilter(field_name="setup_at", label=_("To"))
        caller = PatternFilter(field_name="caller_number", label=_("CLI"))
        result = ChoiceFilter(choices=Result.choices, label=_("Result"))
        customer = ModelChoiceFilter(queryset=..., label=_("Customer"))

Text is found anywhere in a field, whatever its case; a telephone number matches whole, or by
``44113*``; an IP address in the networks that hold it. ``%`` and ``_`` are only themselves. Times
are the viewer's. Model choices offer only what the actor sees. While the form is invalid it says
why and finds nothing: a filter never falls away unseen.
"""

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import NumberFilter

from softswitch.core.addresses import network_of
from softswitch.core.forms import MomentField, NamedChoiceField, ScopedForm
from softswitch.core.parts import holding_part

__all__ = [
    "AddressFilter",
    "BooleanFilter",
    "ChoiceFilter",
    "DateFilter",
    "FilterSet",
    "ModelChoiceFilter",
    "NamedFilter",
    "NumberFilter",
    "PartFilter",
    "PatternFilter",
    "SinceFilter",
    "TextFilter",
    "UntilFilter",
    "pattern_condition",
]

DATETIME_FORMAT = "%Y-%m-%dT%H:%M"


class ChoiceFilter(django_filters.ChoiceFilter):
    """One of some values, or any."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", _("Any"))
        super().__init__(*args, **kwargs)


class ModelChoiceFilter(django_filters.ModelChoiceFilter):
    """One of the rows the actor sees, or any."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", _("Any"))
        super().__init__(*args, **kwargs)


class BooleanFilter(django_filters.BooleanFilter):
    """Yes, no, or any."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        choices = (("", _("Any")), ("true", _("Yes")), ("false", _("No")))
        kwargs.setdefault("widget", forms.Select(choices=choices))
        super().__init__(*args, **kwargs)


class TextFilter(django_filters.CharFilter):
    """Finds the text anywhere in the field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("lookup_expr", "icontains")
        super().__init__(*args, **kwargs)


class PartFilter(django_filters.CharFilter):
    """A part of a name in a column with a trigram index; options as in ``holding_part``."""

    def __init__(self, *args: Any, index: str = "", within: bool = False, **kwargs: Any) -> None:
        self.index, self.within = index, within
        super().__init__(*args, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        name = str(self.field_name)
        return holding_part(qs, name, value, index=self.index, within=self.within)


def pattern_condition(field: str, pattern: str) -> Q:
    """``44113*`` starts so, ``*113`` ends so, ``*5*`` holds it, else equal; empty finds all."""
    text = (pattern or "").strip()
    core = text.strip("*")
    if not core:
        return Q()
    lookup = {(False, True): "startswith", (True, False): "endswith", (True, True): "contains"}
    kind = lookup.get((text.startswith("*"), text.endswith("*")), "exact")
    return Q(**{f"{field}__{kind}": core})


class PatternFilter(django_filters.CharFilter):
    """A code or number, found as ``pattern_condition`` says."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(pattern_condition(str(self.field_name), value))


class NetworkSearchField(forms.CharField):
    """An IP address, a network or the start of one; becomes a network in CIDR notation."""

    default_error_messages: ClassVar = {
        "address": _("Enter an IP address, a network, or the start of one, such as 192.0.2."),
    }

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        found = network_of(text) if text else ""
        if found is None:
            raise forms.ValidationError(self.error_messages["address"], code="address")
        return found


class AddressFilter(django_filters.Filter):
    """Networks that hold an IP address; of a network or a part of one, all that touch it."""

    field_class = NetworkSearchField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, lookup_expr="overlaps", **kwargs)


class NamedFilter(django_filters.Filter):
    """One of the rows the actor sees, found by its typed name (softswitch.core.forms)."""

    field_class = NamedChoiceField


class _MomentFilter(django_filters.DateTimeFilter):
    field_class = MomentField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget",
            forms.DateTimeInput({"type": "datetime-local"}, format=DATETIME_FORMAT),
        )
        super().__init__(*args, **kwargs)


class SinceFilter(_MomentFilter):
    """At or after a moment in the viewer's zone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, lookup_expr="gte", **kwargs)


class UntilFilter(_MomentFilter):
    """Before a moment in the viewer's zone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, lookup_expr="lt", **kwargs)


class DateFilter(django_filters.DateFilter):
    """A day, from the browser's calendar."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
        super().__init__(*args, **kwargs)


class FilterSet(django_filters.FilterSet):
    """Base of the query forms; name public models in ``public_choices`` as in a form."""

    public_choices: tuple[str, ...] = ()
    field_order: tuple[str, ...] = ()  # all filters, where those of a base class do not come first

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        self.actor = actor
        super().__init__(*args, **kwargs)
        # A field built on the class (whoever asked it) would be copied: choices of its own count.
        for item in self.filters.values():
            vars(item).pop("_field", None)

    @property
    def form(self) -> ScopedForm:
        """The query form, built once."""
        if not hasattr(self, "_form"):
            fields = {name: item.field for name, item in self.filters.items()}
            fields = {name: fields[name] for name in self.field_order or fields}
            base = type(self).__name__ + "Form"
            kind = type(base, (ScopedForm,), {**fields, "public_choices": self.public_choices})
            self._form: ScopedForm = kind(
                self.data if self.is_bound else None, prefix=self.form_prefix, actor=self.actor
            )
        return self._form

    @property
    def is_active(self) -> bool:
        """Whether anything is asked for, so that an empty list is "nothing found"."""
        return any(self.data.get(name) for name in self.filters) if self.data else False

    @property
    def qs(self) -> QuerySet[Any]:
        """The rows found; none while the form is invalid."""
        rows: QuerySet[Any] = self.queryset.all()
        if self.is_bound and not self.form.is_valid():
            rows = rows.none()
        elif self.is_bound:
            rows = self.filter_queryset(rows)
        return rows
