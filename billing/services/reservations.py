"""The only writer of reservations, and of what is reserved of each balance.

Machines reserve, for calls that are going on: there is no actor and no audit row. Who names a key
locks the key first, as one key may be tried for different balances at once. All of it locks
balances as posting does (ascending id, FOR NO KEY UPDATE, one statement) and rows after them, so
that it waits for no other code that waits for it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from zlib import crc32

from django.db import connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import NEVER
from billing.models import Balance, Reservation
from softswitch.core.errors import DomainError
from softswitch.core.locks import Space, lock
from softswitch.core.money import ZERO, quantize

Holds = Sequence[tuple[int, Decimal]]  # balance id, amount in the balance's currency
BATCH = 1_000


class ExhaustedError(DomainError):
    """Some balances (``balance_ids``) have less available than is to be held."""

    def __init__(self, balance_ids: Collection[int]) -> None:
        super().__init__("available", _("There is not enough available."))
        self.balance_ids = frozenset(balance_ids)


def reserve(*, holds: Holds, key: str, expires_at: datetime) -> None:
    """Hold back amounts of one or several balances under ``key``, all of them or none.

    Amounts are 0 or above, each balance once. What is available must suffice everywhere, else
    ExhaustedError names the balances where it does not. The same holds under the same key again
    change nothing but the expiry; other ones, of other balances too, raise DomainError
    ``key_reused``. Also raises ``amount`` and ``closed`` (a balance has ended, by a move or with
    what it is of). Atomic.
    """
    wanted = _checked(holds)
    with transaction.atomic():
        _lock_key(key)
        locked = _locked(wanted)
        held = dict(Reservation.objects.filter(key=key).values_list("balance", "amount"))
        if held:
            if held != wanted:
                raise DomainError("key_reused", _("This key holds something else."))
            Reservation.objects.filter(key=key).update(expires_at=expires_at)
            return
        moment = now()
        _free_expired(locked, wanted, moment)
        _check_available(locked, wanted)
        Reservation.objects.bulk_create(
            Reservation(
                balance_id=pk, key=key, amount=amount, created_at=moment, expires_at=expires_at
            )
            for pk, amount in wanted.items()
        )
        _add(wanted)


def extend(*, key: str, expires_at: datetime, holds: Holds = ()) -> None:
    """Let what ``key`` holds last to ``expires_at``; of the balances in ``holds``, so much.

    Amounts are the new totals, so that a repeat changes nothing; more of them must be available
    everywhere (ExhaustedError), or all stays as it was. Raises DomainError ``no_reservation`` where
    nothing is held under the key (it may have expired), or nothing of one of these balances.
    """
    wanted = _checked(holds)
    with transaction.atomic():
        _lock_key(key)
        locked = _locked(_balances_of(key))
        held = dict(Reservation.objects.filter(key=key).values_list("balance", "amount"))
        if not held or not wanted.keys() <= held.keys():
            raise DomainError("no_reservation", _("Nothing is reserved under this key."))
        more = {pk: amount - held[pk] for pk, amount in wanted.items()}
        _check_available(locked, {pk: amount for pk, amount in more.items() if amount > 0})
        rows = Reservation.objects.filter(key=key)
        rows.update(expires_at=expires_at)
        for pk, amount in wanted.items():
            rows.filter(balance=pk).update(amount=amount)
        _add(more)


def release(*, key: str) -> dict[int, Decimal]:
    """Give back all that ``key`` holds; balance id to amount, empty where nothing was held.

    Safe to repeat. Atomic.
    """
    with transaction.atomic():
        _lock_key(key)
        _locked(_balances_of(key))
        return _give_back("key = %s", key)


def expire_due(*, moment: datetime, limit: int = BATCH) -> int:
    """Give back what expired before or at ``moment``: of at most ``limit`` rows; their number.

    Balances that are locked by others are left for the next time. Atomic.
    """
    with transaction.atomic():
        due = Reservation.objects.filter(expires_at__lte=moment).order_by("expires_at", "pk")
        ids = list(due.values_list("pk", "balance")[:limit])
        free = Balance.objects.select_for_update(no_key=True, skip_locked=True)
        locked = {b.pk for b in free.filter(pk__in={pk for _, pk in ids}).order_by("pk")}
        rows = [row for row, balance_id in ids if balance_id in locked]
        before = Reservation.objects.filter(pk__in=rows, expires_at__lte=moment).count()
        _give_back("id = ANY(%s) AND expires_at <= %s", rows, moment)
        return before


_GIVE_BACK = """
WITH gone AS (
    DELETE FROM billing_reservation WHERE {condition} RETURNING balance_id, amount
), sums AS (SELECT balance_id, sum(amount) AS amount FROM gone GROUP BY balance_id)
UPDATE billing_balance b SET reserved = b.reserved - s.amount
FROM sums s WHERE b.id = s.balance_id RETURNING b.id, s.amount
"""
_ADD = """
UPDATE billing_balance b SET reserved = b.reserved + s.amount
FROM unnest(%s::bigint[], %s::numeric[]) AS s (id, amount) WHERE b.id = s.id
"""


def _give_back(condition: str, *values: str | datetime | list[int]) -> dict[int, Decimal]:
    """Delete rows of balances that are locked; what each of these has back."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK.format(condition=condition), values)
        return dict(cursor.fetchall())


def _add(amounts: dict[int, Decimal]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [list(amounts), list(amounts.values())])


def _checked(holds: Holds) -> dict[int, Decimal]:
    wanted = dict(holds)
    is_exact = all(amount.is_finite() and amount == quantize(amount) for amount in wanted.values())
    if len(wanted) != len(holds) or not is_exact or any(a < 0 for a in wanted.values()):
        raise DomainError("amount", _("Hold an amount of 0 or above, once of each balance."))
    return wanted


def _lock_key(key: str) -> None:
    """Let those who name one key take turns; two keys of one checksum do so for nothing."""
    lock(Space.RESERVATION, crc32(key.encode()) - 2**31)


def _balances_of(key: str) -> set[int]:
    return set(Reservation.objects.filter(key=key).values_list("balance", flat=True))


def _locked(balance_ids: Collection[int]) -> dict[int, Balance]:
    rows = Balance.objects.select_for_update(no_key=True).filter(pk__in=balance_ids)
    return {balance.pk: balance for balance in rows.order_by("pk")}


def _free_expired(locked: dict[int, Balance], wanted: dict[int, Decimal], moment: datetime) -> None:
    """Where there is too little, take what has expired and was not given back yet."""
    short = [pk for pk, balance in locked.items() if balance.available < wanted[pk]]
    if short:
        back = _give_back("balance_id = ANY(%s) AND expires_at <= %s", short, moment)
        for pk, amount in back.items():
            locked[pk].reserved -= amount


def _check_available(locked: dict[int, Balance], wanted: dict[int, Decimal]) -> None:
    if any(pk not in locked or _has_ended(locked[pk]) for pk in wanted):
        raise DomainError("closed", _("A balance is not in use any more."))
    short = [pk for pk, amount in wanted.items() if locked[pk].available - amount < ZERO]
    if short:
        raise ExhaustedError(short)


def _has_ended(locked: Balance) -> bool:
    """By its own row, which is locked: of what is archived all periods are closed, for good."""
    return locked.closed_at is not None or locked.closes_at == NEVER
