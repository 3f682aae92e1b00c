"""What a dashboard shows: the traffic of a day by hour, low funds, deliveries, first steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Extract, Floor

from accounts.models import Account, Trunk
from billing.models import Balance, Charge
from billing.selectors.balances import with_balances
from calls.choices import ReportGroup
from calls.models import Call, CdrImport
from calls.selectors.cdrs import (
    CallKey,
    CallLine,
    CallSearch,
    call_keys,
    call_lines,
    recent_calls,
)
from calls.selectors.reports import ReportSearch, minutes_over_time, report
from calls.selectors.sellers import is_seller
from calls.selectors.totals import Sum as Amount
from calls.selectors.totals import call_totals, plain_sum
from customers.models import Customer
from customers.tenancy import Actor
from tariffs.models import Tariff

HOUR = timedelta(hours=1)
LOW_SHARE = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Hour:
    """The calls set up in one hour."""

    calls: int = 0
    answered: int = 0
    milliseconds: int = 0

    @property
    def minutes(self) -> float:
        return self.milliseconds / 60_000


@dataclass(frozen=True, slots=True)
class Day:
    """A local day from midnight to midnight: 23 to 25 hours.

    ``paid`` is what its calls cost the actor, ``charged`` what they bring it; None where there is
    none.
    """

    starts_at: datetime
    ends_at: datetime
    hours: Sequence[Hour]
    paid: Amount | None = None
    charged: Amount | None = None

    @property
    def calls(self) -> int:
        return sum(hour.calls for hour in self.hours)

    @property
    def answered(self) -> int:
        return sum(hour.answered for hour in self.hours)

    @property
    def milliseconds(self) -> int:
        return sum(hour.milliseconds for hour in self.hours)

    @property
    def asr(self) -> Decimal | None:
        """Answer-seizure ratio in percent; None without calls."""
        return 100 * Decimal(self.answered) / self.calls if self.calls else None

    @property
    def acd(self) -> Decimal | None:
        """Average call duration of the answered calls, in seconds."""
        return Decimal(self.milliseconds) / 1000 / self.answered if self.answered else None


def local_day(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instants of ``day`` and of the next one in ``zone``."""
    midnight = datetime.combine(day, time(), zone)
    following = datetime.combine(day + timedelta(days=1), time(), zone)
    return midnight.astimezone(ZoneInfo("UTC")), following.astimezone(ZoneInfo("UTC"))


def traffic_of_day(actor: Actor, day: date, zone: ZoneInfo) -> Day:
    """The calls of one local day by hour, and their money.

    A seller's are read from the sums of its reports, however many they are.
    """
    start, end = local_day(day, zone)
    if actor.account_id is None and is_seller(actor.customer):
        return _sold(actor, start, end, zone)
    totals = call_totals(actor, CallSearch(start, end))
    passed = ExpressionWrapper(F("setup_at") - Value(start), output_field=DurationField())
    rows = (
        _traffic(actor)
        .filter(setup_at__gte=start, setup_at__lt=end)
        .annotate(hour=Floor(Extract(passed, "epoch") / 3600))
        .values("hour")
        .annotate(
            number=Count("*"),
            answers=Count("setup_at", filter=Q(duration_ms__gt=0)),
            total=Sum("duration_ms"),
        )
    )
    found = {
        int(row["hour"]): Hour(row["number"], row["answers"], int(row["total"])) for row in rows
    }
    return Day(start, end, _all_hours(found, start, end), totals.paid, totals.charged)


def _sold(actor: Actor, start: datetime, end: datetime, zone: ZoneInfo) -> Day:
    """As its report has it: each call once it is charged."""
    search = ReportSearch(ReportGroup.HOUR, start, end, zone.key)
    day = report(actor, search)
    hours = {
        int((row.key - start) // HOUR): Hour(row.attempts, row.answered, row.counts["duration_ms"])
        for row in day.rows
    }
    paid, charged = (
        plain_sum(actor, [(code, Decimal(amount)) for code, amount in amounts.items() if code])
        for amounts in (day.total.spent, day.total.earned)
    )
    return Day(start, end, _all_hours(hours, start, end), paid, charged)


def minutes_of_day(actor: Actor, day: date, zone: ZoneInfo) -> list[float]:
    """The minutes of a seller's calls in each hour of a local day."""
    start, end = local_day(day, zone)
    search = ReportSearch(ReportGroup.HOUR, start, end, zone.key)
    hours = minutes_over_time(actor, search, ReportGroup.HOUR)
    return [float(minutes) for _moment, minutes in hours]


def _all_hours(found: dict[int, Hour], start: datetime, end: datetime) -> list[Hour]:
    return [found.get(number, Hour()) for number in range((end - start) // HOUR)]


def _traffic(actor: Actor) -> QuerySet[Any]:
    """One row per call that the actor lists, as soon as it is charged."""
    if actor.is_root or actor.account_id is not None:
        return Call.objects.visible_to(actor)
    return Charge.objects.paid_by(actor).filter(revision=0)


def last_calls(actor: Actor, *, limit: int = 8) -> list[CallLine]:
    """The newest calls of the last days."""
    rows = call_keys(actor, recent_calls()).order_by("-setup_at", "-call_id")[:limit]
    keys: list[CallKey] = [
        CallKey(call_id=row["call_id"], setup_at=row["setup_at"]) for row in rows
    ]
    lines = call_lines(actor, keys)
    return [lines[key["call_id"]] for key in keys]


def customers_low_on_funds(actor: Actor, *, limit: int = 8) -> list[Any]:
    """Direct customers with nothing left, or less than a tenth of their credit limit."""
    rows = with_balances(Customer.objects.direct_of(actor.customer_id))
    low = Q(available__lte=0) | Q(available__lt=F("credit_limit") * LOW_SHARE)
    return list(rows.filter(low).order_by("available", "pk")[:limit])


def own_balance(actor: Actor) -> Balance | None:
    """The balance of the actor's customer; None without one or the right to see it."""
    if not actor.can("balance.view"):
        return None
    of_customer = Balance.objects.of_customers().filter(customer_id=actor.customer_id)
    found: Balance | None = of_customer.first()
    return found


def last_imports(actor: Actor, *, limit: int = 5) -> list[CdrImport]:
    """The newest deliveries of CDR files; none for all but Root."""
    return list(
        CdrImport.objects.visible_to(actor).select_related("switch").order_by("-pk")[:limit]
    )


@dataclass(frozen=True, slots=True)
class Begun:
    """Which of the first steps of an operator are done."""

    tariff: bool
    customer: bool
    account: bool
    call: bool

    @property
    def is_done(self) -> bool:
        return self.tariff and self.customer and self.account and self.call


def first_steps(actor: Actor) -> Begun:
    """How far the actor's customer has come, in four look-ups."""
    owned = Customer.objects.direct_of(actor.customer_id)
    has_line = (
        Account.objects.visible_to(actor).exists() or Trunk.objects.visible_to(actor).exists()
    )
    return Begun(
        tariff=Tariff.objects.filter(owner_id=actor.customer_id).exists(),
        customer=owned.exists(),
        account=has_line,
        call=_traffic(actor).exists(),
    )
