"""Stops the calls of who does not pay, and lets them go on: what dunning and payments do.

Suspensions are written under the lock of their balance (FOR NO KEY UPDATE), which payments hold
too. Payments may call this module: it knows nothing of posting.
"""

from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from billing.choices import DunningKind
from billing.models import Balance, DunningStep, Invoice, Suspension
from billing.selectors.dunning import pressing_invoices
from billing.selectors.dunning_rules import today_of
from billing.services.dunning_letters import mail_state, recipients_of
from customers.selectors import system_actor
from customers.services.audit import record
from customers.tenancy import Actor


class Change(Enum):
    """What dunning does to the calls of a balance."""

    STOP = auto()
    END = auto()


def lift_if_paid(*, balance: Balance, moment: datetime | None = None) -> bool:
    """Lift the suspension of a balance once nothing overdue is open; whether it was.

    Locks the balance, which the caller may hold already (a payment does). Atomic, safe to repeat;
    who paid is told that calls go on.
    """
    at = moment or now()
    with transaction.atomic():
        locked = lock_dunned(balance)
        rows = Suspension.objects.standing().filter(balance=balance, until_paid=True)
        standing = rows.first()
        if standing is None:
            return False
        # A clock that has gone back makes nothing less overdue.
        then = max(at, standing.since or standing.opened_at)
        if pressing_invoices(then).filter(balance=balance).exists():
            return False
        close(actor=system_actor(), balance=locked, standing=standing, moment=at)
    return True


def end_dunning(*, actor: Actor, balance: Balance, at: datetime) -> None:
    """End what is open on a balance that is closed or archived; nobody is told.

    Part of the caller's transaction, which holds the balance's lock.
    """
    standing = Suspension.objects.standing().filter(balance=balance).first()
    if standing is None:
        return
    standing.lifted_at, standing.lifted_by = at, actor.user
    standing.save(update_fields=["lifted_at", "lifted_by"])
    new_step(actor, balance, standing, DunningKind.LIFTED, moment=at).save(force_insert=True)


def stop(
    *,
    actor: Actor,
    balance: Balance,
    standing: Suspension | None,
    moment: datetime,
    reason: str = "",
    until_paid: bool = True,
    invoice: Invoice | None = None,
) -> Suspension:
    """Stop the calls of a locked balance, and say so; ``standing`` is its open suspension.

    ``invoice``: the oldest that it is for. In the caller's transaction.
    """
    if standing is None:
        standing = Suspension(balance=balance, opened_at=moment, until_paid=until_paid)
    standing.since, standing.promised_until = moment, None
    if reason:
        standing.reason, standing.until_paid = reason, until_paid
    standing.save()
    step = new_step(actor, balance, standing, DunningKind.SUSPENDED, moment=moment, notes=reason)
    step.recipient = recipient_of(balance)
    changes = {"invoice": ["", invoice]} if invoice is not None else {}
    tell(actor, step, changes)
    return standing


def close(
    *, actor: Actor, balance: Balance, standing: Suspension, moment: datetime, notes: str = ""
) -> None:
    """Lift ``standing`` of a locked balance; who could not call is told. In the caller's."""
    was_stopping = standing.is_stopping
    standing.lifted_at, standing.lifted_by = moment, actor.user
    standing.promised_until = None
    standing.save(update_fields=["lifted_at", "lifted_by", "promised_until"])
    step = new_step(actor, balance, standing, DunningKind.LIFTED, moment=moment, notes=notes)
    step.recipient = recipient_of(balance) if was_stopping else ""
    tell(actor, step, {})


def lock_dunned(balance: Balance) -> Balance:
    """The balance as it is under its lock, with its parties."""
    rows: Any = Balance.objects.select_related("customer", "issuer", "account")
    found: Balance = rows.select_for_update(no_key=True, of=("self",)).get(pk=balance.pk)
    return found


def recipient_of(balance: Balance) -> str:
    """Where a letter about a balance goes; empty: nowhere."""
    return recipients_of([balance])[balance.pk]


def new_step(
    actor: Actor,
    balance: Balance,
    standing: Suspension,
    kind: DunningKind,
    *,
    moment: datetime,
    notes: str = "",
) -> DunningStep:
    """A step about the calls of a balance, not stored yet."""
    return DunningStep(
        balance=balance,
        suspension=standing,
        kind=kind,
        on_day=today_of(balance, moment),
        at=moment,
        user=actor.user,
        notes=notes[:300],
    )


def tell(actor: Actor, step: DunningStep, changes: dict[str, Any]) -> None:
    """Store the step, write its letter, and the event."""
    step.save(force_insert=True)
    mail_state(actor=actor, step=step, moment=step.at)
    balance: Any = step.balance
    record(
        actor=actor,
        customer=balance.customer,
        action=f"dunning_{step.kind}",
        subject=balance.account or balance.customer,
        changes=changes,
    )
