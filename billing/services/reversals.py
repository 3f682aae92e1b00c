"""Takes a ledger entry back: an entry of the opposite amount that names it, once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now

from billing.choices import EntryKind
from billing.models import Balance, LedgerEntry
from billing.selectors.reversals import legs_of, may_reverse, why_not
from billing.services.ledger import Posting, post_entry
from billing.services.maintenance import check_payer, check_reason, lock_all_to_post, posted_as
from billing.services.transfers import check_transfer
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError


def reverse_entry(*, actor: Actor, entry: LedgerEntry, reason: str, key: str) -> LedgerEntry:
    """Post what takes ``entry`` back, in the open period; both legs of a transfer together.

    Debits, credits, payments, vouchers (which stay used), resets, write-offs, opening balances and
    transfers; no usage, nothing of an invoice, no reversal. Whoever bills the balance does it, of a
    transfer who has moved it, else PermissionDenied. ``key`` comes with the form, so pressing twice
    posts once, and an entry is reversed once in any case.

    Atomic with the audit row; locks the balances in one statement, ascending id. Raises DomainError
    ``reason``, what ``why_not`` says, and for a transfer what ``transfer_funds`` does.
    """
    if not may_reverse(actor, entry):
        raise PermissionDenied
    check_reason(reason)
    with transaction.atomic():
        moment = now()
        legs = legs_of(entry)
        locked = lock_all_to_post([leg.balance for leg in legs], moment)
        posted = posted_as(_key(key, entry))
        if posted is not None:
            return posted
        _check(legs, locked)
        entries = [_reverse(actor, leg, reason, _key(key, leg), moment) for leg in legs]
        _record(actor, entry, entries[0])
    return entries[0]


def _key(key: str, entry: LedgerEntry) -> str:
    return f"reversal:{key}:{entry.pk}"


def _check(legs: Sequence[LedgerEntry], locked: Mapping[int, Balance]) -> None:
    for leg in legs:
        check_payer(locked[leg.balance_id])
        refusal = why_not(leg)
        if refusal is not None:
            raise DomainError(*refusal)
    if len(legs) == 2:
        giver, taker = sorted(legs, key=lambda leg: leg.amount, reverse=True)
        check_transfer(locked, giver.balance_id, taker.balance_id, giver.amount)


def _reverse(actor: Actor, entry: LedgerEntry, reason: str, key: str, at: datetime) -> LedgerEntry:
    posting = Posting(
        kind=EntryKind.REVERSAL,
        amount=-entry.amount,
        currency=entry.balance.currency_id,
        key=key,
        notes=reason.strip(),
        source="reversal",
        reverses=entry,
    )
    return post_entry(actor=actor, balance_id=entry.balance_id, posting=posting, at=at)


def _record(actor: Actor, entry: LedgerEntry, reversal: LedgerEntry) -> None:
    record(
        actor=actor,
        customer=entry.customer,
        action="entry_reversed",
        subject=f"{EntryKind(entry.kind).label} {entry.pk}",
        changes={
            "balance": [reversal.balance_after - reversal.amount, reversal.balance_after],
            "reason": ["", reversal.notes],
        },
    )
