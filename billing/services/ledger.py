"""The only writer of balances: one entry at a time, and the sums of a charging batch."""

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import NEVER
from billing.models import Balance, BillingPeriod, Invoice, LedgerEntry
from billing.periods import Period
from billing.services.allocations import entry_posted
from billing.services.periods import first_period, periods_for
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.money import quantize
from tariffs.selectors import Converted, convert

LARGEST_BALANCE = Decimal(10) ** 14


@dataclass(frozen=True, slots=True)
class Posting:
    """What to post: ``amount`` signed (+ = the payer's money), in ``currency``.

    ``key`` makes the posting unique: the same key posts once, however often it is tried.
    """

    kind: str
    amount: Decimal
    currency: str
    key: str
    notes: str = ""
    source: str = "maintenance"
    reverses: LedgerEntry | None = None
    invoice: Invoice | None = None


def post_entry(
    *,
    actor: Actor,
    balance_id: int,
    posting: Posting,
    at: datetime | None = None,
    period_at: datetime | None = None,
    period: BillingPeriod | None = None,
) -> LedgerEntry:
    """Append one entry and move the balance by it; returns the entry, the old one on a repeat."""
    return post_once(
        actor=actor,
        balance_id=balance_id,
        posting=posting,
        at=at,
        period_at=period_at,
        period=period,
    )[0]


class ClosedMeanwhileError(Exception):
    """Closing changed the periods of a balance between a look at them and the balance's lock."""


def post_once(
    *,
    actor: Actor,
    balance_id: int,
    posting: Posting,
    at: datetime | None = None,
    period_at: datetime | None = None,
    period: BillingPeriod | None = None,
) -> tuple[LedgerEntry, bool]:
    """The entry of ``post_entry``, and whether it is new.

    The period, that of ``period_at`` (default: ``at``), is found before the balance row is locked
    (FOR NO KEY UPDATE), and looked for again where it closed meanwhile. ``period`` names it
    instead, closed or not: for what issues and voids its invoice. Another currency is converted
    under that lock, at ``at`` (default: now), rounded half-up to 6 decimals. What is paid in
    settles open invoices at once. Atomic. A key that was used for something else raises DomainError
    ``key_reused``, an amount that the ledger cannot hold ``amount``.
    """
    if period is not None and period.balance_id != balance_id:
        raise ValueError("a period of another balance")
    moment = at or now()
    repeat = _posted(posting, balance_id)
    while repeat is None:
        try:
            return _post(actor, balance_id, posting, moment, period or period_at or moment)
        except ClosedMeanwhileError:
            repeat = _posted(posting, balance_id)
    return repeat, False


def _post(
    actor: Actor,
    balance_id: int,
    posting: Posting,
    moment: datetime,
    place: BillingPeriod | datetime,
) -> tuple[LedgerEntry, bool]:
    """One try; whatever closes a period, or lets it end early, changes ``closes_at`` with it."""
    with transaction.atomic():
        balance = Balance.objects.get(pk=balance_id)
        period = place if isinstance(place, BillingPeriod) else _period_at(balance, place)
        locked = Balance.objects.select_for_update(no_key=True).get(pk=balance_id)
        repeat = _posted(posting, balance_id)
        if repeat is not None:
            return repeat, False
        if period is not place and _is_closed_meanwhile(balance, locked, period):
            raise ClosedMeanwhileError
        return _append(actor, locked, posting, period, moment), True


def _is_closed_meanwhile(before: Balance, locked: Balance, period: BillingPeriod) -> bool:
    """Whether ``period`` may be another's by now; of what has ended it is asked itself.

    There ``closes_at`` comes back to NEVER once what late calls left has closed.
    """
    if locked.closes_at == before.closes_at == NEVER:
        return BillingPeriod.objects.filter(pk=period.pk, closed_at__isnull=False).exists()
    return bool(locked.closes_at != before.closes_at)


def _period_at(balance: Balance, moment: datetime) -> BillingPeriod:
    inside = balance.pk, max(moment, balance.opened_at)
    return periods_for({balance.pk: balance}, [inside])[inside]


