"""Settles what late calls left on a balance that has ended: one entry that brings it to 0."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from billing.choices import DEBT, SURPLUS
from billing.models import Balance, LedgerEntry
from billing.selectors.ended import end_of, ended_balances, may_settle
from billing.services.maintenance import check_reason, lock_to_post, post_rest, posted_as
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

SOURCE = "settlement"  # verify_pairs knows these entries by it
_INSTANT = timedelta(microseconds=1)


def settle_balance(
    *, actor: Actor, balance: Balance, kind: str, reason: str, key: str
) -> LedgerEntry:
    """Bring a balance that a move closed, or that is of something archived, to exactly 0.

    A debt was paid or is written off (``kind`` add_funds or write_off), a surplus is paid out or
    forfeited (pay_out or forfeit), by an entry with ``reason``. Calls that come in later still can
    leave something again. The entry is of now, and of the period that the balance ended in, as late
    calls are; of the first open one where that is closed, so that it opens no period of its own.
    ``key`` comes with the form, so pressing twice posts once. Atomic with the audit row; the amount
    is read under the balance's lock. Raises PermissionDenied as ``may_settle`` says, DomainError
    ``reason``, ``kind``, ``in_use`` or ``zero``.
    """
    if not may_settle(actor, balance):
        raise PermissionDenied
    check_reason(reason)
    key = f"settle:{key}:{balance.pk}"
    with transaction.atomic():
        return posted_as(key) or _post(actor, balance, kind, reason, key)


def _post(actor: Actor, balance: Balance, kind: str, reason: str, key: str) -> LedgerEntry:
    rows = ended_balances(Balance.objects.filter(pk=balance.pk), actor)
    fresh = rows.first()  # ended for good: neither a move nor an archive is undone
    end = end_of(fresh) if fresh else None
    if fresh is None or end is None:
        raise DomainError("in_use", _("This balance is in use: Maintenance moves it."))
    last = end - _INSTANT
    locked = lock_to_post(fresh, last)
    repeat = posted_as(key)  # sent twice at once: the lock waited for the other one
    if repeat is not None:
        return repeat
    if not locked.amount:
        raise DomainError("zero", _("The balance is 0 already."))
    if kind not in (DEBT if locked.amount < 0 else SURPLUS):
        raise DomainError("kind", _("Choose what becomes of the balance."), field="kind")
    entry = post_rest(
        actor=actor,
        locked=locked,
        kind=kind,
        reason=reason,
        key=key,
        source=SOURCE,
        period_at=last,
    )
    _record(actor, fresh, entry)
    return entry


def _record(actor: Actor, balance: Any, entry: LedgerEntry) -> None:
    """What is between a customer and an owner that it has left is an event of that owner's."""
    is_closed = balance.closed_at is not None
    record(
        actor=actor,
        customer=balance.issuer if is_closed else balance.customer,
        action="balance_settled",
        subject=balance.account or balance.customer_name,
        changes={"balance": [-entry.amount, entry.balance_after], "reason": ["", entry.notes]},
    )
