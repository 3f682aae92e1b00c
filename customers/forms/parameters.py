"""Forms of parameters, by the steps of the wizard; what is left empty is inherited, and shown.

form = ReportForm(actor=actor, data=..., inherited=inherited(customer_class, own=row),
                  initial=initial_of(row))
set_parameters(actor=actor, customer=customer, values=form.parameter_values())
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import QuerySet
from django.forms.models import ModelChoiceIterator
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.choices import InvoiceSection
from customers.models import CustomerParameters, ParameterSet
from customers.selectors.parameters import (
    INVOICE_FIELDS,
    NOTHING,
    NOTIFICATION_FIELDS,
    PARAMETER_FIELDS,
    REPORT_FIELDS,
    SHORT_CALL_FIELDS,
    Resolved,
    Source,
    Value,
    problems_of,
    stored_values,
)
from softswitch.core.display import listed
from softswitch.core.fields import ZoneColumn
from softswitch.core.forms import ScopedForm, Section
from softswitch.core.zones import zone_choices

NONE = "none"
# The boxes beside numbers that can be nothing, whatever is inherited: name and label.
TICKS = {
    "low_balance_amount": ("no_low_balance_amount", gettext_lazy("No amount")),
    "low_balance_percent": ("no_low_balance_percent", gettext_lazy("No percentage")),
    "low_balance_days": ("no_low_balance_days", gettext_lazy("Without end")),
    "disable_trunks_after_days": ("no_disable_trunks_after_days", gettext_lazy("Never")),
    "credit_thresholds": ("no_credit_thresholds", gettext_lazy("No percentages")),
}


class YesNoField(forms.TypedChoiceField):
    """Inherited, yes or no: None, True or False."""

    def __init__(self, *, empty_label: str, **kwargs: Any) -> None:
        choices = [("", empty_label), ("true", _("Yes")), ("false", _("No"))]
        super().__init__(choices=choices, coerce=self._read, empty_value=None, **kwargs)

    @staticmethod
    def _read(value: str) -> bool:
        return value == "true"

    def prepare_value(self, value: Any) -> Any:
        return str(value).lower() if isinstance(value, bool) else value


class OptionalZoneField(forms.TypedChoiceField):
    """A time zone, None (inherited), or NOTHING: the customer's."""

    def __init__(self, *, empty_label: str, **kwargs: Any) -> None:
        none = (NONE, capfirst(_("the customer's time zone")))
        choices = [("", empty_label), none, *zone_choices()]
        super().__init__(choices=choices, coerce=self._read, empty_value=None, **kwargs)

    @staticmethod
    def _read(value: str) -> Any:
        return NOTHING if value == NONE else ZoneInfo(value)


class RowsOrNone(ModelChoiceIterator):  # type: ignore[type-arg]
    """The choices with "none" after the first, which inherits."""

    def __iter__(self) -> Iterator[Any]:
        for place, choice in enumerate(super().__iter__()):
            yield choice
            if place == 0:
                yield NONE, capfirst(_("none"))

    def __len__(self) -> int:
        return super().__len__() + 1


class OptionalRowField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A row, None (inherited), or NOTHING."""

    iterator = RowsOrNone

    def prepare_value(self, value: Any) -> Any:
        return NONE if value is NOTHING else super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        return NOTHING if value == NONE else super().to_python(value)


class SectionsField(forms.MultipleChoiceField):
    """Sections of an invoice; nothing ticked: None (inherited), "none of these" ticked: []."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[*InvoiceSection.choices, (NONE, _("None of these"))], **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return [NONE] if value == [] else value

    def clean(self, value: Any) -> list[str] | None:
        ticked: list[str] = super().clean(value)
        if NONE in ticked and len(ticked) > 1:
            raise forms.ValidationError(_("Tick sections, or none of these."), code="none")
        if not ticked:
            return None
        return [] if NONE in ticked else ticked


