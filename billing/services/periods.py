"""Finds, and opens where missing, the billing period that a moment of a balance belongs to."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Max

from billing.choices import NEVER
from billing.models import Balance, BillingPeriod, LedgerEntry
from billing.periods import Period
from billing.selectors.calendars import end_after, first_end, natural_period

Moment = tuple[int, datetime]
_INSTANT = timedelta(microseconds=1)


def periods_for(
    balances: dict[int, Balance], moments: Iterable[Moment]
) -> dict[Moment, BillingPeriod]:
    """The period of each (balance id, moment); what is missing is opened.

    A moment in a closed period belongs to the balance's first open one. Called before balances
    are locked (lock order): rows are inserted in ascending balance id, in one statement.
    """
    found = open_at(balances, moments)
    for moment, period in found.items():
        if period.closed_at is not None:
            found[moment] = _first_open(balances[moment[0]], period)
    return found


def open_at(balances: dict[int, Balance], moments: Iterable[Moment]) -> dict[Moment, BillingPeriod]:
    """The period that each (balance id, moment) lies in, closed or not; what is missing is opened.

    Like ``periods_for`` called before balances are locked.
    """
    wanted = sorted(set(moments))
    found = _match(wanted)
    for _try in range(2):  # one opened meanwhile may have ended before the moment
        missing = [moment for moment in wanted if moment not in found]
        if missing:
            _open(balances, missing)
            found |= _match(missing)
    return found


def _match(wanted: list[Moment]) -> dict[Moment, BillingPeriod]:
    if not wanted:
        return {}
    times = [at for _, at in wanted]
    rows = BillingPeriod.objects.filter(
        balance__in={pk for pk, _ in wanted}, ends_at__gt=min(times), starts_at__lte=max(times)
    )
    by_balance: dict[int, list[BillingPeriod]] = {}
    for row in rows:
        by_balance.setdefault(row.balance_id, []).append(row)
    found = {}
    for balance_id, at in wanted:
        for row in by_balance.get(balance_id, ()):
            if row.starts_at <= at < row.ends_at:
                found[balance_id, at] = row
    return found


def first_period(balance: Balance) -> Period:
    """The period of the calendar in which ``balance`` was opened; it is not stored here."""
    return natural_period(balance, balance.opened_at)


def open_until(balances: dict[int, Balance], at: datetime) -> None:
    """Open what is missing of the periods that are not closed yet, up to that of ``at``.

    Like ``periods_for`` called before balances are locked. Of one that is all closed, nothing.
    """
    stored: dict[int, list[BillingPeriod]] = {pk: [] for pk in balances}
    rows = BillingPeriod.objects.filter(balance__in=balances, closed_at=None)
    for row in rows.order_by("starts_at"):
        stored[row.balance_id].append(row)
    moments: list[Moment] = []
    for pk, balance in balances.items():
        end = balance.closes_at or first_end(balance)
        if end < NEVER:
            moments.append((pk, end - _INSTANT))
        while end < at:
            moments.append((pk, end))
            end = end_after(balance, end, stored[pk])
    open_at(balances, moments)


def end_period(balance: Balance, at: datetime) -> datetime:
    """Let the open period that ``at`` lies in end there; returns when it ends.

    What ended up to then still belongs to it, and so does what was posted after ``at`` while the
    caller waited for the balance's lock, which it holds now. Part of the caller's transaction.
    """
    posted = LedgerEntry.objects.filter(balance=balance).aggregate(last=Max("posted_at"))["last"]
    end = max(at, posted or at)
    rows = BillingPeriod.objects.filter(balance=balance, closed_at=None)
    rows.filter(starts_at__lt=at, ends_at__gt=end).update(ends_at=end)
    return end


def _open(balances: dict[int, Balance], missing: list[Moment]) -> None:
    """Open the calendar's periods, as far as others that end early or late leave room."""
    wanted = [(pk, max(at, balances[pk].opened_at)) for pk, at in missing]
    natural = {(pk, at): natural_period(balances[pk], at) for pk, at in wanted}
    taken = _between(natural)
    rows = {}
    for (balance_id, at), period in natural.items():
        balance, spans = balances[balance_id], taken.get(balance_id, ())
        start = max([period.start, *(end for _start, end in spans if end <= at)])
        rows[balance_id, start] = BillingPeriod(
            balance_id=balance_id,
            starts_at=start,
            ends_at=min([period.end, *(begin for begin, _end in spans if begin > at)]),
            period_type=balance.period_type,
            timezone=str(balance.period_timezone),
        )
    BillingPeriod.objects.bulk_create([rows[key] for key in sorted(rows)], ignore_conflicts=True)


def _between(natural: dict[Moment, Period]) -> dict[int, list[tuple[datetime, datetime]]]:
    """The stored periods of these balances that could overlap with any of these."""
    rows = BillingPeriod.objects.filter(
        balance__in={pk for pk, _at in natural},
        ends_at__gt=min(period.start for period in natural.values()),
        starts_at__lt=max(period.end for period in natural.values()),
    )
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    for balance_id, start, end in rows.values_list("balance", "starts_at", "ends_at"):
        found.setdefault(balance_id, []).append((start, end))
    return found


def _first_open(balance: Balance, closed: BillingPeriod) -> BillingPeriod:
    """The first period after ``closed`` that is open; opened if it does not exist yet."""
    while closed.closed_at is not None:
        moment = (balance.pk, closed.ends_at)
        following = _match([moment])
        if not following:
            _open({balance.pk: balance}, [moment])
            following = _match([moment])
        closed = following[moment]
    return closed
