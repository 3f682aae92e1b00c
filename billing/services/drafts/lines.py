"""What the parts of a draft hand to each other: the period that is billed, and its lines."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing.choices import LineKind
from billing.models import Balance, BillingPeriod
from billing.periods import PeriodType, whole_period
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

    Its days are those that fees are counted by: from ``first_day``, the one that follows what the
    period before it counted, to ``last_day``. With another time zone an hour of yesterday, or of
    the day after tomorrow, may be where one ends and the other begins; each day is billed once.
    """

    period: BillingPeriod
    balance: Balance
    terms: Terms
    late_before: datetime | None
    decimals: int
    first_day: date
    last_day: date
    whole_days: int

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
        return Fraction(max(0, (last - first).days + 1), self.whole_days)


def billed_period(
    period: BillingPeriod,
    balance: Balance,
    terms: Terms,
    *,
    has_earlier: bool,
    zone_before: ZoneInfo | None,
) -> Billed:
    """``period`` with its days counted; ``has_earlier``: one before it is closed too.

    ``zone_before`` is the zone of the period that it follows without a gap, if there is one.
    """
    zone = ZoneInfo(str(period.timezone))
    kind = PeriodType(period.period_type)
    whole = whole_period(kind, balance.opened_at, zone, period.starts_at)
    first, last = period.days
    if zone_before is not None:
        first = (period.starts_at - _INSTANT).astimezone(zone_before).date() + _DAY
    whole_first, whole_last = _days(whole.start, whole.end, zone)
    return Billed(
        period=period,
        balance=balance,
        terms=terms,
        late_before=period.starts_at if has_earlier else None,
        decimals=minor_units(balance.currency_id),
        first_day=first,
        last_day=last,
        whole_days=(whole_last - whole_first).days + 1,
    )


def net_of_calls(lines: list[Line]) -> Decimal:
    """What the lines of calls, late ones too, come to."""
    kinds = (LineKind.USAGE.value, LineKind.LATE.value)
    return sum((line.amount for line in lines if line.kind in kinds), ZERO)


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[date, date]:
    last = end - _INSTANT
    return start.astimezone(zone).date(), last.astimezone(zone).date()
