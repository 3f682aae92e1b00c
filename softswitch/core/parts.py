"""Finds rows by a part of a name, through the trigram index of its column."""

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

TRIGRAM = 3


def part_condition(field: str, part: str) -> Q:
    """``part`` anywhere in ``field``; below three letters only where a word starts.

    For columns with a trigram index: so short a part holds no trigram, the start of a word does.
    """
    text = part.strip()
    if len(text) >= TRIGRAM:
        return Q(**{f"{field}__icontains": text})
    return Q(**{f"{field}__istartswith": text}) | Q(**{f"{field}__icontains": f" {text}"})


def named_like(rows: QuerySet[Any], *fields: str, part: str, most: int) -> list[Any]:
    """At most ``most`` of ``rows`` with ``part`` in one of ``fields``, each in order of its name.

    First those whose first field starts with it, then all others: at most two statements, each of
    which stops once it has enough.
    """
    first, text = fields[0], part.strip()
    by_name = rows.order_by(Lower(first), "pk")
    found = list(by_name.filter(**{f"{first}__istartswith": text})[:most])
    if len(found) < most:
        holding = Q()
        for field in fields:
            holding |= part_condition(field, text)
        others = by_name.filter(holding).exclude(**{f"{first}__istartswith": text})
        found += others[: most - len(found)]
    return found
