"""Transfers between a customer and its accounts: the two legs, and how much can go back."""

from decimal import Decimal

from django.db.models import Q, Sum

from billing.choices import EntryKind
from billing.models import Balance, LedgerEntry
from billing.selectors.balances import balance_of
from billing.selectors.redeem import is_payable
from customers.tenancy import Actor
from softswitch.core.money import ZERO

OUT, INTO = "out", "in"  # how the key of a leg ends
_OTHER = {OUT: INTO, INTO: OUT}


def other_leg(entry: LedgerEntry) -> LedgerEntry | None:
    """The entry at the other end of a transfer; None for what is no transfer."""
    if entry.kind != EntryKind.TRANSFER:
        return None
    stem, _colon, end = entry.idempotency_key.rpartition(":")
    rows = LedgerEntry.objects.select_related("balance__customer", "balance__account")
    found: LedgerEntry | None = rows.filter(
        kind=EntryKind.TRANSFER, idempotency_key=f"{stem}:{_OTHER.get(end, '')}"
    ).first()
    return found


def moved_to(account_balance: Balance, own: Balance) -> Decimal:
    """What was moved to an account from its customer's ``own`` balance and not back: 0 or above.

    Of the present balance: what came of one with an owner that the customer has left was that
    owner's to be paid for, and the present one owes nothing for it.
    """
    rows = LedgerEntry.objects.filter(balance=account_balance, posted_at__gte=own.opened_at)
    moves = Q(kind=EntryKind.TRANSFER) | Q(
        kind=EntryKind.REVERSAL, reverses__kind=EntryKind.TRANSFER
    )
    total: Decimal | None = rows.filter(moves).aggregate(total=Sum("amount"))["total"]
    return max(total or ZERO, ZERO)


def may_transfer(actor: Actor, balance: Balance) -> bool:
    """Whether the actor may move money between an account (its ``balance``) and its customer."""
    is_own = balance.account_id is not None and balance.issuer_id == actor.customer_id
    return is_own and actor.can("money.manage") and not actor.is_root


def transfer_ends(actor: Actor, balance: Balance) -> tuple[Balance, Balance] | None:
    """The balances of the customer and of its account, where money can move; else None."""
    if not (may_transfer(actor, balance) and is_payable(balance)):
        return None
    own = balance_of(balance.customer)
    return None if own is None else (own, balance)


def has_transfers(actor: Actor) -> bool:
    """Whether the actor's customer has a balance of its own and an account charged by itself."""
    if actor.is_root or actor.account_id is not None or not actor.can("money.manage"):
        return False
    rows = Balance.objects.filter(
        customer=actor.customer_id, account__isnull=False, account__archived_at=None
    )
    return bool(rows.exists())
