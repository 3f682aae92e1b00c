"""Custom fields: the form that defines one, and the form fields in which customers get values."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from customers.choices import FieldKind, Visibility
from customers.models import Customer, CustomerClass, CustomField
from customers.selectors.custom_fields import (
    custom_fields,
    field_id_of,
    input_name,
    stored_custom_values,
)
from softswitch.core.forms import ScopedForm, Section

_COLUMN = fields_for_model(CustomField)
MAX_OPTIONS = 200


class CustomFieldForm(ScopedForm):
    """A field of a class."""

    sections = (
        Section(_("Field"), ("name", "kind", "options", "default", "position")),
        Section(_("Rules"), ("is_mandatory", "visibility", "is_personal")),
    )
    widths = {"name": 4, "kind": 2, "default": 4, "position": 2, "visibility": 3}

    name = _COLUMN["name"]
    kind = forms.ChoiceField(label=_("Type"), choices=FieldKind.choices)
    options = forms.CharField(
        label=_("Options"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("Of a list: one a line."),
    )
    default = forms.CharField(
        label=_("Default"),
        required=False,
        max_length=500,
        help_text=_("Preset for new customers. A date as 2026-11-21."),
    )
    position = forms.IntegerField(
        label=_("Position"),
        min_value=0,
        max_value=32_767,
        initial=0,
        help_text=_("Lower ones come first."),
    )
    is_mandatory = forms.BooleanField(
        label=_("Mandatory: asked for when a customer is created or edited"), required=False
    )
    visibility = forms.ChoiceField(label=_("The customer"), choices=Visibility.choices)
    is_personal = forms.BooleanField(
        label=_("Personal data: shown only to who may edit customers, and never in the audit log"),
        required=False,
    )

    def clean_options(self) -> list[str]:
        options: list[str] = self.cleaned_data["options"].splitlines()
        if len(options) > MAX_OPTIONS or any(len(option) > 100 for option in options):
            raise forms.ValidationError(_("At most 200 options of at most 100 characters."))
        return options


def custom_form_fields(
    source: CustomerClass | Customer | None, *, for_customer: bool = False
) -> dict[str, forms.Field]:
    """Form fields for the custom fields of a class, or of all classes of an owner, by input name.

    ``for_customer``: only what the customer itself edits. Of an owner, each label names its class
    and nothing is required: the service asks for what is mandatory in the chosen class.
    """
    is_owner = isinstance(source, Customer)
    fields = {}
    for row in custom_fields(source, for_customer=for_customer):
        field = _field(row)
        field.required = row.is_mandatory and not is_owner
        field.label = f"{row.customer_class.name}: {row.name}" if is_owner else row.name
        field.initial = row.default
        fields[input_name(row.pk)] = field
    return fields


def custom_initial(customer: Customer, *, for_customer: bool = False) -> dict[str, str]:
    """What the fields of a customer's class hold, by input name; "" goes before a default."""
    stored = stored_custom_values(customer)
    rows = custom_fields(customer.customer_class, for_customer=for_customer)
    return {input_name(row.pk): stored.get(row.pk, "") for row in rows}


def custom_values(cleaned: Mapping[str, Any]) -> dict[int, str]:
    """The custom values in a form's cleaned data as text, by field, as the service takes them."""
    found = {field_id_of(name): _as_text(value) for name, value in cleaned.items()}
    return {key: text for key, text in found.items() if key is not None}


def _as_text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)


def _field(row: CustomField) -> forms.Field:
    """The bare form field of the type of ``row``."""
    if row.kind == FieldKind.NUMBER:
        return forms.DecimalField(max_digits=20)
    if row.kind == FieldKind.DATE:
        return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    if row.kind == FieldKind.LIST:
        return forms.ChoiceField(choices=[("", "–"), *((item, item) for item in row.options)])
    return forms.CharField(max_length=500)
