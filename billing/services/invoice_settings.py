"""Payment terms and invoice settings: what an owner chooses from for its classes and customers."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import InvoiceSettings, PaymentTerm
from billing.selectors.invoice_settings import CHOSEN_AS, RIGHT, Definition, uses_of
from billing.services.logos import keep_logo
from customers.services.named import create_named, delete_named, edit_named, must_own
from customers.tenancy import Actor
from softswitch.core.errors import DomainError


def create_term(*, actor: Actor, **values: Any) -> PaymentTerm:
    """A payment term of the actor's customer: ``name``, ``period_type``, days.

    Atomic with the audit row. Raises PermissionDenied, or DomainError ``taken``, ``required`` or
    ``invalid``, naming the field.
    """
    row = PaymentTerm(owner=actor.customer, **values)
    create_named(actor=actor, row=row, noun=CHOSEN_AS[PaymentTerm], right=RIGHT)
    return row


def create_settings(
    *, actor: Actor, logo_file: bytes | None = None, **values: Any
) -> InvoiceSettings:
    """Invoice settings of the actor's customer; ``values`` are its columns.

    ``logo_file`` is a picture (services.logos). Else as create_term; DomainError ``e_invoice``
    where electronic invoices are asked for and the owner lacks what they need.
    """
    with transaction.atomic():
        _check_e_invoice(actor, values)
        row = InvoiceSettings(owner=actor.customer, **_with_logo(actor, values, logo_file))
        create_named(actor=actor, row=row, noun=CHOSEN_AS[InvoiceSettings], right=RIGHT)
    return row


def edit_settings(
    *,
    actor: Actor,
    row: InvoiceSettings,
    values: Mapping[str, Any],
    logo_file: bytes | None = None,
) -> bool:
    """Change invoice settings as edit_definition does; the rest as create_settings."""
    with transaction.atomic():
        must_own(actor, row, RIGHT)
        _check_e_invoice(actor, values)
        changes = _with_logo(actor, values, logo_file)
        return edit_definition(actor=actor, row=row, values=changes)


def _with_logo(actor: Actor, values: Mapping[str, Any], content: bytes | None) -> dict[str, Any]:
    if content is None:
        return dict(values)
    return {**values, "logo": keep_logo(actor=actor, content=content)}


def _check_e_invoice(actor: Actor, values: Mapping[str, Any]) -> None:
    """The owner's own side must be complete; what a customer lacks shows when it is billed."""
    owner = actor.customer
    if not values.get("is_e_invoice") or (owner.tax_id and owner.country):
        return
    lacking = _("the country") if owner.tax_id else _("the tax id")
    raise DomainError(
        "e_invoice",
        _("Electronic invoices need %(what)s of your company: enter it in My company first.")
        % {"what": lacking},
        field="is_e_invoice",
    )


def edit_definition(*, actor: Actor, row: Definition, values: Mapping[str, Any]) -> bool:
    """Change the columns of one; whether any changed. Issued invoices stay.

    Locks the row; else as create_term.
    """
    noun = CHOSEN_AS[type(row)]
    return edit_named(actor=actor, row=row, values=values, noun=noun, right=RIGHT)


def delete_definition(*, actor: Actor, row: Definition) -> None:
    """Delete one that no class, customer or account has chosen; DomainError ``in_use``."""
    noun = CHOSEN_AS[type(row)]
    delete_named(actor=actor, row=row, noun=noun, uses=lambda: uses_of(row), right=RIGHT)
