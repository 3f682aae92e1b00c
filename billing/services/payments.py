"""Posts what online providers say: a payment once, and what is given back of it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2s
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.choices import ONLINE, EntryKind, OnlineState
from billing.models import Balance, LedgerEntry, OnlinePayment, PaymentProvider, TopUp
from billing.selectors.ended import end_of
from billing.services.ledger import Posting, post_entry
from billing.services.payment_letters import mail_payment
from billing.services.providers.base import Event, Notice
from customers.models import Customer
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
    reverses the entry, one of a part pays out; what a bank takes back by a dispute does the same,
    and is paid in again where it returns it, each once per dispute. Raises DomainError
    ``not_posted`` for what comes before the posting it follows: the provider sends it again.

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
        _close(payment, OnlineState.REFUSED, note=_("%(paid)s was paid.") % {"paid": paid})
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
        payment.saves_card = False  # told once more, it would bring back a card that was forgotten
        payment.save(update_fields=["saves_card"])
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
    if not _is_posted(payment):
        return
    back = notice.amount or ZERO
    if notice.currency != payment.currency_id or back > payment.amount:
        logger.error("online payment %s: %s %s given back", payment.pk, back, notice.currency)
        return
    if back <= payment.refunded:
        return
    key = f"{SOURCE}:{payment.pk}:refund:{back.normalize():f}"
    entry = _take(payment, back - payment.refunded, key)
    payment.refunded = back
    _set_state(payment)
    _record(payment, "refunded_online", entry)


def _dispute(payment: OnlinePayment, notice: Notice) -> None:
    """A bank asks for the money: nothing moves yet, but a person should know, once."""
    if not _is_posted(payment) or notice.dispute_id in payment.note:
        return
    told = f"Disputed ({notice.reason}): {notice.dispute_id}"
    payment.note = f"{payment.note} {told}".strip()[-300:]
    payment.save(update_fields=["note"])
    # What its holder disputes is not charged again by itself, as soon as the bank has taken it.
    problem = gettext_noop("A payment was disputed at the bank.")
    TopUp.objects.filter(balance=payment.balance_id).update(is_enabled=False, problem=problem)
    record(
        actor=_actor(payment),
        customer=_audited(payment),
        action="disputed_online",
        subject=f"{payment.provider}: {payment}",
        changes={"reason": ["", told]},
    )


def _withdraw(payment: OnlinePayment, notice: Notice) -> None:
    """A bank has taken the money of a dispute; its fee is not the payer's and not told here."""
    _dispute(payment, notice)
    amount, key = notice.amount or ZERO, _dispute_key(payment, notice, "out")
    if not _is_posted(payment) or _entry_of(key) is not None:
        return
    if notice.currency != payment.currency_id or amount <= 0:
        logger.error("online payment %s: %s %s disputed", payment.pk, amount, notice.currency)
        return
    entry = _take(payment, amount, key)
    payment.disputed += amount
    _set_state(payment)
    _record(payment, "withdrawn_online", entry)


def _win(payment: OnlinePayment, notice: Notice) -> None:
    """Of what was never taken nothing comes back."""
    if _entry_of(_dispute_key(payment, notice, "out")) is not None:
        _reinstate(payment, notice)


def _reinstate(payment: OnlinePayment, notice: Notice) -> None:
    """A bank has returned what it had taken; it is paid in once more."""
    key = _dispute_key(payment, notice, "back")
    if not _is_posted(payment) or _entry_of(key) is not None:
        return
    taken = _entry_of(_dispute_key(payment, notice, "out"))
    if taken is None:
        raise DomainError("not_posted", _("What comes back was not taken yet."))
    amount = min(notice.amount or ZERO, -taken.amount)
    if notice.currency != payment.currency_id or amount <= 0:
        logger.error("online payment %s: %s %s returned", payment.pk, amount, notice.currency)
        return
    entry = _post(payment, EntryKind.ADD_FUNDS, amount, key=key)
    payment.disputed -= amount
    _set_state(payment)
    _record(payment, "reinstated_online", entry)


def _is_posted(payment: OnlinePayment) -> bool:
    """Whether its money stands in the ledger; not yet: DomainError ``not_posted``."""
    if payment.state == OnlineState.REFUSED:
        return False
    if payment.entry_id is None:
        raise DomainError("not_posted", _("This payment is not posted yet."))
    return True


def _dispute_key(payment: OnlinePayment, notice: Notice, way: str) -> str:
    """Once per dispute and way; a provider's name of it can be longer than a key."""
    name = blake2s(notice.dispute_id.encode(), digest_size=12).hexdigest()
    return f"{SOURCE}:{payment.pk}:dispute:{name}:{way}"


def _entry_of(key: str) -> LedgerEntry | None:
    found: LedgerEntry | None = LedgerEntry.objects.filter(idempotency_key=key).first()
    return found


def _take(payment: OnlinePayment, amount: Decimal, key: str) -> LedgerEntry:
    """Money of a payment that is gone: all of it at once is its reversal, an entry has but one."""
    is_whole = amount == payment.amount
    if is_whole and not LedgerEntry.objects.filter(reverses=payment.entry).exists():
        return _post(payment, EntryKind.REVERSAL, -amount, key=key, reverses=payment.entry)
    return _post(payment, EntryKind.PAY_OUT, -amount, key=key)


def _set_state(payment: OnlinePayment) -> None:
    """What became of it by now, with what was given back and what is disputed."""
    payment.state = OnlineState.PAID
    if payment.refunded == payment.amount:
        payment.state = OnlineState.REFUNDED
    if payment.disputed:
        payment.state = OnlineState.DISPUTED
    payment.save(update_fields=["refunded", "disputed", "state"])


_DO: dict[Event, Callable[[OnlinePayment, Notice], None]] = {
    Event.STARTED: _start,
    Event.PAID: _pay,
    Event.CARD_SAVED: _save_card,
    Event.FAILED: _fail,
    Event.EXPIRED: _expire,
    Event.REFUNDED: _refund,
    Event.DISPUTED: _dispute,
    Event.WITHDRAWN: _withdraw,
    Event.REINSTATED: _reinstate,
    Event.WON: _win,
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
    record(
        actor=_actor(payment),
        customer=_audited(payment),
        action=action,
        subject=f"{payment.provider}: {payment}",
        changes=changes,
    )


def _audited(payment: OnlinePayment) -> Customer:
    """Whose event it is: of a balance that a move has closed, its issuer's."""
    balance = payment.balance
    found: Customer = balance.customer if balance.closed_at is None else balance.issuer
    return found
