"""Finds, and opens where missing, the billing period that a moment of a balance belongs to."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from billing.models import Balance, BillingPeriod
from billing.periods import PeriodType, period_at

Moment = tuple[int, datetime]


def periods_for(
    balances: dict[int, Balance], moments: Iterable[Moment]
) -> dict[Moment, BillingPeriod]:
    """The period of each (balance id, moment); what is missing is opened.

    A moment in a closed period belongs to the balance's first open one. Called before balances
    are locked (lock order): rows are inserted in ascending balance id, in one statement.
    """
    wanted = sorted(set(moments))
    found = _match(wanted)
    missing = [moment for moment in wanted if moment not in found]
    if missing:
        _open(balances, missing)
        found |= _match(missing)
    for moment, period in found.items():
        if period.closed_at is not None:
            found[moment] = _first_open(balances[moment[0]], period)
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


def _open(balances: dict[int, Balance], missing: list[Moment]) -> None:
    rows = {}
    for balance_id, at in missing:
        balance = balances[balance_id]
        zone = ZoneInfo(str(balance.period_timezone))
        moment = max(at, balance.opened_at)
        period = period_at(PeriodType(balance.period_type), balance.opened_at, zone, moment)
        rows[balance_id, period.start] = BillingPeriod(
            balance_id=balance_id,
            starts_at=period.start,
            ends_at=period.end,
            period_type=balance.period_type,
            timezone=str(balance.period_timezone),
        )
    BillingPeriod.objects.bulk_create([rows[key] for key in sorted(rows)], ignore_conflicts=True)


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
