"""Resets the balance of a direct customer: one entry that brings it to 0."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import EntryKind
from billing.models import LedgerEntry
from billing.selectors.balances import balance_of
from billing.services.maintenance import (
    bring_to_zero,
    check_pair,
    check_payer,
    lock_to_post,
    posted_as,
)
from customers.models import Customer
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError


def reset_balance(*, actor: Actor, customer: Customer, reason: str, key: str) -> LedgerEntry:
    """Bring the balance between the actor and its direct customer to 0, with a reason.

    ``key`` comes with the form, so pressing twice posts once. Raises PermissionDenied for a balance
    that is not the actor's to move, DomainError ``reason`` (empty), ``zero`` (it is 0 already),
    ``closed`` (the customer has moved away) or ``archived``. Atomic with the audit row; locks the
    balance, under whose lock all of this is told.
    """
    balance = balance_of(customer)
    if balance is None:
        raise PermissionDenied
    check_pair(actor, balance)
    key = f"reset:{key}:{balance.pk}"
    with transaction.atomic():
        posted = posted_as(key)
        if posted is None:
            check_payer(lock_to_post(balance, now()))
            posted = posted_as(key)  # sent twice at once: the lock waited for the other one
        if posted is not None:
            return posted
        entry = bring_to_zero(
            actor=actor, balance=balance, kind=EntryKind.RESET, reason=reason, key=key
        )
        if entry is None:
            raise DomainError("zero", _("The balance is 0 already."))
        record(
            actor=actor,
            customer=customer,
            action="balance_reset",
            subject=customer,
            changes={"balance": [-entry.amount, entry.balance_after], "reason": ["", reason]},
        )
    return entry
