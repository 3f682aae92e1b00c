"""Statements: the ledger of one balance by days, calls added up per local day."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    ExpressionWrapper,
    Max,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, NullIf
from django.utils.timezone import now

from billing.choices import EntryKind
from billing.models import Balance, LedgerEntry, UsageEntry
from billing.querysets import LedgerQuerySet
from customers.selectors.names import is_known, known, shown_name
from customers.tenancy import Actor
from softswitch.core.money import ZERO

DAY = timedelta(days=1)
PAYMENTS = (EntryKind.ADD_FUNDS, EntryKind.VOUCHER, EntryKind.TRANSFER, EntryKind.PAY_OUT)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: an entry, or the calls of one local day (``calls`` and ``day`` set).

    What re-ratings changed of a day's calls is a line of its own: ``corrections`` are the ids of
    its usage entries, and ``calls`` is 0.
    ``amount`` is signed, in the currency of the statement; ``running`` is the balance after it.
    ``original_amount`` is set where another currency was entered.
    """

    at: datetime
    kind: EntryKind
    amount: Decimal
    running: Decimal = ZERO
    notes: str = ""
    entry_id: int | None = None
    who: str = ""
    is_above: bool = False
    original_amount: Decimal | None = None
    original_currency: str = ""
    exchange_rate: Decimal | None = None
    day: date | None = None
    calls: int = 0
    corrections: tuple[int, ...] = ()

    @property
    def debit(self) -> Decimal | None:
        return -self.amount if self.amount < 0 else None

    @property
    def credit(self) -> Decimal | None:
        return self.amount if self.amount >= 0 else None


@dataclass(frozen=True, slots=True)
class Statement:
    """The lines of ``since`` to ``until`` (local days, both included) and what they add up to.

    ``opening`` + ``credits`` - ``debits`` = ``closing`` holds for all lines of the days; ``lines``
    may be fewer, where only some kinds were asked for.
    """

    currency: str
    zone: str
    since: date
    until: date
    opening: Decimal
    closing: Decimal
    lines: list[Line]

    @property
    def credits(self) -> Decimal:
        return sum((line.credit for line in self.lines if line.credit is not None), ZERO)

    @property
    def debits(self) -> Decimal:
        return sum((line.debit for line in self.lines if line.debit is not None), ZERO)


def entries_shown_to(rows: QuerySet[LedgerEntry], actor: Actor) -> QuerySet[LedgerEntry]:
    """``rows`` with what the actor may read: ``customer_name``, and who posted.

    That is ``who``, ``is_above`` and ``posted_for``, the customer that the poster acted as. A real
    user above the viewer's customer has no name there; the system's is empty too, and so is
    ``posted_for`` where it is above.
    """
    above = Q(user__isnull=False) & ~is_known(actor, "user__customer")
    nobody = Value("", output_field=CharField())
    name = Coalesce(NullIf("user__name", nobody), "user__login", nobody)
    return rows.annotate(
        customer_name=shown_name(actor, then="balance__closed_at"),
        is_above=ExpressionWrapper(above, output_field=BooleanField()),
        who=Case(When(above, then=nobody), default=name, output_field=CharField()),
        posted_for=Case(
            When(above, then=nobody),
            default=Coalesce(known(actor, "acting_as", "name"), nobody),
            output_field=CharField(),
        ),
    )


