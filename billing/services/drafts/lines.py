"""What the parts of a draft hand to each other: the period that is billed, and its lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing.choices import LineKind
from billing.models import Balance, BillingPeriod
from billing.periods import PeriodType, day_start, whole_period
from billing.selectors.ended import end_of
from billing.services.drafts.terms import Terms
from softswitch.core.money import ZERO, in_units, minor_units

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
DESCRIPTION_SIZE = 200


class Line(NamedTuple):
    """A line as InvoiceLine stores it, without its position; a tuple, as there are so many."""

    kind: str
    description: str
    exact: Decimal
    amount: Decimal
    country: str = ""
    prefix: str = ""
    tariff: str = ""
    calls: int = 0
    billed_seconds: int = 0
    quantity: Decimal | None = None
    rate: Decimal | None = None
    since: date | None = None
    until: date | None = None
    is_taxed: bool = True
    fee_id: int | None = None


@dataclass(frozen=True, slots=True)
class Billed:
    """A closed period that is to be billed; ``late_before``: calls that ended earlier are late.

    Its days are those that no period before it billed; there are none where it bridges to a zone
    in which the day before is not over yet. ``wholes`` are the calendar's whole periods (first and
    last day) that they lie in: one, or several where it bridges to shorter ones. ``is_after_end``:
    late calls left it on a balance that had ended.
    """

    period: BillingPeriod
    balance: Balance
    terms: Terms
    late_before: datetime | None
    decimals: int
    first_day: date
    last_day: date
    wholes: tuple[tuple[date, date], ...]
    is_after_end: bool = False

    @property
    def has_days(self) -> bool:
        """Whether it has a day of its own, which fees can be for."""
        return self.first_day <= self.last_day

    @property
    def zone(self) -> ZoneInfo:
        """The billing time zone of the period."""
        return ZoneInfo(str(self.period.timezone))

    def rounded(self, exact: Decimal) -> Decimal:
        """An amount in minor units of the currency."""
        return in_units(exact, self.decimals)

    def part(self, since: date | None = None, until: date | None = None) -> Fraction:
        """How much of a whole period its days from ``since`` to ``until`` are, both included.

        Days are local ones. The period is whole as its calendar has it: of a customer that came on
        the 10th of a month of 30 days it is 21/30.
        """
        first = max(self.first_day, since or self.first_day)
        last = min(self.last_day, until or self.last_day)
        parts = (
            Fraction(_overlap(first, last, *whole), _overlap(*whole, *whole))
            for whole in self.wholes
        )
        return sum(parts, Fraction(0))


@dataclass(frozen=True, slots=True)
class Before:
    """What closed before a period: the last day that was billed, and the zone it ended in."""

    last_day: date
    timezone: str


def billed_period(
    period: BillingPeriod, balance: Balance, terms: Terms, before: Before | None
) -> Billed:
    """``period`` with its days counted; ``before``: what closed before it, if anything did."""
    first, last = period.days
    if before is not None:
        following = before.last_day + _DAY
        is_same_zone = before.timezone == str(period.timezone)
        # A zone may have skipped a day as a whole; between two zones none is skipped.
        first = max(first, following) if is_same_zone else following
    end = end_of(balance)
    return Billed(
        period=period,
        balance=balance,
        terms=terms,
        late_before=period.starts_at if before else None,
        decimals=minor_units(balance.currency_id),
        first_day=first,
        last_day=last,
        wholes=tuple(_wholes(period, balance, first, last)),
        is_after_end=end is not None and end <= period.starts_at,
    )


def _wholes(
    period: BillingPeriod, balance: Balance, first: date, last: date
) -> Iterator[tuple[date, date]]:
    kind, zone = PeriodType(period.period_type), ZoneInfo(str(period.timezone))
    moment = max(balance.opened_at, day_start(first, zone))
    while first <= last:
        whole = whole_period(kind, balance.opened_at, zone, moment)
        days = local_days(whole.start, whole.end, zone)
        yield days
        first, moment = days[1] + _DAY, whole.end


def _overlap(first: date, last: date, since: date, until: date) -> int:
    """How many days two stretches share, each with its last day."""
    return max(0, (min(last, until) - max(first, since)).days + 1)


def net_of_calls(lines: list[Line]) -> Decimal:
    """What the lines of calls, late ones too, come to."""
    kinds = (LineKind.USAGE.value, LineKind.LATE.value)
    return sum((line.amount for line in lines if line.kind in kinds), ZERO)


def local_days(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last local day of a stretch of time."""
    last = end - _INSTANT
    return start.astimezone(zone).date(), last.astimezone(zone).date()
