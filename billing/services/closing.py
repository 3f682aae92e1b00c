"""Closes the billing periods that are over: each once, in order, a batch in one transaction."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from psycopg.errors import LockNotAvailable

from billing.choices import NEVER
from billing.models import Balance, BillingPeriod
from billing.selectors.calendars import end_after, first_end, has_change
from billing.selectors.closing import due_balances, left_open, limits_at, open_periods
from billing.selectors.ended import end_of
from billing.services.calendars import apply_change
from billing.services.closing_failures import tell_failure
from billing.services.drafts import draft_periods
from billing.services.periods import end_period, open_at, open_until
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue

logger = logging.getLogger(__name__)

BATCH = 100
SECONDS = 480  # of a task's ten minutes
_INSTANT = timedelta(microseconds=1)
# What one bad period can raise; it is logged, told, passed over, and tried again next time.
_DATA_ERRORS = (ArithmeticError, ValueError, LookupError, DataError, IntegrityError, DomainError)


def close_due(
    *,
    moment: datetime,
    calls_since: datetime | None = None,
    issuer_id: int | None = None,
    seconds: int = SECONDS,
) -> int:
    """Close every period that is due at ``moment``; how many it closed.

    A period is due the delay after its end, later where unrated calls of the customer ended in it,
    and not while calls that ended before its end wait to be charged: the first of them ended at
    ``calls_since`` (None: no call waits). Of one ``issuer_id`` only, if given. A period that was
    missed closes before the next one; what late calls leave on a balance that has ended closes as
    its calendar says. Goes on for at most ``seconds``; what is left is for the next
    run. A batch locks its balances in ascending order and passes over those that others hold, so
    that many may run at once, and whatever ends one leaves each period open or closed as a whole.
    """
    limits = limits_at(moment, calls_since)
    for unknown in (Balance.objects.filter(closes_at=None).order_by("pk"), left_open(limits)):
        _schedule(unknown)
    due = due_balances(limits)
    if issuer_id is not None:
        due = due.filter(issuer=issuer_id)
    stop, count = time.monotonic() + seconds, 0
    passed: set[int] = set()  # others hold them, or they failed: not tried again in this run
    while time.monotonic() < stop and (batch := list(due.exclude(pk__in=passed)[:BATCH])):
        known = {balance.pk: balance for balance in batch}
        open_at(known, [(pk, balance.closes_at - _INSTANT) for pk, balance in known.items()])
        closed = _close(due, list(known), moment)
        passed |= known.keys() - closed
        count += len(closed)
    return count


def close_ended(*, balances: Sequence[Balance], at: datetime) -> None:
    """Close at once what is open of balances that end at ``at``, with a draft of each period.

    Neither the delay nor unrated calls hold it back: these are counted, and late once they can be
    rated. Afterwards nothing of the balances closes any more, whatever late calls leave on them.
    Part of the caller's transaction, which has opened their periods (``periods.open_until``), then
    locked them, and says what they ended by only after that: the terms are still to be found.
    """
    known = {row.pk: row for row in balances if row.closes_at is None or row.closes_at < NEVER}
    open_until(known, at)  # what a closing changed while the locks were waited for
    ends = {pk: end_period(balance, at) for pk, balance in known.items()}
    closed = [
        _mark(known[row.balance_id], row, at, row.held)
        for row in open_periods(Balance.objects.filter(pk__in=known))
        if row.starts_at < ends[row.balance_id]
    ]
    _store(closed, at)
    for balance in balances:
        balance.closes_at = NEVER
    Balance.objects.filter(pk__in=known).update(closes_at=NEVER)


def request_closing(*, actor: Actor) -> None:
    """Let what is due between the actor's customer and those it bills be closed without delay."""
    if not actor.can("money.manage"):
        raise PermissionDenied
    with transaction.atomic():
        record(
            actor=actor,
            customer=actor.customer,
            action="closing_requested",
            subject=actor.customer,
        )
        enqueue("billing.close_periods", issuer_id=actor.customer_id)


def _close(due: QuerySet[Any], ids: Sequence[int], moment: datetime) -> set[int]:
    """Close a batch, say of which balances; where one fails, each alone: it stops no other."""
    try:
        return _close_batch(due, ids, moment)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        if len(ids) == 1:
            logger.info("closing of balance %s waits: a period is being opened", ids[0])
            return set()
    except _DATA_ERRORS as error:
        if len(ids) == 1:
            logger.exception("the period of balance %s could not be closed", ids[0])
            tell_failure(balance_id=ids[0], error=error)
            return set()
    return set().union(*(_close(due, [one], moment) for one in ids))


def _close_batch(due: QuerySet[Any], ids: Sequence[int], moment: datetime) -> set[int]:
    with transaction.atomic():
        locked = _locked(due.filter(pk__in=ids))
        stored = _open_periods(locked)
        closed = []
        for balance in locked:
            rows = stored.get(balance.pk, [])
            if rows and rows[0].ends_at == balance.closes_at:
                closed.append(_mark(balance, rows[0], moment, balance.unrated_calls))
                balance.closes_at = _next_end(balance, rows[0], rows[1:])
            else:  # another worker was here meanwhile, or it ends elsewhere: found next time
                balance.closes_at = first_end(balance)
        Balance.objects.bulk_update(locked, ["closes_at"])
        _store(closed, moment)
    return {period.balance_id for period in closed}


def _locked(due: QuerySet[Any]) -> list[Any]:
    """Those that are still due, locked in ascending order; what others hold is left to them."""
    rows = due.select_related("customer", "account").order_by("pk")
    return list(rows.select_for_update(no_key=True, skip_locked=True, of=("self",)))


def _open_periods(balances: Sequence[Any]) -> dict[int, list[BillingPeriod]]:
    """The stored open periods of each balance, in order."""
    found: dict[int, list[BillingPeriod]] = {}
    if not balances:
        return found
    first = min(balance.closes_at for balance in balances)
    rows = BillingPeriod.objects.filter(balance__in=balances, ends_at__gte=first, closed_at=None)
    for row in rows.order_by("balance", "starts_at"):
        found.setdefault(row.balance_id, []).append(row)
    return found


def _mark(balance: Balance, period: BillingPeriod, moment: datetime, unrated: int) -> BillingPeriod:
    period.balance = balance
    period.closed_at = moment
    period.unrated_calls = unrated
    return period


def _store(closed: Sequence[BillingPeriod], moment: datetime) -> None:
    """Store the periods as closed, their drafts, and what came of each."""
    BillingPeriod.objects.bulk_update(closed, ["closed_at", "unrated_calls"])
    outcomes = draft_periods(closed, moment=moment) if closed else {}
    for period in closed:
        period.outcome = outcomes[period.pk]
    BillingPeriod.objects.bulk_update(closed, ["outcome"])


def _next_end(balance: Balance, closed: BillingPeriod, later: Sequence[BillingPeriod]) -> datetime:
    """When the period after ``closed`` ends; of a balance that ended with it, never."""
    end = end_of(balance)
    if end is None:
        if has_change(balance):
            later = apply_change(balance, closed, later)
        return end_after(balance, closed.ends_at, later)
    if closed.ends_at >= end:
        return NEVER
    return min(end_after(balance, closed.ends_at, later), end)


def _schedule(unknown: QuerySet[Balance]) -> None:
    """Find out when balances close next of which it is not known, or is not never any more."""
    while True:
        with transaction.atomic():
            rows = list(unknown.select_for_update(no_key=True, skip_locked=True)[:BATCH])
            for balance in rows:
                balance.closes_at = first_end(balance)
            Balance.objects.bulk_update(rows, ["closes_at"])
        if not rows:
            return