def payments_in(rows: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Those of ``rows`` that are money in or out, and what reverses such."""
    known_kinds = cast("LedgerQuerySet", rows).with_reversed()
    taken_back = Q(kind=EntryKind.REVERSAL, reversed_kind__in=PAYMENTS)
    found: QuerySet[LedgerEntry] = known_kinds.filter(Q(kind__in=PAYMENTS) | taken_back)
    return found


def reversal_of(actor: Actor, entry: LedgerEntry) -> LedgerEntry | None:
    """The entry that reverses ``entry``, where there is one that the actor sees."""
    found: LedgerEntry | None = LedgerEntry.objects.visible_to(actor).filter(reverses=entry).first()
    return found


def default_days(balance: Balance) -> tuple[date, date]:
    """From the first of this month to today in the billing time zone.

    Of a closed one that of its end, to what settled it later.
    """
    first = last = balance.closed_at or now()
    if balance.closed_at is not None:
        entries = LedgerEntry.objects.filter(balance=balance)
        last = entries.aggregate(last=Max("posted_at", default=first))["last"]
    zone = ZoneInfo(str(balance.period_timezone))
    days = first.astimezone(zone).date(), max(first, last).astimezone(zone).date()
    return days[0].replace(day=1), days[1]


def statement(
    *,
    actor: Actor,
    balance: Balance,
    since: date,
    until: date,
    kinds: Collection[str] = (),
    notes: str = "",
) -> Statement:
    """The statement of ``balance`` as the actor may see it; days are of the billing time zone.

    Calls stand at the end of the local day on which they ended, so each line's balance is that of
    the lines above it. ``kinds`` and ``notes`` leave lines out, and change no balance.
    """
    zone = ZoneInfo(str(balance.period_timezone))
    start, end = _midnight(since, zone), _midnight(until + DAY, zone)
    entries = LedgerEntry.objects.visible_to(actor).filter(balance=balance)
    usage = UsageEntry.objects.visible_to(actor).filter(balance=balance)
    currency = balance.currency_id
    opening = _sum(entries.filter(posted_at__lt=start)) + _sum(usage.filter(usage_on__lt=since))
    lines = [
        *_entry_lines(entries.filter(posted_at__gte=start, posted_at__lt=end), actor, currency),
        *_usage_lines(usage.filter(usage_on__gte=since, usage_on__lte=until), zone),
    ]
    lines = _running(opening, sorted(lines, key=lambda line: (line.at, line.entry_id or 0)))
    return Statement(
        currency=currency,
        zone=str(zone),
        since=since,
        until=until,
        opening=opening,
        closing=lines[-1].running if lines else opening,
        lines=[line for line in lines if _is_asked(line, kinds, notes)],
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _sum(rows: QuerySet[LedgerEntry] | QuerySet[UsageEntry]) -> Decimal:
    total: Decimal | None = rows.aggregate(total=Sum("amount"))["total"]
    return total or ZERO


def _entry_lines(rows: QuerySet[LedgerEntry], actor: Actor, currency: str) -> list[Line]:
    shown: QuerySet[Any] = entries_shown_to(rows, actor)
    return [_entry_line(entry, currency) for entry in shown]


def _entry_line(entry: Any, currency: str) -> Line:
    line = Line(
        at=entry.posted_at,
        kind=EntryKind(entry.kind),
        amount=entry.amount,
        notes=entry.notes,
        entry_id=entry.pk,
        who=entry.who,
        is_above=entry.is_above,
    )
    if entry.original_currency_id == currency:
        return line
    return replace(
        line,
        original_amount=entry.original_amount,
        original_currency=entry.original_currency_id,
        exchange_rate=entry.exchange_rate,
    )


def _usage_lines(rows: QuerySet[UsageEntry], zone: ZoneInfo) -> list[Line]:
    """One line per local day, at its last second; today's stands at this moment.

    One more for what was re-rated, told by counting no calls (billing.services.usage).
    """
    correcting = ExpressionWrapper(Q(calls=0), output_field=BooleanField())
    by_day = rows.values("usage_on", is_correction=correcting)
    days = by_day.annotate(
        total=Sum("amount"), number=Sum("calls"), ids=ArrayAgg("id", filter=Q(calls=0))
    )
    return [
        Line(
            at=min(_midnight(row["usage_on"] + DAY, zone) - timedelta(seconds=1), now()),
            kind=EntryKind.USAGE,
            amount=row["total"],
            day=row["usage_on"],
            calls=row["number"],
            corrections=tuple(sorted(row["ids"] or ())),
        )
        for row in days.order_by("usage_on", "is_correction")
    ]


def _running(opening: Decimal, lines: list[Line]) -> list[Line]:
    done, balance = [], opening
    for line in lines:
        balance += line.amount
        done.append(replace(line, running=balance))
    return done


def _is_asked(line: Line, kinds: Collection[str], notes: str) -> bool:
    return (not kinds or line.kind in kinds) and notes.casefold() in line.notes.casefold()
