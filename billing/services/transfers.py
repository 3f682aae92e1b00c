"""Moves money between a customer and one of its accounts that is charged by itself."""

from collections.abc import Mapping
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import EntryKind
from billing.models import Balance, LedgerEntry
from billing.selectors.redeem import is_payable
from billing.selectors.transfers import INTO, OUT, may_transfer, moved_to
from billing.services.ledger import Posting, post_entry
from billing.services.maintenance import LARGEST, check_payer, lock_all_to_post, posted_as
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.money import ZERO


def transfer_funds(
    *,
    actor: Actor,
    source: Balance,
    target: Balance,
    amount: Decimal,
    key: str,
    notes: str = "",
) -> LedgerEntry:
    """Move ``amount`` > 0 from one balance to the other; returns the entry of the source.

    One of them is of a customer, the other of its account; the customer's own users with
    money.manage do it, else PermissionDenied. No more than what is available leaves the source. An
    account gives back at most what was moved to it from the same balance: its own is its customer's
    to make, the customer's is not. ``key`` comes with the form, so pressing twice moves once.

    Atomic with the audit row; locks both balances in one statement, ascending id. Raises
    DomainError ``amount``, ``available``, ``moved``, ``key_reused``, ``closed`` or ``archived``.
    """
    account = _account_end(actor, source, target)
    if not (amount.is_finite() and 0 < amount < LARGEST):
        raise DomainError("amount", _("Enter an amount above 0."), field="amount")
    with transaction.atomic():
        moment = now()
        locked = lock_all_to_post([source, target], moment)
        posted = posted_as(f"transfer:{key}:{OUT}")
        if posted is None:
            check_transfer(locked, source.pk, target.pk, amount)
        entries = [
            post_entry(
                actor=actor,
                balance_id=balance.pk,
                posting=_leg(balance, signed, f"transfer:{key}:{end}", notes),
                at=moment,
            )
            for end, balance, signed in ((OUT, source, -amount), (INTO, target, amount))
        ]
        if posted is None:
            _record(actor, account, entries)
    return entries[0]


def _leg(balance: Balance, amount: Decimal, key: str, notes: str) -> Posting:
    return Posting(
        kind=EntryKind.TRANSFER,
        amount=amount,
        currency=balance.currency_id,
        key=key,
        notes=notes.strip(),
        source="transfer",
    )


def check_transfer(
    locked: Mapping[int, Balance], source_id: int, target_id: int, amount: Decimal
) -> None:
    """Refuse (DomainError) what may not move from source to target; both are locked."""
    source, target = locked[source_id], locked[target_id]
    for balance in (source, target):
        check_payer(balance)
        if not is_payable(balance):
            raise DomainError("closed", _("The account is charged with its customer."))
    if source.currency_id != target.currency_id:
        raise DomainError("currency", _("The two balances are in different currencies."))
    if amount > source.available:
        raise DomainError("available", _("This is more than what is available."), field="amount")
    if source.account_id is not None and amount > moved_to(source, target):
        raise DomainError(
            "moved", _("This is more than what was moved to the account."), field="amount"
        )


def _account_end(actor: Actor, source: Balance, target: Balance) -> Balance:
    """The account's balance of the two; PermissionDenied where they are no such pair."""
    ends = [balance for balance in (source, target) if balance.account_id is not None]
    is_pair = len(ends) == 1 and source.customer_id == target.customer_id
    if not is_pair or not may_transfer(actor, ends[0]):
        raise PermissionDenied
    return ends[0]


def _record(actor: Actor, account: Balance, entries: list[LedgerEntry]) -> None:
    into = next(entry for entry in entries if entry.balance_id == account.pk)
    record(
        actor=actor,
        customer=account.customer,
        action="funds_transferred" if into.amount > ZERO else "funds_taken_back",
        subject=account.account,
        changes={"balance": [into.balance_after - into.amount, into.balance_after]},
    )