def _append(
    actor: Actor, locked: Balance, posting: Posting, period: BillingPeriod, at: datetime
) -> LedgerEntry:
    converted = _converted(posting, locked, at)
    _move(locked, converted.amount)
    entry: LedgerEntry = LedgerEntry.objects.create(
        **_parties(locked),
        **_what(posting),
        balance=locked,
        sequence=locked.last_sequence,
        amount=converted.amount,
        balance_after=locked.amount,
        exchange_rate=converted.exchange_rate,
        posted_at=at,
        period=period,
        user=actor.user,
        acting_as_id=actor.customer_id,
    )
    entry_posted(entry)
    return entry


def _converted(posting: Posting, balance: Balance, at: datetime) -> Converted:
    found = convert(posting.amount, source=posting.currency, target=balance.currency_id, at=at)
    _check_amount(posting, found.amount)
    return found


def _check_amount(posting: Posting, converted: Decimal) -> None:
    """Refuse what could not be stored as it was entered, or would move nothing."""
    if posting.amount != quantize(posting.amount):
        raise DomainError("amount", _("Enter at most 6 decimals."), field="amount")
    if posting.amount and not converted:
        raise DomainError("amount", _("This is less than 0.000001 here."), field="amount")


def _move(locked: Balance, amount: Decimal) -> None:
    locked.amount += amount
    locked.last_sequence += 1
    if abs(locked.amount) >= LARGEST_BALANCE:
        raise DomainError("amount", _("The balance would be too large."), field="amount")
    locked.save(update_fields=["amount", "last_sequence"])


def _parties(balance: Balance) -> dict[str, Any]:
    return {
        "customer_id": balance.customer_id,
        "issuer_id": balance.issuer_id,
        "account_id": balance.account_id,
    }


def _what(posting: Posting) -> dict[str, Any]:
    return {
        "kind": posting.kind,
        "original_amount": posting.amount,
        "original_currency_id": posting.currency,
        "notes": posting.notes,
        "source": posting.source,
        "idempotency_key": posting.key,
        "reverses": posting.reverses,
        "invoice": posting.invoice,
    }


def _posted(posting: Posting, balance_id: int) -> LedgerEntry | None:
    """The entry already made under this key; raises DomainError if it says something else."""
    entry = LedgerEntry.objects.filter(idempotency_key=posting.key).first()
    if entry is None:
        return None
    same = (entry.balance_id, entry.kind, entry.original_amount, entry.original_currency_id)
    if same != (balance_id, posting.kind, posting.amount, posting.currency):
        raise DomainError("key_reused", _("This form was already used for another posting."))
    return entry


# The periods' ids are drawn first: joined by the balance, unknown numbers of rows would cost
# their square.
_POST_FIRST = """
WITH asked AS (
    SELECT * FROM unnest(%(balances)s::bigint[], %(amounts)s::numeric[],
                         %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        AS asked (balance_id, opening, starts_at, ends_at)
), new AS (
    SELECT b.*, asked.opening, asked.starts_at, asked.ends_at,
           nextval(pg_get_serial_sequence('billing_billingperiod', 'id')) AS period_id
    FROM asked JOIN billing_balance b ON b.id = asked.balance_id
    WHERE b.last_sequence = 0
), period AS (
    INSERT INTO billing_billingperiod
        (id, balance_id, starts_at, ends_at, period_type, timezone)
    SELECT period_id, id, starts_at, ends_at, period_type, period_timezone FROM new
), entries AS (
    INSERT INTO billing_ledgerentry (balance_id, customer_id, issuer_id, account_id, period_id,
        sequence, amount, balance_after, posted_at, kind, original_amount, original_currency_id,
        exchange_rate, notes, user_id, acting_as_id, source, idempotency_key)
    SELECT id, customer_id, issuer_id, account_id, period_id, 1, opening, opening,
        opened_at, %(kind)s, opening, currency_id, 1, %(notes)s, %(user)s, %(acting_as)s,
        %(source)s, %(key)s || ':' || id
    FROM new ORDER BY id
)
UPDATE billing_balance b SET amount = new.opening, last_sequence = 1 FROM new WHERE b.id = new.id
"""


def check_first(amount: Decimal) -> None:
    """Refuse (DomainError ``amount``) what no balance can start with."""
    if amount != quantize(amount):
        raise DomainError("amount", _("Enter at most 6 decimals."), field="amount")
    if abs(amount) >= LARGEST_BALANCE:
        raise DomainError("amount", _("The balance would be too large."), field="amount")


