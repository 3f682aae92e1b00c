"""Writes off a debt, or a part of it, of a balance that is in use."""

from decimal import Decimal

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import EntryKind
from billing.models import Balance, LedgerEntry
from billing.services.ledger import Posting, post_entry
from billing.services.maintenance import (
    check_pair,
    check_payer,
    check_reason,
    lock_to_post,
    posted_as,
)
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError


def write_off(
    *, actor: Actor, balance: Balance, amount: Decimal, reason: str, key: str
) -> LedgerEntry:
    """Post a write-off (+) of ``amount``, in the balance's currency, at most the debt.

    ``key`` comes with the form, so pressing twice posts once. Raises PermissionDenied for a balance
    that the actor's customer does not bill, DomainError ``reason``, ``amount``, ``no_debt``,
    ``closed`` or ``archived``. Atomic with the audit row; the debt is read under the lock.
    """
    check_pair(actor, balance)
    check_reason(reason)
    key = f"write_off:{key}:{balance.pk}"
    with transaction.atomic():
        locked = lock_to_post(balance, now())
        posted = posted_as(key)
        if posted is None:
            check_payer(locked)
            _check_amount(amount, locked)
        posting = Posting(
            kind=EntryKind.WRITE_OFF,
            amount=amount,
            currency=locked.currency_id,
            key=key,
            notes=reason.strip(),
            source="write_off",
        )
        entry = post_entry(actor=actor, balance_id=locked.pk, posting=posting)
        if posted is None:
            record(
                actor=actor,
                customer=balance.customer,
                action="debt_written_off",
                subject=balance.account or balance.customer,
                changes={
                    "balance": [entry.balance_after - entry.amount, entry.balance_after],
                    "reason": ["", entry.notes],
                },
            )
    return entry


def _check_amount(amount: Decimal, locked: Balance) -> None:
    if locked.amount >= 0:
        raise DomainError("no_debt", _("There is no debt to write off."))
    if not (amount.is_finite() and 0 < amount <= -locked.amount):
        raise DomainError("amount", _("Enter an amount above 0, at most the debt."), field="amount")