class PercentagesField(forms.CharField):
    """Whole percentages with commas between them, in ascending order; empty: None (inherited)."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        parts = [part.strip().removesuffix("%").strip() for part in text.split(",") if part.strip()]
        # As many digits as 100 has: int() refuses thousands of them with an error of its own.
        if not all(re.fullmatch(r"\d{1,3}", part) and 1 <= int(part) <= 100 for part in parts):
            raise forms.ValidationError(
                _("Enter whole percentages from 1 to 100, like 80, 90, 100."), code="percentages"
            )
        return sorted({int(part) for part in parts}) or None


class ParametersForm(ScopedForm):
    """All parameters, or the group that a subclass names in ``shown``.

    ``inherited`` (customers.selectors.parameters) is what counts where a field stays empty. A box
    beside a number says that it is nothing at all.
    """

    ticks = {name: tick for name, (tick, _label) in TICKS.items()}
    shown: ClassVar[Sequence[str]] = PARAMETER_FIELDS
    sections: ClassVar[Sequence[Section]] = (
        Section(
            gettext_lazy("Automatic report"),
            REPORT_FIELDS,
            help=gettext_lazy("Sent every day by e-mail."),
        ),
        Section(
            gettext_lazy("Short call charge"),
            SHORT_CALL_FIELDS,
            help=gettext_lazy(
                "A line of the invoice, once too many answered calls of a period are short."
            ),
        ),
        Section(gettext_lazy("Auto invoice"), INVOICE_FIELDS),
        Section(
            gettext_lazy("Notifications"),
            NOTIFICATION_FIELDS,
            help=gettext_lazy(
                "The customer does not see these settings. Daily letters about a low balance, the"
                " first one too, wait for the time set; hourly ones go out at its minutes past"
                " each hour."
            ),
        ),
    )
    widths: ClassVar[Mapping[str, int]] = {
        "report_at": 2,
        "report_timezone": 4,
        "report_recipients": 3,
        "usage_summary": 3,
        "usage_non_zero_only": 3,
        "usage_grouping": 3,
        "balance_summary": 3,
        "daily_cdrs": 3,
        "cdr_format": 3,
        "sign_in_notice": 3,
        "short_calls": 3,
        "short_call_seconds": 3,
        "short_call_percent": 3,
        "short_call_price": 3,
        "short_call_basis": 3,
        "auto_invoice": 3,
        "invoice_settings": 3,
        "payment_term": 3,
        "invoice_format": 3,
        "invoice_timezone": 4,
        "invoice_at": 2,
        "rate_decimals": 2,
        "rate_value": 4,
        "invoice_non_zero_only": 3,
        "grace_days": 3,
        "minimum_commitment": 3,
        "tax": 3,
        "tax_percent": 3,
        "rounding": 3,
        "notifications": 3,
        "low_balance_frequency": 3,
        "low_balance_amount": 3,
        "low_balance_percent": 3,
        "low_balance_at": 2,
        "low_balance_timezone": 4,
        "low_balance_days": 3,
        "disable_trunks_after_days": 3,
        "trunk_update_notice": 3,
        "payment_notice": 3,
        "zero_balance_notice": 3,
        "credit_thresholds": 4,
    }

    def __init__(self, *args: Any, inherited: Resolved, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.inherited = inherited
        for name in self.shown:
            field = parameter_field(name, inherited.values[name])
            if isinstance(field, forms.ModelChoiceField):
                self._narrow(name, field)
            self.fields[name] = field
            if name in TICKS:
                tick, label = TICKS[name]
                self.fields[tick] = forms.BooleanField(label=label, required=False)

    def narrow_invoice_settings(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Only the acting owner's own."""
        return queryset.filter(owner=self.actor.customer_id).order_by("name")

    narrow_payment_term = narrow_tax = narrow_invoice_settings

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, tick in self.ticks.items():
            if cleaned.get(tick) and cleaned.get(name) is not None:
                self.add_error(name, _("Enter a number, or tick the box, not both."))
        for name, message in problems_of(self.inherited.with_own(self._own(cleaned))).items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, message)
        return cleaned

    def parameter_values(self) -> dict[str, Any]:
        """What was entered, by parameter, as the service takes it; empty ones are inherited."""
        return self._own(self.cleaned_data)

    def _own(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: NOTHING if cleaned.get(self.ticks.get(name, "")) else cleaned[name]
            for name in self.shown
            if name in cleaned
        }