def post_first(
    *, actor: Actor, firsts: Sequence[tuple[Balance, Decimal]], kind: str, key: str, source: str
) -> None:
    """Post the first entries of many balances that the caller's transaction has just made.

    The set-based sibling of ``post_entry``: one statement. ``firsts`` are balances, each with its
    signed amount in its own currency. An entry is of the moment at which its balance was opened,
    and has the key ``key`` with the balance's id after it. Raises DomainError ``amount``.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("First entries are posted to balances that were made just now.")
    period_of = cache(_first_period)
    periods = []
    for balance, amount in firsts:
        check_first(amount)
        calendar = balance.opened_at, balance.period_type, str(balance.period_timezone)
        periods.append(period_of(*calendar))
    values: dict[str, Any] = {
        "balances": [balance.pk for balance, _amount in firsts],
        "amounts": [amount for _balance, amount in firsts],
        "starts": [period.start for period in periods],
        "ends": [period.end for period in periods],
        "kind": kind,
        "notes": "",
        "source": source,
        "key": key,
        "user": actor.user.pk if actor.user else None,
        "acting_as": actor.customer_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_POST_FIRST, values)
        if cursor.rowcount != len(firsts):
            raise RuntimeError("Some of these balances have entries.")


def _first_period(opened_at: datetime, period_type: str, timezone: str) -> Period:
    return first_period(
        Balance(opened_at=opened_at, period_type=period_type, period_timezone=timezone)
    )


# The lock waits for a move, or an edit of the currency, to end and then reads what it has left.
_LOCK = """
SELECT id, currency_id, closed_at IS NOT NULL
FROM billing_balance WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""

# A batch's usage stands in the temporary table usage_batch (see calls.services.storing): one row
# per entry, amounts negative but for corrections. Entries of one balance are numbered in their
# order of days.
_POST_USAGE = """
WITH numbered AS (
    SELECT u.*,
           b.last_sequence + row_number() OVER w AS sequence,
           b.amount + sum(u.amount) OVER w AS balance_after
    FROM usage_batch u JOIN billing_balance b ON b.id = u.balance_id
    WINDOW w AS (PARTITION BY u.balance_id ORDER BY u.usage_on, u.id)
), entries AS (
    INSERT INTO billing_usageentry (id, setup_month, usage_on, balance_id, customer_id, issuer_id,
        account_id, period_id, sequence, amount, balance_after, posted_at, calls, billed_seconds)
    SELECT id, setup_month, usage_on, balance_id, customer_id, issuer_id, account_id, period_id,
        sequence, amount, balance_after, now(), calls, billed_seconds
    FROM numbered
)
UPDATE billing_balance b
SET amount = b.amount + s.amount, last_sequence = b.last_sequence + s.entries
FROM (SELECT balance_id, sum(amount) AS amount, count(*) AS entries
      FROM usage_batch GROUP BY balance_id) s
WHERE b.id = s.balance_id
"""


# Joined by id, a few rows of the periods' table.
_CLOSED_MEANWHILE = """
SELECT EXISTS (
    SELECT FROM usage_batch u LEFT JOIN billing_billingperiod p ON p.id = u.period_id
    WHERE p.closed_at IS NOT NULL OR p.ends_at IS DISTINCT FROM u.period_ends_at
)
"""


class MovedMeanwhileError(Exception):
    """A customer moved, its currency changed or a period closed since a batch read of them."""


def post_usage(*, balance_ids: Collection[int], known: Set[tuple[int, str, bool]]) -> None:
    """Post the usage entries that stand in ``usage_batch`` and move their balances.

    The set-based sibling of ``post_entry``: last in the caller's transaction, balances locked in
    ascending order. What makes it safe to repeat is the caller's: its calls leave the queue, or its
    cursor moves on, in the same transaction. ``known`` is what it read of them: id, currency, and
    whether a move has closed it. A balance that is not so by now, or a period of the batch that
    has closed or ends elsewhere, raises MovedMeanwhileError: the batch is to be done again.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Usage is posted in the transaction that stores its charges.")
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [sorted(balance_ids)])
        if any(row not in known for row in cursor.fetchall()):
            raise MovedMeanwhileError
        cursor.execute(_CLOSED_MEANWHILE)
        if cursor.fetchone()[0]:
            raise MovedMeanwhileError
        cursor.execute(_POST_USAGE)
