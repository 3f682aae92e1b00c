"""The one badge of a customer: its manual status, its money, and whoever stands above it."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.db.models import BooleanField, Case, Exists, F, OuterRef, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.db.models.lookups import LessThan
from django.utils.timezone import now

from billing.models import Suspension
from billing.selectors.balances import with_balances
from billing.selectors.dunning import overdue_invoices
from customers.choices import Standing, Status
from customers.models import Customer
from customers.selectors import chains
from customers.selectors.parameters import in_force
from customers.tenancy import Actor
from softswitch.core.fields import AmountField

# What lets no call of the customer and of all below it start.
STOPPING = frozenset(
    {
        Standing.ARCHIVED,
        Standing.CLOSED,
        Standing.INACTIVE,
        Standing.SUSPENDED,
        Standing.EXHAUSTED,
    }
)
States = dict[int, tuple[Standing, ...]]


def standings(actor: Actor, customers: Collection[Customer]) -> dict[int, Standing]:
    """The badge of each of ``customers``, in two statements whatever their number.

    The first that applies: archived, closed, inactive, suspended, overdue, exhausted, blocked by a
    customer above, low, ok; one that is overdue and not stopped itself is blocked first. Who blocks
    from above the viewer is not told: "Not available from your provider".
    """
    return _each(actor, customers, _badge)


def call_standings(actor: Actor, customers: Collection[Customer]) -> dict[int, Standing]:
    """What keeps the calls of each of ``customers`` away, else ok: no badge hides it."""
    return _each(actor, customers, _stop)


def standing_of(actor: Actor, customer: Customer) -> Standing:
    """The badge of one customer."""
    return standings(actor, [customer])[customer.pk]


def call_standing_of(actor: Actor, customer: Customer) -> Standing:
    """What keeps the calls of one customer away, else ok."""
    return call_standings(actor, [customer])[customer.pk]


def stops_of(customer_ids: Collection[int]) -> dict[int, Standing]:
    """Those of some customers that let no call start by themselves, each with why.

    One statement, for authorization, which asks for a whole line; nothing of it is for the eyes of
    who stands below the one that stops.
    """
    found = {}
    for pk, states in _states(customer_ids).items():
        stops = [state for state in states if state in STOPPING]
        if stops:
            found[pk] = stops[0]
    return found


def with_states(customers: QuerySet[Customer]) -> QuerySet[Any]:
    """``customers`` with balances and ``is_suspended``, ``is_overdue``, ``is_low`` of each."""
    stopping = Suspension.objects.stopping().filter(balance=OuterRef("own__pk"))
    owed = overdue_invoices(now()).filter(balance=OuterRef("own__pk"))
    found: QuerySet[Any] = with_balances(customers).annotate(
        is_suspended=Exists(stopping), is_overdue=Exists(owed), is_low=_is_low()
    )
    return found


def low_limit() -> Case:
    """Below which available sum customers with balances are low; None: never.

    It is the amount that is warned about, or the part of the credit limit: whichever is more.
    """
    part = F("credit_limit") * in_force("low_balance_percent") / 100
    sums = AmountField()
    limit = Greatest(in_force("low_balance_amount"), part, output_field=sums)
    return Case(When(in_force("notifications"), then=limit), default=None, output_field=sums)


def _is_low() -> Case:
    """Less is available than what is warned about."""
    return Case(
        When(LessThan(F("available"), low_limit()), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )


def _each(
    actor: Actor,
    customers: Collection[Customer],
    combine: Callable[[Actor, tuple[int, ...], States], Standing],
) -> dict[int, Standing]:
    ids = [customer.pk for customer in customers]
    lines = {pk: (pk,) for pk in ids} | _lines(ids)
    states = _states({pk for line in lines.values() for pk in line})
    return {pk: combine(actor, lines[pk], states) for pk in ids}


def _lines(ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Each customer first, its top owner last; Root, which has none, is absent."""
    return {pk: segments[-1].customers for pk, segments in chains(ids).items()}


def _states(ids: Collection[int]) -> States:
    """What applies to each customer by itself, the first that counts first."""
    columns = ("status", "archived_at", "available", "is_suspended", "is_overdue", "is_low")
    rows = with_states(Customer.objects.filter(pk__in=ids)).values("pk", *columns)
    return {row["pk"]: tuple(_alone(row)) for row in rows}


def _alone(row: dict[str, Any]) -> Iterator[Standing]:
    if row["archived_at"] is not None:
        yield Standing.ARCHIVED
    if row["status"] != Status.ACTIVE:
        yield Standing(row["status"])
    if row["is_suspended"]:
        yield Standing.SUSPENDED
    if row["is_overdue"]:
        yield Standing.OVERDUE
    if row["available"] is not None and row["available"] <= 0:
        yield Standing.EXHAUSTED
    if row["is_low"]:
        yield Standing.LOW


def _badge(actor: Actor, line: tuple[int, ...], states: States) -> Standing:
    """``line``: the customer first, its top owner last."""
    own = states[line[0]]
    if not STOPPING.intersection(own):
        above = _above(actor, line, states)
        if above is not Standing.OK:
            return above
    return own[0] if own else Standing.OK


def _stop(actor: Actor, line: tuple[int, ...], states: States) -> Standing:
    own = [state for state in states[line[0]] if state in STOPPING]
    return own[0] if own else _above(actor, line, states)


def _above(actor: Actor, line: tuple[int, ...], states: States) -> Standing:
    """What whoever stands above does to the customer, as far as the viewer is told."""
    blockers = {pk for pk in line[1:] if STOPPING.intersection(states[pk])}
    if not blockers:
        return Standing.OK
    known = line if actor.is_root else line[: _place(actor, line) + 1]
    return Standing.BLOCKED if blockers & set(known) else Standing.UNAVAILABLE


def _place(actor: Actor, line: tuple[int, ...]) -> int:
    """Where the viewer stands in the line; those after it are above it."""
    return line.index(actor.customer_id) if actor.customer_id in line else 0
