"""Alerts about funds: what is told by itself, by rule, and what a person sends by hand.

A worker locks the ``AlertState`` rows of a batch, those that another one has are left to it, then
the trunks of their customers.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Trunk
from accounts.services.trunk_alerts import Trunks, disable_trunks, enable_trunks
from billing.models import AlertState, Balance
from billing.selectors.alerts import Due, due_alerts, recovery_of
from billing.selectors.balances import balance_of
from customers.models import Customer
from customers.selectors import system_actor
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.models import Message
from notifications.services.events import News, tell
from notifications.values import Money, Table, Value
from softswitch.core.errors import DomainError

logger = logging.getLogger(__name__)

BATCH = 200
MOST = 10_000  # balances that one run does with
# What is wrong with one balance, and right with others; not that the database is away.
_FAILURES = (DomainError, ArithmeticError, ValueError, LookupError, DataError, IntegrityError)
_KEPT = [
    "low_since",
    "low_told_at",
    "low_told_noon",
    "low_told_days",
    "trunks_disabled_at",
    "empty_since",
    "credit_step",
]


def run_alerts(*, moment: datetime, limit: int = MOST) -> int:
    """Tell what is due at ``moment`` by the rules of every customer; returns of how many balances.

    Who is to be told of is found by one statement. Safe to repeat and to run many times at once: a
    batch is told with the mark that it was, in one transaction, after a second look under the
    locks of its states. What cannot be told of one balance is logged and tried again by the next
    run, and stops no other.
    """
    actor = system_actor()
    ids, count = [due.balance_id for due in due_alerts(moment, limit=limit)], 0
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        AlertState.objects.bulk_create(
            [AlertState(balance_id=pk) for pk in batch], ignore_conflicts=True
        )
        if _is_told(actor, batch, moment):
            count += len(batch)
        elif len(batch) > 1:
            count += sum(_is_told(actor, [pk], moment) for pk in batch)
    return count


def _is_told(actor: Actor, ids: Sequence[int], moment: datetime) -> bool:
    """Do with these balances in one transaction; False: nothing was done, as one has a fault."""
    try:
        with transaction.atomic():
            _run_batch(actor, ids, moment)
    except _FAILURES:
        if len(ids) == 1:
            logger.exception("alerts about balance %s could not be told", ids[0])
        return False
    return True


def end_alerts(*, actor: Actor, balance: Balance) -> None:
    """Forget what was told of a balance whose owner is left, and enable what its rule disabled.

    Part of the caller's transaction. Locks the state, then the trunks.
    """
    states = AlertState.objects.filter(balance=balance)
    if states.select_for_update().first() is not None:
        states.delete()
        enable_trunks(actor=actor, customers=[balance.customer])


def _run_batch(actor: Actor, ids: Sequence[int], moment: datetime) -> None:
    rows = AlertState.objects.filter(balance__in=ids).order_by("balance")
    states = {row.balance_id: row for row in rows.select_for_update(skip_locked=True)}
    todo = due_alerts(moment, limit=len(ids), balances=list(states))
    parties = Balance.objects.select_related("customer", "issuer", "currency")
    balances = parties.in_bulk([due.balance_id for due in todo])
    disabled, enabled = _switch_trunks(actor, todo, balances, moment)
    for due in todo:
        balance = balances[due.balance_id]
        for event, values in _told(due, balance, disabled, enabled):
            _tell(actor, balance, event, values)
        _keep(states[due.balance_id], due, moment)
    AlertState.objects.bulk_update([states[due.balance_id] for due in todo], _KEPT)


def _switch_trunks(
    actor: Actor, todo: Sequence[Due], balances: dict[int, Balance], moment: datetime
) -> tuple[Trunks, Trunks]:
    """Those that were disabled and enabled, by customer."""
    low = [balances[due.balance_id].customer for due in todo if due.disables]
    recovered = [balances[due.balance_id].customer for due in todo if due.enables]
    disabled = disable_trunks(actor=actor, customers=low, at=moment) if low else {}
    enabled = enable_trunks(actor=actor, customers=recovered) if recovered else {}
    return disabled, enabled


def _told(
    due: Due, balance: Balance, disabled: Trunks, enabled: Trunks
) -> list[tuple[Event, dict[str, Value]]]:
    """The events of one balance with their own fields, the least urgent last."""
    pk, alert = balance.customer_id, _alert_of(due, balance)
    told: list[tuple[Event, dict[str, Value]]] = []
    if due.tells_empty:
        told.append((Event.ZERO_BALANCE, {}))
    if due.tells_step:
        used = round(due.used, 1)
        told.append((Event.CREDIT_LIMIT, {"threshold": due.step, "used_percent": used}))
    if disabled.get(pk):
        values = alert | _recovery(due, balance) | {"trunks": _table(disabled[pk])}
        told.append((Event.TRUNKS_DISABLED, values))
    if enabled.get(pk):
        told.append((Event.TRUNKS_ENABLED, {"trunks": _table(enabled[pk])}))
    if due.tells_low:
        told.append((Event.LOW_BALANCE, alert))
    return told


def _alert_of(due: Due, balance: Balance) -> dict[str, Value]:
    limit = due.low_limit
    shown = None if limit is None else Money(limit, balance.currency_id)
    return {"alert.below": shown, "alert.days": due.days_low}


def _recovery(due: Due, balance: Balance) -> dict[str, Value]:
    if due.low_limit is None:
        return {"alert.recovery": None}
    currency = balance.currency_id
    return {"alert.recovery": Money(recovery_of(due.low_limit, currency), currency)}


def _table(trunks: Sequence[Trunk]) -> Table:
    with override(trunks[0].customer.language):
        head = _("Trunk")
    return Table((head,), tuple((trunk.name,) for trunk in trunks))


def _tell(actor: Actor, balance: Balance, event: Event, values: dict[str, Value]) -> None:
    """One event about a balance; the page that shows more is open to both sides."""
    of_trunks = event in (Event.TRUNKS_DISABLED, Event.TRUNKS_ENABLED)
    path = (
        reverse("accounts:trunk_list")
        if of_trunks
        else reverse("billing:ledger", args=[balance.customer_id])
    )
    news = News(
        event=event,
        owner=balance.issuer,
        customer=balance.customer,
        values=funds_of(balance) | values,
        path=path,
    )
    tell(actor=actor, news=news)


def _keep(state: AlertState, due: Due, moment: datetime) -> None:
    """Put what was done on the state."""
    if due.since is None:
        state.low_told_at, state.low_told_noon, state.low_told_days = None, None, 0
    elif due.tells_low:
        state.low_told_at = max(state.low_told_at or moment, moment)
        state.low_told_noon, state.low_told_days = due.noon, due.told_days
    if due.disables or due.enables:
        state.trunks_disabled_at = moment if due.disables else None
    if not due.is_empty:
        state.empty_since = None
    elif due.tells_empty:
        state.empty_since = moment
    state.low_since, state.credit_step = due.since, due.step


def send_low_balance_alert(*, actor: Actor, customer: Customer) -> Message:
    """Mail a direct customer its balance, credit limit and what is available.

    To its billing e-mail, else its main e-mail. For who may edit it or move its money, else
    PermissionDenied. Raises DomainError ``archived``, ``no_balance`` (Root) or ``no_email``.
    """
    is_allowed = actor.can("money.manage") or actor.can("customers.edit")
    if not customer.is_direct_of(actor) or not is_allowed:
        raise PermissionDenied
    if customer.archived_at is not None:
        raise DomainError("archived", _("This customer is archived."))
    balance = balance_of(customer)
    if balance is None:
        raise DomainError("no_balance", _("This customer has no balance."))
    news = News(
        event=Event.LOW_BALANCE,
        owner=actor.customer,
        customer=customer,
        values=funds_of(balance),
    )
    letters = tell(actor=actor, news=news)
    if not letters:
        raise DomainError("no_email", _("There is no e-mail address."), field="email")
    return letters[0]


def funds_of(balance: Balance) -> dict[str, Value]:
    """The fields of every message about funds."""
    currency = balance.currency_id
    return {
        "balance": Money(balance.amount, currency),
        "credit_limit": Money(balance.credit_limit, currency),
        "available": Money(balance.available, currency),
        "reserved": Money(balance.reserved, currency),
    }
