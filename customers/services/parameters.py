"""Sets the parameters of a customer; empty ones are inherited from its class."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Customer, CustomerParameters, ParameterSet
from customers.selectors.parameters import (
    CHOSEN_FIELDS,
    NOTHING,
    NOTIFICATION_FIELDS,
    OPTIONAL_FIELDS,
    PARAMETER_FIELDS,
    Resolved,
    inherited,
    is_empty,
    problems_of,
    stored_values,
)
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.display import listed
from softswitch.core.errors import DomainError
from softswitch.core.validation import check_columns

# What an owner keeps: its alert rules, and the names of what it has defined.
PRIVATE_FIELDS = frozenset({*NOTIFICATION_FIELDS, *CHOSEN_FIELDS})


def set_parameters(*, actor: Actor, customer: Customer, values: Mapping[str, Any]) -> bool:
    """Set some parameters of a direct customer, None or "" to inherit; whether any changed.

    ``values`` are typed as in ParameterSet; NOTHING is never, none, without end, whatever would be
    inherited. Locks the customer's row of parameters; atomic with
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
        row.save(update_fields=stored_in(differences))
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

    ``above`` is what the row inherits. Part of the caller's atomic, which saves ``stored_in``.
    Raises DomainError ``parameters`` or ``invalid`` naming the field, or ``not_found`` for what is
    another owner's.
    """
    _check_names(values)
    for name in CHOSEN_FIELDS:
        chosen = values.get(name)
        if chosen not in (None, NOTHING) and chosen.owner_id != actor.customer_id:
            raise DomainError("not_found", _("Choose one of your own."), field=name)
    before = dict(stored_values(row))
    differences = {
        name: [before[name], value] for name, value in values.items() if before[name] != value
    }
    _put(row, {name: pair[1] for name, pair in differences.items()})
    filled = [
        name for name, value in values.items() if not is_empty(value) and value is not NOTHING
    ]
    check_columns(row, filled)
    problems = problems_of(above.with_own(dict(stored_values(row))))
    for field, message in problems.items():
        raise DomainError("parameters", message, field=field)
    return {name: [_text(value) for value in pair] for name, pair in differences.items()}


def stored_in(differences: Mapping[str, Any]) -> list[str]:
    """The columns that hold what ``change_parameters`` changed."""
    return sorted({*differences, "nothing"})


def _check_names(values: Mapping[str, Any]) -> None:
    unknown = values.keys() - set(PARAMETER_FIELDS)
    if unknown:
        raise DomainError(
            "parameters",
            _("Unknown parameters: %(names)s.") % {"names": listed(sorted(unknown))},
        )
    needed = {name for name, value in values.items() if value is NOTHING} - OPTIONAL_FIELDS
    for name in sorted(needed):
        raise DomainError("parameters", _("Enter a value, or inherit it."), field=name)


def _put(row: ParameterSet, values: Mapping[str, Any]) -> None:
    nothing = {name for name, value in values.items() if value is NOTHING}
    row.nothing = sorted({*row.nothing} - values.keys() | nothing)
    for name, value in values.items():
        setattr(row, name, None if name in nothing else value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
