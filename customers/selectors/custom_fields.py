"""The custom fields of customers: which there are, what they hold, who may see it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from customers.choices import FieldKind, Visibility
from customers.models import Customer, CustomerClass, CustomField, CustomFieldValue
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.errors import DomainError

MASK = "•••"
"""What stands for personal data in audit, exports and for who may not see it."""

_PREFIX = "custom_"


@dataclass(frozen=True, slots=True)
class ShownValue:
    """One field of a customer for a reader: ``text`` for people, ``value`` as it is stored.

    Both are empty where nothing is.
    """

    field: CustomField
    text: str
    value: str


def input_name(field_id: int) -> str:
    """The name of a custom field in forms and errors: ``custom_17``."""
    return f"{_PREFIX}{field_id}"


def field_id_of(name: str) -> int | None:
    """The custom field that an input is named after, or None."""
    key = name.removeprefix(_PREFIX)
    return int(key) if name.startswith(_PREFIX) and key.isdecimal() else None


def custom_fields(
    source: CustomerClass | Customer | None, *, for_customer: bool = False
) -> list[CustomField]:
    """The live fields of a class, or of all classes of an owner, in their order.

    ``for_customer``: only those that the customer itself edits.
    """
    rows: QuerySet[CustomField] = CustomField.objects.live().select_related("customer_class")
    if for_customer:
        rows = rows.filter(visibility=Visibility.EDIT)
    if isinstance(source, Customer):
        return list(rows.filter(customer_class__owner=source))
    return [] if source is None else list(rows.filter(customer_class=source))


def values_by_field(fields: Collection[CustomField], named: Mapping[str, str]) -> dict[int, str]:
    """Values by the name of their field, whatever its case, as services take them: by its id.

    Raises DomainError ``not_found`` at ``custom_fields.<name>``.
    """
    known = {field.name.lower(): field.pk for field in fields}
    for name in named:
        if name.lower() not in known:
            raise DomainError(
                "not_found", _("There is no such field."), field=f"custom_fields.{name}"
            )
    return {known[name.lower()]: value for name, value in named.items()}


def stored_custom_values(customer: Customer) -> dict[int, str]:
    """What the fields of the customer's class hold, by field; those without a value are absent."""
    rows = CustomFieldValue.objects.filter(
        customer=customer,
        field__archived_at=None,
        field__customer_class=customer.customer_class_id,
    )
    return dict(rows.values_list("field", "value"))


def shown_custom_values(
    actor: Actor, customers: Collection[Customer]
) -> dict[int, list[ShownValue]]:
    """The fields of each of some customers as the actor may read them, in two queries.

    Of itself a customer sees what is not hidden. Personal data is masked for whoever is neither the
    customer nor holds "edit customers".
    """
    classes = {row.customer_class_id for row in customers} - {None}
    by_class: dict[int, list[CustomField]] = defaultdict(list)
    for field in CustomField.objects.live().filter(customer_class__in=classes):
        by_class[field.customer_class_id].append(field)
    rows = CustomFieldValue.objects.filter(
        customer__in=customers, field__customer_class__in=classes
    )
    stored = {(row.customer_id, row.field_id): row.value for row in rows}
    return {
        customer.pk: [
            _shown(actor, customer, field, stored.get((customer.pk, field.pk), ""))
            for field in by_class.get(customer.customer_class_id or 0, ())
            if _is_visible(actor, customer, field)
        ]
        for customer in customers
    }


def value_text(field: CustomField, value: str) -> str:
    """A stored value for a reader: a date as 21 Nov 2026, all else as it is stored."""
    if field.kind == FieldKind.DATE:
        return display.date_text(date.fromisoformat(value))
    if field.kind == FieldKind.NUMBER:
        number = Decimal(value)
        return display.number_text(number, display.stored_decimals(number, 0))
    return value


def uses_of_field(field: CustomField) -> int:
    """How many customers hold a value in the field."""
    return CustomFieldValue.objects.filter(field=field).count()


def used_options(field: CustomField) -> set[str]:
    """The options of a list that customers hold."""
    rows = CustomFieldValue.objects.filter(field=field)
    return set(rows.values_list("value", flat=True).distinct())


def _is_visible(actor: Actor, customer: Customer, field: CustomField) -> bool:
    if actor.account_id is not None:
        return False
    return customer.pk != actor.customer_id or field.visibility != Visibility.HIDDEN


def _shown(actor: Actor, customer: Customer, field: CustomField, value: str) -> ShownValue:
    is_own = customer.pk == actor.customer_id
    if value and field.is_personal and not is_own and not actor.can("customers.edit"):
        return ShownValue(field, MASK, MASK)
    return ShownValue(field, value_text(field, value) if value else "", value)
