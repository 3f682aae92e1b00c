"""Redeems a voucher: the PIN is used and the ledger entry posted in one transaction, once."""

import re
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from accounts.choices import VoucherStatus
from accounts.models import Voucher, VoucherAttempt
from accounts.selectors.vouchers import state_of_unused
from billing.choices import EntryKind
from billing.models import Balance, LedgerEntry
from billing.selectors.redeem import is_payable
from billing.services.ledger import Posting, post_entry
from billing.services.maintenance import check_open, check_pair, lock_to_post
from customers.models import User
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.locks import Space, lock
from softswitch.core.sealing import pin_hash

MOST_WRONG = 5
WINDOW = timedelta(minutes=15)
_GAPS = re.compile(r"[\s-]+")  # as PINs are printed in groups


def redeem_voucher(
    *, actor: Actor, balance: Balance, pin: str, at: datetime | None = None
) -> LedgerEntry:
    """Pay the voucher of ``pin`` into ``balance``, which its issuer bills; returns the entry.

    Who pays itself (the account's user, or a user of the customer with payments.make) and who bills
    the balance may; others raise PermissionDenied. Raises DomainError ``pin``, with one message
    for every PIN that cannot be redeemed; ``throttled`` after MOST_WRONG such within WINDOW by one
    user or for one balance; ``closed`` where nothing is paid in any more; and what ``post_entry``
    raises.

    Owns its transaction and must not run within another: a wrong PIN is counted where it is
    refused. Locks the user's attempts, the balance, then the voucher, so of two tries at once one
    posts, and guesses at once are counted one after the other.
    """
    user = _redeemer(actor, balance)
    moment = at or now()
    with transaction.atomic(durable=True):
        lock(Space.VOUCHER_ATTEMPTS, user.pk)
        _lock_balance(balance, moment)
        _check_attempts(user, balance, moment)
        voucher = _redeemable(balance, pin, moment)
        entry = _pay_in(actor, balance, voucher, moment) if voucher else None
        if entry is None:
            VoucherAttempt.objects.create(
                user=user, customer_id=balance.customer_id, account_id=balance.account_id, at=moment
            )
    if entry is None:
        raise DomainError("pin", _("This PIN cannot be redeemed."), field="pin")
    return entry


def _redeemer(actor: Actor, balance: Balance) -> User:
    """The user at work, where it may top up this balance."""
    own = (balance.customer_id, balance.account_id) == (actor.customer_id, actor.account_id)
    if not (own and actor.can("payments.make")):
        check_pair(actor, balance)
    if actor.user is None:
        raise PermissionDenied
    return actor.user


def _lock_balance(balance: Balance, at: datetime) -> None:
    locked = lock_to_post(balance, at)
    check_open(locked)
    if not is_payable(locked):
        raise DomainError("closed", _("Nothing can be paid in here."))


def _check_attempts(user: User, balance: Balance, at: datetime) -> None:
    recent = VoucherAttempt.objects.filter(at__gt=at - WINDOW)
    of_balance = recent.filter(customer=balance.customer_id, account=balance.account_id)
    counted: tuple[QuerySet[VoucherAttempt], ...] = (recent.filter(user=user), of_balance)
    if any(rows.count() >= MOST_WRONG for rows in counted):
        raise DomainError(
            "throttled", _("Too many wrong PINs. Try again in 15 minutes."), field="pin"
        )


def _redeemable(balance: Balance, pin: str, at: datetime) -> Voucher | None:
    """The voucher of ``pin``, locked, where it can be paid into ``balance`` now."""
    digits = _GAPS.sub("", pin)
    if not (digits.isascii() and digits.isdigit()):
        return None
    rows = Voucher.objects.select_for_update(of=("self",)).select_related("batch")
    issued = rows.filter(batch__customer=balance.issuer_id, status=VoucherStatus.ACTIVE)
    found: Voucher | None = issued.filter(pin_hash=pin_hash(digits)).first()
    if found is None or state_of_unused(found.batch, at) != VoucherStatus.ACTIVE:
        return None
    return found


def _pay_in(actor: Actor, balance: Balance, voucher: Voucher, at: datetime) -> LedgerEntry:
    """Post the value and mark the voucher used; part of the caller's transaction."""
    posting = Posting(
        kind=EntryKind.VOUCHER,
        amount=voucher.batch.value,
        currency=voucher.batch.currency_id,
        key=f"voucher:{voucher.pk}",
        notes=voucher.serial,
        source="voucher",
    )
    entry = post_entry(actor=actor, balance_id=balance.pk, posting=posting, at=at)
    voucher.status, voucher.used_at, voucher.used_by = VoucherStatus.USED, at, actor.user
    voucher.entry = entry
    voucher.save(update_fields=["status", "used_at", "used_by", "entry"])
    record(
        actor=actor,
        customer=balance.customer,
        action="voucher_redeemed",
        subject=voucher,
        changes={"balance": [entry.balance_after - entry.amount, entry.balance_after]},
    )
    return entry
