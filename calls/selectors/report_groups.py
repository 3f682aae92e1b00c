"""Destination groups in reports: a seller's own, and to a buyer those of its provider."""

from collections.abc import Iterable
from typing import Any

from calls.models import Destination
from calls.selectors.sellers import is_seller
from customers.selectors import root_customer
from customers.tenancy import Actor
from tariffs.models import DestinationGroup
from tariffs.selectors.groups import groups_of

NO_GROUP = 0


def by_group(actor: Actor, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows that begin with a destination's id, with that of its group instead; 0 is none."""
    found = list(rows)
    book = groups_of(_group_owner(actor))
    named = Destination.objects.filter(pk__in={row[0] for row in found})
    groups = {
        pk: group.pk
        for pk, name, country in named.values_list("pk", "name", "country")
        if (group := book.group_of(name, country))
    }
    return [(groups.get(row[0], NO_GROUP), *row[1:]) for row in found]


def destinations_in(actor: Actor, text: str) -> list[int]:
    """The destinations in the groups named ``text``, or else in those whose names hold it."""
    owner_id = _group_owner(actor)
    rows = DestinationGroup.objects.filter(owner_id=owner_id)
    wanted = set(rows.filter(name__iexact=text).values_list("pk", flat=True))
    wanted = wanted or set(rows.filter(name__icontains=text).values_list("pk", flat=True))
    book = groups_of(owner_id)
    destinations = Destination.objects.values_list("pk", "name", "country") if wanted else []
    return [
        pk
        for pk, name, country in destinations
        if (group := book.group_of(name, country)) and group.pk in wanted
    ]


def _group_owner(actor: Actor) -> int:
    """Whose groups an actor reads by."""
    if is_seller(actor.customer):
        return actor.customer_id
    owner = actor.customer.owner
    return (owner or root_customer()).pk
