"""Destination groups of an owner, and which destination is in which."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from customers.tenancy import Actor
from tariffs.models import DestinationGroup


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one group claims, ready to be asked."""

    group: DestinationGroup
    countries: frozenset[str]
    names: re.Pattern[str] | None

    def holds(self, name: str, country: str) -> bool:
        if self.countries and country not in self.countries:
            return False
        return self.names is None or self.names.fullmatch(name) is not None


class GroupBook:
    """The groups of one owner, asked for many destinations."""

    def __init__(self, groups: Iterable[DestinationGroup]) -> None:
        self._claims = [
            _Claim(group, frozenset(group.countries), _pattern_of(group.patterns))
            for group in groups
        ]

    def group_of(self, name: str, country: str) -> DestinationGroup | None:
        """The first group that claims a destination; None where none does."""
        for claim in self._claims:
            if claim.holds(name, country):
                return claim.group
        return None


def own_groups(rows: QuerySet[DestinationGroup], actor: Actor) -> QuerySet[DestinationGroup]:
    """The actor's own of ``rows``, in the order in which they claim destinations."""
    return rows.filter(owner_id=actor.customer_id).order_by("position", "name", "pk")


def groups_of(owner_id: int) -> GroupBook:
    """The groups of an owner."""
    rows = DestinationGroup.objects.filter(owner_id=owner_id)
    return GroupBook(rows.order_by("position", "name", "pk"))


def _pattern_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for all patterns, of which ``*`` is any text; None for no pattern."""
    parts = [_expression(text) for text in patterns]
    return re.compile("|".join(parts), re.IGNORECASE | re.DOTALL) if parts else None


def _expression(pattern: str) -> str:
    """A pattern for fullmatch. Each text between two stars is looked for once, at its first place.

    So a name is read once, however many stars there are: tried at every place, ten of them would
    take years.
    """
    first, *further = map(re.escape, pattern.split("*"))
    if not further:
        return first
    between = "".join(f"(?>.*?{text})" for text in further[:-1])
    return f"{first}{between}.*{further[-1]}"
