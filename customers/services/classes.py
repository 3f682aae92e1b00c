"""Customer classes: shared parameters, which count at once for all customers of the class."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from customers.models import CustomerClass, CustomField
from customers.selectors.parameters import PARAMETER_FIELDS, inherited, stored_values
from customers.selectors.settings import free_name, uses_of_class
from customers.services.audit import changed
from customers.services.named import (
    create_named,
    delete_named,
    lock_named,
    must_own,
    save_named,
)
from customers.services.parameters import change_parameters, stored_in
from customers.tenancy import Actor

NOUN = "class"


def create_class(
    *, actor: Actor, name: str, description: str = "", parameters: Mapping[str, Any] | None = None
) -> CustomerClass:
    """A class of the actor's customer; ``parameters`` as in set_parameters, empty ones inherit.

    Atomic with the audit row. Raises PermissionDenied, or DomainError ``taken``, ``required`` or
    what change_parameters refuses, naming the field.
    """
    row = CustomerClass(owner=actor.customer, name=name, description=description)
    values = parameters or {}
    change_parameters(actor=actor, row=row, values=values, above=inherited(own=row))
    create_named(actor=actor, row=row, noun=NOUN)
    return row


def edit_class(*, actor: Actor, customer_class: CustomerClass, values: Mapping[str, Any]) -> bool:
    """Change name, description and parameters; whether any changed. It counts for all at once.

    Locks the class; atomic with the audit row. Refuses what create_class refuses.
    """
    named = {name: value for name, value in values.items() if name not in PARAMETER_FIELDS}
    rest = {name: value for name, value in values.items() if name in PARAMETER_FIELDS}
    with transaction.atomic():
        row = lock_named(actor=actor, row=customer_class)
        differences = changed(row, named) | change_parameters(
            actor=actor, row=row, values=rest, above=inherited(own=row)
        )
        columns = stored_in(differences)
        return save_named(actor=actor, row=row, differences=differences, noun=NOUN, columns=columns)


def copy_class(*, actor: Actor, customer_class: CustomerClass) -> CustomerClass:
    """Another class with the same parameters and fields, under a free name; it has no customers."""
    must_own(actor, customer_class)
    with transaction.atomic():
        made = create_class(
            actor=actor,
            name=free_name(customer_class),
            description=customer_class.description,
            parameters=dict(stored_values(customer_class)),
        )
        fields = list(CustomField.objects.live().filter(customer_class=customer_class))
        for field in fields:
            field.pk, field.customer_class = None, made
        CustomField.objects.bulk_create(fields)
    return made


def delete_class(*, actor: Actor, customer_class: CustomerClass) -> None:
    """Delete a class without customers, its fields with it.

    Raises DomainError ``in_use`` with the number of customers, archived ones included, or of values
    that customers which have left the class still hold in its fields.
    """
    delete_named(
        actor=actor, row=customer_class, noun=NOUN, uses=lambda: uses_of_class(customer_class)
    )
