"""The one badge of a customer: its manual status, its money, and whoever stands above it."""

from collections.abc import Collection
from decimal import Decimal

from billing.selectors.balances import with_balances
from customers.choices import Standing, Status
from customers.models import Customer
from customers.selectors import chains
from customers.tenancy import Actor


def standings(actor: Actor, customers: Collection[Customer]) -> dict[int, Standing]:
    """The badge of each of ``customers``, in two statements whatever their number.

    The first that applies: archived, closed, inactive, exhausted, blocked by a customer above, ok.
    Who blocks from above the viewer is not told: "Not available from your provider".
    """
    lines = {
        pk: segments[-1].customers for pk, segments in chains([c.pk for c in customers]).items()
    }
    wanted = {pk for line in lines.values() for pk in line} | {c.pk for c in customers}
    states = _states(wanted)
    return {
        customer.pk: _combine(actor, lines.get(customer.pk, (customer.pk,)), states)
        for customer in customers
    }


def standing_of(actor: Actor, customer: Customer) -> Standing:
    """The badge of one customer."""
    return standings(actor, [customer])[customer.pk]


def _states(ids: Collection[int]) -> dict[int, Standing]:
    """Each customer by itself, whatever stands above it."""
    customers = with_balances(Customer.objects.filter(pk__in=ids))
    rows = customers.values_list("pk", "status", "archived_at", "available")
    return {
        pk: _alone(status, is_archived=archived is not None, available=available)
        for pk, status, archived, available in rows
    }


def _alone(status: str, *, is_archived: bool, available: Decimal | None) -> Standing:
    if is_archived:
        return Standing.ARCHIVED
    if status != Status.ACTIVE:
        return Standing(status)
    is_exhausted = available is not None and available <= 0
    return Standing.EXHAUSTED if is_exhausted else Standing.OK


def _combine(actor: Actor, line: tuple[int, ...], states: dict[int, Standing]) -> Standing:
    """``line``: the customer first, its top owner last."""
    own = states[line[0]]
    if own is not Standing.OK:
        return own
    blockers = [pk for pk in line[1:] if states[pk] is not Standing.OK]
    if not blockers:
        return own
    known = line if actor.is_root else line[: _place(actor, line) + 1]
    return Standing.BLOCKED if set(blockers) & set(known) else Standing.UNAVAILABLE


def _place(actor: Actor, line: tuple[int, ...]) -> int:
    """Where the viewer stands in the line; those after it are above it."""
    return line.index(actor.customer_id) if actor.customer_id in line else 0
