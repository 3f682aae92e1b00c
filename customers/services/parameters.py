"""Sets the parameters of a customer; empty ones are inherited from its class."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from customers.models import Customer, CustomerParameters, ParameterSet
from customers.selectors.parameters import (
    NOTIFICATION_FIELDS,
    PARAMETER_FIELDS,
    Resolved,
    inherited,
    is_empty,
    problems_of,
    stored_values,
)
from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.validation import check_columns

# What an owner keeps: its alert rules, and the names of what it has defined.
PRIVATE_FIELDS = frozenset({*NOTIFICATION_FIELDS, "invoice_settings", "payment_term"})


def set_parameters(*, actor: Actor, customer: Customer, values: Mapping[str, Any]) -> bool:
    """Set some parameters of a direct customer, None or "" to inherit; whether any changed.

    ``values`` are typed as in ParameterSet. Locks the customer's row of parameters; atomic with
    the audit rows, of which that of PRIVATE_FIELDS stays with the owner. Raises PermissionDenied,
    or DomainError naming the parameter at fault.
    """
    if not customer.is_direct_of(actor) or not actor.can("customers.edit"):
        raise PermissionDenied
    with transaction.atomic():
        rows = CustomerParameters.objects.select_for_update()
        row, _is_new = rows.get_or_create(customer=customer)
        differences = change_parameters(
            actor=actor,
            row=row,
            values=values,
            above=inherited(customer.customer_class, own=row, timezone=customer.timezone),
        )
        if not differences:
            return False
        row.save(update_fields=sorted(differences))
        for is_private in (False, True):
            part = {k: v for k, v in differences.items() if (k in PRIVATE_FIELDS) is is_private}
            if part:
                record(
                    actor=actor,
                    customer=customer,
                    action="parameters_changed",
                    subject=customer,
                    changes=part,
                    is_private=is_private,
                )
    return True


def change_parameters(
    *, actor: Actor, row: ParameterSet, values: Mapping[str, Any], above: Resolved
) -> dict[str, list[Any]]:
    """Put checked ``values`` on ``row`` without saving it; what changed, as text for the audit.

    ``above`` is what the row inherits. Part of the caller's atomic. Raises DomainError
    ``parameters`` or ``invalid`` naming the field, or ``not_found`` for what is another owner's.
    """
    unknown = values.keys() - set(PARAMETER_FIELDS)
    if unknown:
        raise DomainError("parameters", f"Unknown parameters: {', '.join(sorted(unknown))}.")
    for name in ("invoice_settings", "payment_term"):
        chosen = values.get(name)
        if chosen is not None and chosen.owner_id != actor.customer_id:
            raise DomainError("not_found", "Choose one of your own.", field=name)
    differences = changed(row, dict(values))
    check_columns(row, [name for name, value in values.items() if not is_empty(value)])
    problems = problems_of(above.with_own(dict(stored_values(row))))
    for field, message in problems.items():
        raise DomainError("parameters", message, field=field)
    return {name: [_text(value) for value in pair] for name, pair in differences.items()}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
