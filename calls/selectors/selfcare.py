"""What somebody without customers of its own is shown first: its money, its calls, its lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils.timezone import now

from accounts.models import Account, Trunk
from accounts.selectors import live_accounts, live_trunks
from billing.models import Balance, LedgerEntry, UsageEntry
from billing.selectors.statements import Line, default_days, entries_shown_to, statement
from calls.models import Call
from customers.tenancy import Actor
from softswitch.core.money import ZERO

DAY = timedelta(days=1)
ENTRIES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Funds:
    """How a balance came from the first of the month to where it stands.

    ``opening`` + ``earlier`` + the amounts of ``entries`` + ``calls`` = ``balance.amount``;
    ``earlier`` is the sum of the month's entries before those shown, None where all are.
    """

    balance: Balance
    since: date
    opening: Decimal
    earlier: Decimal | None
    entries: Sequence[Line]
    calls: Decimal


def funds(actor: Actor, balance: Balance) -> Funds:
    """The month of ``balance``, which the actor must be able to see, in its billing time zone."""
    since, today = default_days(balance)
    month = statement(actor=actor, balance=balance, since=since, until=today)
    entries = [line for line in month.lines if line.day is None]
    older, shown = entries[:-ENTRIES_SHOWN], entries[-ENTRIES_SHOWN:]
    return Funds(
        balance=balance,
        since=since,
        opening=month.opening,
        earlier=sum((line.amount for line in older), ZERO) if older else None,
        entries=shown,
        calls=sum((line.amount for line in month.lines if line.day is not None), ZERO),
    )


def latest_entries(actor: Actor, balance: Balance, *, limit: int = 5) -> list[LedgerEntry]:
    """What people and rules posted last to ``balance``, newest first."""
    rows = LedgerEntry.objects.visible_to(actor).filter(balance=balance)
    return list(entries_shown_to(rows, actor).order_by("-posted_at", "-pk")[:limit])


@dataclass(frozen=True, slots=True)
class MonthOfCalls:
    """A figure for each local day of a month up to today: cost in ``currency``, else minutes."""

    first: date
    days: Sequence[Decimal]
    currency: str = ""

    @property
    def total(self) -> Decimal:
        return sum(self.days, ZERO)

    @property
    def length(self) -> int:
        """How many days the month has."""
        following = (self.first + 31 * DAY).replace(day=1)
        return (following - self.first).days


def month_by_cost(balance: Balance) -> MonthOfCalls:
    """What the calls of this month cost ``balance``, by its own billing days."""
    first, today = default_days(balance)
    rows: QuerySet[Any] = UsageEntry.objects.filter(balance=balance, usage_on__gte=first)
    sums = dict(rows.values("usage_on").annotate(total=-Sum("amount")).values_list(
        "usage_on", "total"
    ))  # fmt: skip
    return MonthOfCalls(first, _filled(first, today, sums), balance.currency_id)


def month_by_minutes(actor: Actor, today: date, zone: ZoneInfo) -> MonthOfCalls:
    """The minutes of an account's calls this month, for its user, who pays for none of them."""
    first = today.replace(day=1)
    start = datetime.combine(first, time(), zone)
    rows: QuerySet[Any] = Call.objects.visible_to(actor).filter(setup_at__gte=start)
    by_day = rows.annotate(day=TruncDate("setup_at", tzinfo=zone)).values("day")
    found = by_day.annotate(total=Sum("duration_ms")).values_list("day", "total")
    sums = {day: Decimal(total) / 60_000 for day, total in found}
    return MonthOfCalls(first, _filled(first, today, sums))


def _filled(first: date, today: date, sums: dict[date, Decimal]) -> list[Decimal]:
    return [sums.get(first + place * DAY, ZERO) for place in range((today - first).days + 1)]


@dataclass(frozen=True, slots=True)
class Lines:
    """The first few of something that a customer has, and how many it has in all."""

    rows: Sequence[Any]
    count: int


def own_accounts(actor: Actor, *, limit: int = 5) -> Lines:
    """The accounts of the actor's own customer, by auth name, with how each is charged."""
    rows = Account.objects.live().filter(customer=actor.customer_id)
    shown = live_accounts(rows, now()).order_by("auth_name")
    return Lines(list(shown[:limit]), rows.count())


def own_trunks(actor: Actor, *, limit: int = 5) -> Lines:
    """The trunks of the actor's own customer, by name, with how many hosts lead to each."""
    rows = Trunk.objects.live().filter(customer=actor.customer_id)
    return Lines(list(live_trunks(rows).order_by("name")[:limit]), rows.count())