class ReportForm(ParametersForm):
    """The step Automatic Report, with the sign-in notification."""

    shown = REPORT_FIELDS


class ShortCallForm(ParametersForm):
    """The step Short Call Charge."""

    shown = SHORT_CALL_FIELDS


class InvoiceForm(ParametersForm):
    """The step Auto Invoice."""

    shown = INVOICE_FIELDS


class NotificationForm(ParametersForm):
    """The step Notification Setting."""

    shown = NOTIFICATION_FIELDS


def initial_of(row: ParameterSet) -> dict[str, Any]:
    """The values of a row as a form shows them first: decimals without ending zeros."""
    shown: dict[str, Any] = {}
    for name, value in stored_values(row):
        shown[name] = value.normalize() + 0 if isinstance(value, Decimal) else value
        if name in TICKS:
            shown[TICKS[name][0]] = value is NOTHING
            shown[name] = None if value is NOTHING else shown[name]
    return shown


def parameter_field(name: str, above: Value) -> forms.Field:
    """The form field of a parameter that may stay empty, showing what it inherits from above."""
    column: Any = CustomerParameters._meta.get_field(name)
    kind, text = type(column), inherited_text(name, above)
    options = {"label": capfirst(column.verbose_name), "required": False}
    if issubclass(kind, models.BooleanField):
        return YesNoField(empty_label=text, **options)
    if issubclass(kind, ZoneColumn):
        return OptionalZoneField(empty_label=text, **options)
    if issubclass(kind, ArrayField):
        made_of = PercentagesField if name == "credit_thresholds" else SectionsField
        return made_of(help_text=text, **options)
    made: Any = column.formfield(**_options(column, text))
    if column.choices:
        made.choices = [("", text), *column.choices]
    field: forms.Field = made
    return field


def _options(column: Any, text: str) -> dict[str, Any]:
    """What the form field of a column is made with, to say what is inherited."""
    if issubclass(type(column), models.ForeignKey):
        return {"empty_label": text, "form_class": OptionalRowField}
    if column.choices:
        return {}
    if issubclass(type(column), models.TimeField):
        widget = forms.TimeInput({"type": "time"}, format="%H:%M")
        return {"widget": widget, "help_text": text}
    limits = [item.limit_value for item in column.validators if isinstance(item, MaxValueValidator)]
    return {"min_value": 0, "max_value": min(limits, default=None), "help_text": text}


def inherited_text(name: str, above: Value) -> str:
    """What a field left empty inherits: ``Inherited: 06:00 (class Wholesale)``."""
    sources = {
        Source.CLASS: _("class %(name)s"),
        Source.ACCOUNTS: _("all accounts"),
        Source.INVOICE_SETTINGS: _("invoice settings %(name)s"),
        Source.PAYMENT_TERM: _("payment term %(name)s"),
        Source.TAX: _("tax %(name)s") if above.name else _("no tax"),
        Source.TAX_PERCENT: _("the percentage counts"),
        Source.DEFAULT: _("default"),
    }
    source = sources[above.source] % {"name": above.name}
    shown = {"value": value_text(name, above.value), "source": source}
    return _("Inherited: %(value)s (%(source)s)") % shown


def value_text(name: str, value: Any) -> str:
    """A parameter's value in words; nothing has the words of its parameter."""
    if value is None:
        return _nothing(name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, Decimal):
        return f"{value.normalize() + 0:f}"
    if isinstance(value, list):
        return _list_text(name, value)
    column: Any = CustomerParameters._meta.get_field(name)
    return str(dict(column.flatchoices).get(value, value))


def _list_text(name: str, value: list[Any]) -> str:
    if name == "credit_thresholds":
        return listed(f"{item}%" for item in value)
    labels = dict(InvoiceSection.choices)
    return listed(labels[item] for item in value) or _("none of them")


def _nothing(name: str) -> str:
    if name.endswith("timezone"):
        return _("the customer's time zone")
    words = {"disable_trunks_after_days": _("never"), "low_balance_days": _("without end")}
    return words.get(name, _("none"))
