"""Maintenance: Debit, Credit, Add Funds, reset, and the entries of opening and archiving."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from accounts.models import Account
from billing.choices import EntryKind, MaintenanceAction
from billing.models import Balance, LedgerEntry
from billing.selectors.ended import may_bill_for
from billing.services.ledger import Posting, check_first, post_entry, post_first, post_once
from billing.services.payment_letters import mail_payment
from billing.services.periods import periods_for
from customers.models import Customer
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

SIGN = {
    MaintenanceAction.DEBIT.value: -1,
    MaintenanceAction.CREDIT.value: 1,
    MaintenanceAction.ADD_FUNDS.value: 1,
}
LARGEST = Decimal(10) ** 12


def maintain(
    *,
    actor: Actor,
    balance: Balance,
    action: str,
    amount: Decimal,
    currency: str,
    key: str,
    notes: str = "",
    at: datetime | None = None,
) -> LedgerEntry:
    """Post a Debit (-), a Credit (+) or Add Funds (+) to a balance the actor's customer bills.

    ``amount`` > 0 in ``currency``; ``key`` comes with the form, so pressing twice posts once.
    ``at`` (default now) is earlier where money that moved before is brought in with its date: no
    letter tells of such a payment.
    Raises PermissionDenied for a balance that the actor's customer does not bill, DomainError
    ``action``, ``amount``, ``no_exchange_rate``, ``closed`` or ``archived``. Atomic with the audit.
    """
    check_pair(actor, balance)
    _check_asked(action, amount)
    posting = Posting(
        kind=action, amount=SIGN[action] * amount, currency=currency, key=key, notes=notes.strip()
    )
    with transaction.atomic():
        entry, is_new = post_once(actor=actor, balance_id=balance.pk, posting=posting, at=at)
        if is_new:
            check_payer(entry.balance)
            record(
                actor=actor,
                customer=balance.customer,
                action=f"maintenance_{action}",
                subject=f"{posting.amount} {currency}",
                changes={"balance": [entry.balance_after - entry.amount, entry.balance_after]},
            )
        if is_new and action == MaintenanceAction.ADD_FUNDS and at is None:
            mail_payment(entry=entry)
    return entry


def _check_asked(action: str, amount: Decimal) -> None:
    if action not in SIGN:
        raise DomainError("action", _("Choose an action."), field="action")
    if not (amount.is_finite() and 0 < amount < LARGEST):
        is_large = amount.is_finite() and amount > 0
        text = _("This amount is too large.") if is_large else _("Enter an amount above 0.")
        raise DomainError("amount", text, field="amount")


def post_opening(*, actor: Actor, balance: Balance, amount: Decimal) -> LedgerEntry | None:
    """The entry behind an opening balance, at the moment the balance was opened; none for 0."""
    if not amount:
        return None
    posting = Posting(
        kind=EntryKind.OPENING,
        amount=amount,
        currency=balance.currency_id,
        key=f"opening:{balance.pk}",
        source="opening",
    )
    return post_entry(actor=actor, balance_id=balance.pk, posting=posting, at=balance.opened_at)


def post_openings(*, actor: Actor, openings: Sequence[tuple[Balance, Decimal]]) -> None:
    """The entries behind the opening balances of many new balances; none for 0."""
    firsts = [(balance, amount) for balance, amount in openings if amount]
    if firsts:
        kind = EntryKind.OPENING
        post_first(actor=actor, firsts=firsts, kind=kind, key="opening", source="opening")


def check_opening(amount: Decimal) -> None:
    """Refuse an opening balance (DomainError ``amount``) that the ledger would not take."""
    check_first(amount)


def bring_to_zero(
    *,
    actor: Actor,
    balance: Balance,
    kind: str,
    reason: str,
    key: str | None = None,
    at: datetime | None = None,
) -> LedgerEntry | None:
    """One entry (at ``at``, default now) that makes the balance 0; none if it is 0 already.

    The amount is read under the lock that the posting holds, so that no charge slips between.
    Raises DomainError ``reason`` (empty) or ``closed`` (the customer has moved away).
    """
    check_reason(reason)
    with transaction.atomic():
        moment = at or now()
        locked = lock_to_post(balance, moment)
        check_open(locked)
        if not locked.amount:
            return None
        key = key or f"{kind}:{uuid4()}"
        return post_rest(actor=actor, locked=locked, kind=kind, reason=reason, key=key, at=moment)


def check_reason(reason: str) -> None:
    """Refuse (DomainError ``reason``) what says nothing."""
    if not reason.strip():
        raise DomainError("reason", _("Enter a reason."), field="reason")


def post_rest(
    *,
    actor: Actor,
    locked: Balance,
    kind: str,
    reason: str,
    key: str,
    source: str = "",
    at: datetime | None = None,
    period_at: datetime | None = None,
) -> LedgerEntry:
    """The entry that makes a locked balance 0; its ``source`` is the kind where none is named."""
    posting = Posting(
        kind=kind,
        amount=-locked.amount,
        currency=locked.currency_id,
        key=key,
        notes=reason.strip(),
        source=source or kind,
    )
    return post_entry(
        actor=actor, balance_id=locked.pk, posting=posting, at=at, period_at=period_at
    )


def posted_as(key: str) -> LedgerEntry | None:
    """The entry already made under this key, of a form that is sent again."""
    entry: LedgerEntry | None = LedgerEntry.objects.filter(idempotency_key=key).first()
    return entry


def lock_to_post(balance: Balance, at: datetime) -> Balance:
    """``balance`` as it is under its lock; the period that ``at`` lies in is opened before that."""
    return lock_all_to_post([balance], at)[balance.pk]


def lock_all_to_post(balances: Sequence[Balance], at: datetime) -> dict[int, Balance]:
    """Each of ``balances`` (by id) as ``lock_to_post`` says, locked in one statement."""
    known = {balance.pk: balance for balance in balances}
    periods_for(known, [(pk, max(at, balance.opened_at)) for pk, balance in known.items()])
    rows = Balance.objects.select_for_update(no_key=True).filter(pk__in=known)
    return {locked.pk: locked for locked in rows.order_by("pk")}


def check_open(locked: Balance) -> None:
    """Refuse a balance that a move has closed; its row must be locked, so that none slips in."""
    if locked.closed_at is not None:
        raise DomainError("closed", _("The customer has moved to another owner."))


def check_payer(locked: Balance) -> None:
    """Refuse a balance that takes no more postings: closed by a move, or of what is archived.

    Its row must be locked: a move and an archive hold it until they are committed.
    """
    check_open(locked)
    payers = Customer.objects.live().filter(pk=locked.customer_id)
    accounts = Account.objects.live().filter(balance=locked)
    if not payers.exists() or (locked.account_id is not None and not accounts.exists()):
        raise DomainError("archived", _("It is archived: nothing is posted to it any more."))


def check_pair(actor: Actor, balance: Balance) -> None:
    """Only who bills a balance may move it: the owner, or for an account its customer."""
    if balance.issuer_id != actor.customer_id or not actor.can("money.manage"):
        raise PermissionDenied


def check_biller(actor: Actor, balance: Balance) -> None:
    """Only who bills a balance issues, voids and credits its invoices (``may_bill_for``)."""
    if not may_bill_for(actor, balance.issuer):
        raise PermissionDenied
