"""Posts what online providers say: a payment once, and what is given back of it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from billing.choices import ONLINE, EntryKind, OnlineState
from billing.models import Balance, LedgerEntry, OnlinePayment, PaymentProvider, TopUp
from billing.selectors.ended import end_of
from billing.services.ledger import Posting, post_entry
from billing.services.payment_letters import mail_payment
from billing.services.providers.base import Event, Notice
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.money import ZERO

logger = logging.getLogger(__name__)
SOURCE = ONLINE  # verify knows these entries by it
_INSTANT = timedelta(microseconds=1)


def take_notice(*, provider: PaymentProvider, notice: Notice) -> OnlinePayment | None:
    """Do what ``notice`` says of a payment through ``provider``; returns it, None if unknown.

    A payment posts Add Funds once, however often and in whichever order notices come, also where
    the balance has ended meanwhile: the money is there. Another amount or currency than was asked
    for is posted nowhere; the payment stands as refused, for a person to look at. A refund of all
    reverses the entry, one of a part pays out. Raises DomainError ``not_posted`` for a refund that
    comes before its payment, which the provider then sends again.

    Atomic with the audit row; locks the payment, then its balance.
    """
    with transaction.atomic():
        payment = _find(provider, notice)
        if payment is not None:
            _DO[notice.event](payment, notice)
        return payment


def order_key(payment: OnlinePayment) -> str:
    """The key under which a provider is asked for a payment: its own among all programs'."""
    return f"softswitch-{payment.provider.public_id}-{payment.key}"


def _find(provider: PaymentProvider, notice: Notice) -> OnlinePayment | None:
    """The payment that is meant, locked, among those of this provider; none of another program."""
    names = (
        {"pk": notice.payment_id},
        {"intent_id": notice.intent_id},
        {"session_id": notice.session_id},
    )
    rows = OnlinePayment.objects.select_for_update(of=("self",), no_key=True)
    related = rows.select_related("balance__customer", "balance__account", "acting_as", "provider")
    of_provider = related.filter(provider=provider)
    for name in names:
        found: OnlinePayment | None = (
            of_provider.filter(**name).first() if any(name.values()) else None
        )
        if found is not None:
            return found if notice.key in ("", order_key(found)) else None
    return None


def _start(payment: OnlinePayment, notice: Notice) -> None:
    """Remember the provider's names of it; the money is still to come."""
    payment.session_id = payment.session_id or notice.session_id
    payment.intent_id = payment.intent_id or notice.intent_id
    payment.save(update_fields=["session_id", "intent_id"])


def _pay(payment: OnlinePayment, notice: Notice) -> None:
    _start(payment, notice)
    if payment.entry_id is not None:
        return
    if (notice.amount, notice.currency) != (payment.amount, payment.currency_id):
        paid = f"{notice.amount} {notice.currency}"
        logger.error("online payment %s: %s was paid, not %s", payment.pk, paid, payment)
        _close(payment, OnlineState.REFUSED, note=f"{paid} was paid.")
        return
    payment.entry = _post(
        payment, EntryKind.ADD_FUNDS, payment.amount, key=f"{SOURCE}:{payment.pk}"
    )
    _close(payment, OnlineState.PAID)
    _record(payment, "paid_online", payment.entry)
    mail_payment(entry=payment.entry)


def _save_card(payment: OnlinePayment, notice: Notice) -> None:
    """Keep the card for automatic top-up, which its payer still has to switch on."""
    if payment.saves_card:
        TopUp.objects.update_or_create(
            balance=payment.balance,
            defaults={
                "provider": payment.provider,
                "payer_id": notice.payer_id,
                "method_id": notice.method_id,
                "problem": "",
            },
        )
    _pay(payment, notice)


def _fail(payment: OnlinePayment, notice: Notice) -> None:
    """A page lets its payer try another card, so what fails there is not the end of it."""
    is_final = payment.is_automatic or bool(notice.session_id)
    if is_final and payment.state == OnlineState.PENDING:
        _start(payment, notice)
        _close(payment, OnlineState.FAILED, note=notice.reason)


def _expire(payment: OnlinePayment, _notice: Notice) -> None:
    if payment.state == OnlineState.PENDING:
        _close(payment, OnlineState.EXPIRED)


def _refund(payment: OnlinePayment, notice: Notice) -> None:
    """Post what was given back since the last notice; ``amount`` counts from the first refund."""
    if payment.state == OnlineState.REFUSED:
        return
    if payment.entry is None:
        raise DomainError("not_posted", "This payment is not posted yet.")
    back = notice.amount or ZERO
    if notice.currency != payment.currency_id or back > payment.amount:
        logger.error("online payment %s: %s %s given back", payment.pk, back, notice.currency)
        return
    if back <= payment.refunded:
        return
    is_whole = back == payment.amount and not payment.refunded
    entry = _post(
        payment,
        EntryKind.REVERSAL if is_whole else EntryKind.PAY_OUT,
        payment.refunded - back,
        key=f"{SOURCE}:{payment.pk}:refund:{back.normalize():f}",
        reverses=payment.entry if is_whole else None,
    )
    payment.refunded = back
    payment.state = OnlineState.REFUNDED if back == payment.amount else payment.state
    payment.save(update_fields=["refunded", "state"])
    _record(payment, "refunded_online", entry)


_DO: dict[Event, Callable[[OnlinePayment, Notice], None]] = {
    Event.STARTED: _start,
    Event.PAID: _pay,
    Event.CARD_SAVED: _save_card,
    Event.FAILED: _fail,
    Event.EXPIRED: _expire,
    Event.REFUNDED: _refund,
}


def _close(payment: OnlinePayment, state: OnlineState, *, note: str = "") -> None:
    payment.state, payment.note, payment.settled_at = state, note[:300], now()
    payment.save(update_fields=["state", "note", "settled_at", "entry"])


def _actor(payment: OnlinePayment) -> Actor:
    """Who pays: the user who began it, for the customer that it acted as."""
    return Actor(user=payment.created_by, customer=payment.acting_as)


def _post(
    payment: OnlinePayment,
    kind: str,
    amount: Decimal,
    *,
    key: str,
    reverses: LedgerEntry | None = None,
) -> LedgerEntry:
    posting = Posting(
        kind=kind,
        amount=amount,
        currency=payment.currency_id,
        key=key,
        notes=" ".join(filter(None, [str(payment.provider), payment.intent_id])),
        source=SOURCE,
        reverses=reverses,
    )
    return post_entry(
        actor=_actor(payment),
        balance_id=payment.balance_id,
        posting=posting,
        period_at=_period_at(payment.balance),
    )


def _period_at(balance: Balance) -> datetime | None:
    """Of a balance that has ended, its last moment, so that no period opens after it."""
    end = end_of(balance)
    return None if end is None else end - _INSTANT


def _record(payment: OnlinePayment, action: str, entry: LedgerEntry) -> None:
    changes: dict[str, Any] = {"balance": [entry.balance_after - entry.amount, entry.balance_after]}
    balance = payment.balance
    record(
        actor=_actor(payment),
        customer=balance.customer if balance.closed_at is None else balance.issuer,
        action=action,
        subject=f"{payment.provider}: {payment}",
        changes=changes,
    )
