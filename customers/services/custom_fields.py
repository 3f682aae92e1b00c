"""Custom fields of classes, and what they hold for customers."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.choices import FieldKind, Visibility
from customers.models import Customer, CustomerClass, CustomField, CustomFieldValue
from customers.selectors.custom_fields import (
    MASK,
    custom_fields,
    input_name,
    stored_custom_values,
    used_options,
    uses_of_field,
)
from customers.services.audit import Entry, record_many
from customers.services.named import create_named, edit_named
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

NOUN = "custom_field"
MAX_LENGTH = 500
MAX_DIGITS = 20


def create_field(*, actor: Actor, customer_class: CustomerClass, **values: Any) -> CustomField:
    """A further field of a class: ``values`` are columns of CustomField.

    Atomic with the audit row. Raises PermissionDenied, or DomainError ``taken``, ``options`` or
    ``value`` (the default does not fit the type), naming the field.
    """
    row = CustomField(customer_class=customer_class, **values)
    _check_definition(row)
    create_named(actor=actor, row=row, noun=NOUN)
    return row


def edit_field(*, actor: Actor, field: CustomField, values: Mapping[str, Any]) -> bool:
    """Change a field. Once customers have values, its type stays, and so do the options they have.

    Raises DomainError ``in_use`` at ``kind`` or ``options``, and what create_field raises.
    """
    after = CustomField(customer_class=field.customer_class, **_columns(field) | dict(values))
    _check_definition(after)
    number = uses_of_field(field)
    if after.kind != field.kind and number:
        raise DomainError(
            "in_use",
            ngettext(
                "%(count)s customer has a value of this type.",
                "%(count)s customers have a value of this type.",
                number,
            )
            % {"count": number},
            field="kind",
        )
    lost = sorted(used_options(field) - set(after.options)) if after.kind == FieldKind.LIST else []
    if lost:
        raise DomainError(
            "in_use",
            _("Customers have “%(value)s”: keep it.") % {"value": lost[0]},
            field="options",
        )
    values = dict(values) | {"options": after.options, "default": after.default}
    return edit_named(actor=actor, row=field, values=values, noun=NOUN)


def archive_field(*, actor: Actor, field: CustomField) -> None:
    """Take a field out of all forms and pages; what customers have in it is kept."""
    edit_named(actor=actor, row=field, values={"archived_at": now()}, noun=NOUN)


def restore_field(*, actor: Actor, field: CustomField) -> None:
    """Bring an archived field back with its values; DomainError ``taken`` if its name is."""
    edit_named(actor=actor, row=field, values={"archived_at": None}, noun=NOUN)


def set_custom_values(
    *, actor: Actor, customer: Customer, values: Mapping[int, Any], is_new: bool = False
) -> bool:
    """Set some custom fields of a customer, by field; "" or None empties one; whether any changed.

    The owner of a direct customer sets all fields of its class, of which the mandatory ones must
    hold something then; with ``is_new`` those not named get their default. The customer itself sets
    those that it may edit. Values are text, or date and Decimal. Atomic with the audit rows: hidden
    fields in one that stays with the owner, personal data masked. Raises PermissionDenied, or
    DomainError ``value``, ``required`` or ``not_found`` at ``custom_<field>``.
    """
    is_owner = customer.is_direct_of(actor) and actor.can("customers.edit")
    is_own = customer.pk == actor.customer_id and actor.can("profile.edit")
    if customer.archived_at is not None or not (is_owner or is_own):
        raise PermissionDenied
    rows = custom_fields(customer.customer_class, for_customer=not is_owner)
    fields = {row.pk: row for row in rows}
    after = {row.pk: row.default for row in rows if is_new and row.default}
    for key, value in values.items():
        if key not in fields:
            raise DomainError("not_found", _("There is no such field."), field=input_name(key))
        after[key] = clean_value(fields[key], value, at=input_name(key))
    before = stored_custom_values(customer)
    _check_mandatory(rows, before | after)
    changes = {key: text for key, text in after.items() if text != before.get(key, "")}
    with transaction.atomic():
        _store(customer, changes)
        record_many(actor=actor, entries=change_entries(customer, rows, before, changes))
    return bool(changes)


def change_entries(
    customer: Customer,
    rows: Iterable[CustomField],
    before: Mapping[int, str],
    changes: Mapping[int, str],
) -> list[Entry]:
    """What the audit log is told: hidden fields by themselves, personal data masked."""
    told: dict[bool, dict[str, list[str]]] = {False: {}, True: {}}
    for row in rows:
        if row.pk in changes:
            told[_is_hidden(row)][row.name] = _told(row, before, changes)
    return [
        Entry(customer, "custom_fields_changed", customer, part, is_private)
        for is_private, part in told.items()
        if part
    ]


def clean_value(field: CustomField, value: Any, *, at: str = "default") -> str:
    """What is stored of ``value``: text, an ISO day, a plain number, one of the options, or "".

    Raises DomainError ``value`` naming the input ``at``.
    """
    text = "" if value is None else str(value).strip()
    if not text:
        return ""
    if "\0" in text or len(text) > MAX_LENGTH:
        raise DomainError(
            "value",
            _("Enter at most %(most)s characters.") % {"most": MAX_LENGTH},
            field=at,
        )
    if field.kind == FieldKind.NUMBER:
        return _number(text, at)
    if field.kind == FieldKind.DATE:
        return _day(text, at)
    if field.kind == FieldKind.LIST and text not in field.options:
        raise DomainError("value", _("Choose one of the options."), field=at)
    return text


def _number(text: str, at: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise DomainError("value", _("Enter a number."), field=at) from error
    plain = f"{number:f}" if number.is_finite() and abs(number.adjusted()) < MAX_DIGITS else ""
    if not plain or len(number.as_tuple().digits) > MAX_DIGITS:
        raise DomainError(
            "value",
            _("Enter at most %(most)s digits.") % {"most": MAX_DIGITS},
            field=at,
        )
    return plain


def _day(text: str, at: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise DomainError("value", _("Enter a day such as 2026-11-21."), field=at) from error


def _check_mandatory(rows: list[CustomField], values: Mapping[int, str]) -> None:
    for row in rows:
        if row.is_mandatory and not values.get(row.pk):
            raise DomainError(
                "required", _("Fill in %(name)s.") % {"name": row.name}, field=input_name(row.pk)
            )


def _store(customer: Customer, changes: Mapping[int, str]) -> None:
    emptied = [key for key, text in changes.items() if not text]
    CustomFieldValue.objects.filter(customer=customer, field__in=emptied).delete()
    CustomFieldValue.objects.bulk_create(
        [
            CustomFieldValue(customer=customer, field_id=key, value=text)
            for key, text in changes.items()
            if text
        ],
        update_conflicts=True,
        unique_fields=["customer", "field"],
        update_fields=["value"],
    )


def _is_hidden(row: CustomField) -> bool:
    return row.visibility == Visibility.HIDDEN


def _told(row: CustomField, before: Mapping[int, str], after: Mapping[int, str]) -> list[str]:
    """Before and after for the audit log, which never holds personal data."""
    pair = [before.get(row.pk, ""), after[row.pk]]
    return [MASK if text and row.is_personal else text for text in pair]


def _columns(field: CustomField) -> dict[str, Any]:
    names = ("name", "kind", "options", "default", "is_mandatory", "visibility", "is_personal")
    return {name: getattr(field, name) for name in names}


def _check_definition(row: CustomField) -> None:
    """Put options and default of a field right, or refuse them."""
    options = [option.strip() for option in row.options if option.strip()]
    row.options = list(dict.fromkeys(options)) if row.kind == FieldKind.LIST else []
    if row.kind == FieldKind.LIST and not row.options:
        raise DomainError("options", _("Enter the options of the list."), field="options")
    row.default = clean_value(row, row.default)
