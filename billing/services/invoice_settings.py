"""Payment terms and invoice settings: what an owner chooses from for its classes and customers."""

from collections.abc import Mapping
from typing import Any

from billing.models import InvoiceSettings, PaymentTerm
from billing.selectors.invoice_settings import CHOSEN_AS, Definition, uses_of
from customers.services.named import create_named, delete_named, edit_named
from customers.tenancy import Actor


def create_term(*, actor: Actor, **values: Any) -> PaymentTerm:
    """A payment term of the actor's customer: ``name``, ``period_type``, days.

    Atomic with the audit row. Raises PermissionDenied, or DomainError ``taken``, ``required`` or
    ``invalid``, naming the field.
    """
    row = PaymentTerm(owner=actor.customer, **values)
    create_named(actor=actor, row=row, noun=CHOSEN_AS[PaymentTerm])
    return row


def create_settings(*, actor: Actor, **values: Any) -> InvoiceSettings:
    """Invoice settings of the actor's customer; ``values`` are its columns. Else as create_term."""
    row = InvoiceSettings(owner=actor.customer, **values)
    create_named(actor=actor, row=row, noun=CHOSEN_AS[InvoiceSettings])
    return row


def edit_definition(*, actor: Actor, row: Definition, values: Mapping[str, Any]) -> bool:
    """Change the columns of one; whether any changed. Issued invoices stay.

    Locks the row; else as create_term.
    """
    return edit_named(actor=actor, row=row, values=values, noun=CHOSEN_AS[type(row)])


def delete_definition(*, actor: Actor, row: Definition) -> None:
    """Delete one that neither a class nor a customer has chosen; DomainError ``in_use``."""
    delete_named(actor=actor, row=row, noun=CHOSEN_AS[type(row)], uses=lambda: uses_of(row))
