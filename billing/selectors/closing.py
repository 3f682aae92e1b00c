"""Which balances have a period to close, and what holds it back."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from accounts.selectors.charging import may_manage_charging
from billing.choices import NEVER, ClosingState
from billing.models import Balance, BillingPeriod, ClosingHold
from customers.selectors.names import shown_name
from customers.tenancy import Actor

_EVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    """Periods that ended up to ``over`` may close, up to ``last`` even with unrated calls."""

    over: datetime
    last: datetime


def limits_at(moment: datetime, calls_since: datetime | None = None) -> Limits:
    """What closes at ``moment``; nothing that calls which ended at ``calls_since`` belong to."""
    delayed = moment - closing_delay()
    over = min(delayed, calls_since) if calls_since else delayed
    return Limits(over, min(over, delayed - longest_hold()))


def closing_delay() -> timedelta:
    """How long after its end a period closes."""
    return timedelta(hours=settings.CLOSING_DELAY_HOURS)


def longest_hold() -> timedelta:
    """How much longer unrated calls hold it back."""
    return timedelta(hours=settings.CLOSING_HOLD_HOURS)


def due_balances(limits: Limits) -> QuerySet[Any]:
    """Balances whose next period closes now, in order of its end; with ``unrated_calls`` in it."""
    held = Q(closes_at__gt=limits.last) & Exists(_holds())
    rows = Balance.objects.filter(closes_at__lte=limits.over).exclude(held)
    found: QuerySet[Any] = with_holds(rows).order_by("closes_at", "pk")
    return found


def left_open(limits: Limits) -> QuerySet[Balance]:
    """Balances that have ended and have a period, all the same, that is over: late calls', say."""
    later = BillingPeriod.objects.filter(
        balance=OuterRef("pk"), closed_at=None, ends_at__lte=limits.over
    )
    rows: QuerySet[Balance] = Balance.objects.filter(Exists(later), closes_at=NEVER).order_by("pk")
    return rows


def with_holds(rows: QuerySet[Balance]) -> QuerySet[Any]:
    """``rows`` with ``unrated_calls``: how many calls hold back the period that closes next."""
    counted = _holds().order_by().values("customer").annotate(calls=Count("pk")).values("calls")
    found = Subquery(counted, output_field=IntegerField())
    return cast("QuerySet[Any]", rows.annotate(unrated_calls=Coalesce(found, 0)))


def open_periods(rows: QuerySet[Balance]) -> QuerySet[Any]:
    """The open periods of ``rows`` in their order; with ``held``: the unrated calls in each."""
    calls = ClosingHold.objects.filter(
        customer=OuterRef("balance__customer"),
        ended_at__gte=OuterRef("starts_at"),
        ended_at__lt=OuterRef("ends_at"),
    )
    counted = calls.order_by().values("customer").annotate(calls=Count("pk")).values("calls")
    found = Subquery(counted, output_field=IntegerField())
    periods = BillingPeriod.objects.filter(balance__in=rows, closed_at=None)
    ordered = periods.annotate(held=Coalesce(found, 0)).order_by("balance", "starts_at")
    return cast("QuerySet[Any]", ordered)


def scheduled(rows: QuerySet[Balance], moment: datetime) -> QuerySet[Any]:
    """Those of ``rows`` that have a period to close, with its ``state``, a ClosingState."""
    limits = limits_at(moment)
    known = with_holds(rows.filter(closes_at__lt=NEVER))
    states = [
        When(closes_at__gt=moment, then=Value(ClosingState.RUNNING.value)),
        When(closes_at__gt=limits.over, then=Value(ClosingState.DELAYED.value)),
        When(
            closes_at__gt=limits.last,
            unrated_calls__gt=0,
            then=Value(ClosingState.HELD.value),
        ),
    ]
    state = Case(*states, default=Value(ClosingState.DUE.value), output_field=CharField())
    found: QuerySet[Any] = known.annotate(state=state)
    return found


def in_state(rows: QuerySet[Any], state: str, moment: datetime) -> QuerySet[Any]:
    """Those that ``scheduled`` says to be in ``state``, in conditions that an index serves."""
    limits = limits_at(moment)
    held = Q(closes_at__gt=limits.last) & Exists(_holds())
    over = rows.filter(closes_at__lte=limits.over)
    found = {
        ClosingState.RUNNING: rows.filter(closes_at__gt=moment),
        ClosingState.DELAYED: rows.filter(closes_at__gt=limits.over, closes_at__lte=moment),
        ClosingState.HELD: over.filter(held),
        ClosingState.DUE: over.exclude(held),
    }
    return found[ClosingState(state)]


def closes_from(balance: Any) -> datetime:
    """From when the next period of one of ``scheduled`` closes, as far as that is known."""
    earliest: datetime = balance.closes_at + closing_delay()
    return earliest + longest_hold() if balance.state == ClosingState.HELD else earliest


def billed_periods(rows: QuerySet[BillingPeriod], actor: Actor) -> QuerySet[Any]:
    """Those of ``rows`` that the actor's customer or one below it bills, with ``customer_name``."""
    below = rows.exclude(balance__customer=actor.customer_id, balance__account=None)
    name = shown_name(actor, "balance__customer", then="balance__closed_at")
    return below.select_related("balance__account").annotate(customer_name=name)


def periods_shown_to(rows: QuerySet[BillingPeriod], actor: Actor) -> QuerySet[Any]:
    """``rows`` with ``shown_outcome``: what became of a draft is told to the side that bills."""
    nothing = Value("", output_field=CharField())
    paid = Q(balance__customer=actor.customer_id, balance__account=None)
    told = F("outcome") if actor.account_id is None else nothing
    shown = Case(When(paid, then=nothing), default=told, output_field=CharField())
    return cast("QuerySet[Any]", rows.annotate(shown_outcome=shown))


def billed_balances(rows: QuerySet[Balance], actor: Actor, moment: datetime) -> QuerySet[Any]:
    """Those of ``rows`` that it bills and that have a period to close: see ``scheduled``."""
    below = scheduled(rows.exclude(customer=actor.customer_id, account=None), moment)
    name = shown_name(actor, then="closed_at")
    found: QuerySet[Any] = below.select_related("account").annotate(customer_name=name)
    return found


def may_change_calendar(actor: Actor, balance: Balance) -> bool:
    """Whether the actor decides when a balance's periods end: who bills it does."""
    if balance.issuer_id != actor.customer_id:
        return False
    if balance.account_id is not None:
        return may_manage_charging(actor, balance.customer)
    return actor.can("customers.edit")


def _holds() -> QuerySet[ClosingHold]:
    """The unrated calls of a balance's customer that ended in the period that closes next."""
    closed = BillingPeriod.objects.filter(
        balance=OuterRef(OuterRef("pk")), closed_at__isnull=False
    ).order_by("-ends_at")
    start = Coalesce(Subquery(closed.values("ends_at")[:1]), Value(_EVER))
    rows: QuerySet[ClosingHold] = ClosingHold.objects.filter(
        customer=OuterRef("customer"), ended_at__lt=OuterRef("closes_at"), ended_at__gte=start
    )
    return rows
