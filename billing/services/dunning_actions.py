"""What a person decides about dunning: suspend, lift, a promise to pay, taking a step back.

Who issues the balance decides, under its lock.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import ONCE, DunningKind
from billing.models import Balance, DunningStep, Suspension
from billing.selectors.dunning import overdue_invoices, pressing_invoices
from billing.selectors.dunning_rules import today_of
from billing.services.maintenance import check_pair, check_payer, check_reason
from billing.services.suspensions import close, lock_dunned, new_step, recipient_of, stop, tell
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

LONGEST_PROMISE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Held:
    """A balance under its lock, with its open suspension."""

    balance: Balance
    standing: Suspension | None
    moment: datetime

    @property
    def today(self) -> date:
        return today_of(self.balance, self.moment)


def suspend(*, actor: Actor, balance: Balance, reason: str) -> Suspension:
    """Stop the calls of a balance now, by hand, with an internal ``reason``; a promise ends.

    Lifted by paying where something is overdue, else by a person alone. Invoices that were excused
    count again. Atomic with the audit row. Raises PermissionDenied, DomainError ``reason``,
    ``suspended``, ``closed`` or ``archived``.
    """
    check_reason(reason)
    with transaction.atomic():
        held = _hold(actor, balance)
        if held.standing is not None and held.standing.is_stopping:
            raise DomainError("suspended", _("It is suspended already."))
        _excuses(held).update(undone_at=held.moment, undone_by=actor.user)
        until_paid = pressing_invoices(held.moment).filter(balance=balance).exists()
        return stop(
            actor=actor,
            balance=held.balance,
            standing=held.standing,
            moment=held.moment,
            reason=reason.strip(),
            until_paid=until_paid,
        )


def lift(*, actor: Actor, balance: Balance, notes: str = "") -> None:
    """Let calls go on, by hand; what is overdue now suspends no more until a person says so.

    Atomic with the audit row. Raises PermissionDenied, DomainError ``not_suspended``, ``closed``
    or ``archived``.
    """
    with transaction.atomic():
        held = _hold(actor, balance)
        if held.standing is None:
            raise DomainError("not_suspended", _("It is not suspended."))
        _excuse(actor, held)
        close(
            actor=actor,
            balance=held.balance,
            standing=held.standing,
            moment=held.moment,
            notes=notes.strip(),
        )


def promise(*, actor: Actor, balance: Balance, until: date, notes: str = "") -> Suspension:
    """Let calls go on up to the local day ``until``, included; then they stop if nothing is paid.

    Also before they have stopped: then they do not before that day. A later promise takes the
    place of one before. Atomic with the audit row. Raises PermissionDenied, DomainError ``until``,
    ``nothing_due``, ``closed`` or ``archived``.
    """
    with transaction.atomic():
        held = _hold(actor, balance)
        if not held.today <= until <= held.today + LONGEST_PROMISE:
            raise DomainError("until", _("Choose a day from today, within a year."), field="until")
        standing = held.standing
        if standing is None:
            if not pressing_invoices(held.moment).filter(balance=balance).exists():
                raise DomainError("nothing_due", _("Nothing is overdue."))
            standing = Suspension(balance=held.balance, opened_at=held.moment)
        was_stopping = standing.is_stopping
        standing.promised_until = until
        standing.save()
        step = new_step(
            actor,
            held.balance,
            standing,
            DunningKind.PROMISED,
            moment=held.moment,
            notes=notes.strip(),
        )
        step.recipient = recipient_of(held.balance) if was_stopping else ""
        tell(actor, step, {"promised_until": ["", until]})
        return standing


def undo_step(*, actor: Actor, step: DunningStep) -> None:
    """Take a step back; the log keeps it, with who undid it and when.

    A reminder is but marked. A mark "overdue" undone keeps its invoice out of dunning; undone once
    more it counts again. An undone suspension is lifted by hand (``lift``), an undone promise ends
    now, an undone lift by hand stops calls again, an undone excuse lets the invoice count again.
    Raises PermissionDenied, DomainError ``undone``, ``over`` or what those raise.
    """
    with transaction.atomic():
        held = _hold(actor, step.balance)
        fresh = DunningStep.objects.select_for_update(of=("self",)).get(pk=step.pk)
        is_again = fresh.undone_at is not None
        if is_again and fresh.kind != DunningKind.OVERDUE:
            raise DomainError("undone", _("This step was undone already."))
        if fresh.kind not in (*ONCE, DunningKind.EXCUSED):
            _take_back(actor, held, fresh)
        fresh.undone_at = None if is_again else held.moment
        fresh.undone_by = None if is_again else actor.user
        fresh.save(update_fields=["undone_at", "undone_by"])
        record(
            actor=actor,
            customer=held.balance.customer,
            action="dunning_redone" if is_again else "dunning_undone",
            subject=fresh.invoice or held.balance.account or held.balance.customer,
            changes={"step": ["", fresh.get_kind_display()]},
            is_private=held.balance.account_id is None,  # the log is on the side that bills alone
        )


def _take_back(actor: Actor, held: Held, step: DunningStep) -> None:
    """Undo what a step did to calls, while it is the last one that did."""
    later = DunningStep.objects.in_force().filter(balance=held.balance, invoice=None)
    if later.filter(pk__gt=step.pk).exists():
        raise DomainError("over", _("Something has followed it: undo that first."))
    standing = held.standing
    if step.kind == DunningKind.SUSPENDED and standing is not None:
        lift(actor=actor, balance=held.balance)
    elif step.kind == DunningKind.PROMISED and standing is not None:
        _end_promise(actor, held, standing)
    elif step.kind == DunningKind.LIFTED and standing is None and step.user_id is not None:
        suspend(actor=actor, balance=held.balance, reason=_("The lift was undone."))
    else:
        raise DomainError("over", _("This cannot be undone any more."))


def _end_promise(actor: Actor, held: Held, standing: Suspension) -> None:
    """Calls stop again; where they had not stopped before the promise, dunning just goes on."""
    if standing.since is None:
        close(actor=actor, balance=held.balance, standing=standing, moment=held.moment)
    else:
        stop(actor=actor, balance=held.balance, standing=standing, moment=held.moment)


def _hold(actor: Actor, balance: Balance) -> Held:
    """The balance under its lock, of who may decide about it, while it is in use."""
    check_pair(actor, balance)
    locked = lock_dunned(balance)
    check_payer(locked)
    standing = Suspension.objects.standing().filter(balance=locked).first()
    return Held(locked, standing, now())


def _excuses(held: Held) -> Any:
    rows = DunningStep.objects.in_force().filter(balance=held.balance)
    return rows.filter(kind=DunningKind.EXCUSED)


def _excuse(actor: Actor, held: Held) -> None:
    """Let what is overdue now stop no calls any more."""
    known = set(_excuses(held).values_list("invoice", flat=True))
    rows = overdue_invoices(held.moment).filter(balance=held.balance).exclude(pk__in=known)
    DunningStep.objects.bulk_create(
        [
            DunningStep(
                balance=held.balance,
                invoice=invoice,
                kind=DunningKind.EXCUSED,
                on_day=held.today,
                at=held.moment,
                user=actor.user,
            )
            for invoice in rows
        ]
    )
