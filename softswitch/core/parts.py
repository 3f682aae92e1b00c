"""Finds rows by a part of a name, through the trigram index of its column."""

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

TRIGRAM = 3
# So many rows or fewer are read by their keys and sorted; more are met soon enough in order.
FEW = 2_000


def part_condition(field: str, part: str) -> Q:
    """``part`` anywhere in ``field``; below three letters only where a word starts.

    For columns with a trigram index: so short a part holds no trigram, the start of a word does.
    """
    text = part.strip()
    if len(text) >= TRIGRAM:
        return Q(**{f"{field}__icontains": text})
    return Q(**{f"{field}__istartswith": text}) | Q(**{f"{field}__icontains": f" {text}"})


def holding_part(
    rows: QuerySet[Any], field: str, part: str, *, index: str = "", within: bool = False
) -> QuerySet[Any]:
    """``rows`` with ``part`` in ``field``, for lists in whatever order; two statements.

    ``index`` names the same text in the column with the trigram index, if that is another. Where
    few hold the part, their keys are looked up there first: the planner, who cannot know that
    those of one name stand together, would read the list in its order until it met enough.
    ``within`` looks them up among ``rows`` alone: for texts that other lists of the model repeat.
    """
    *relations, column = (index or field).split("__")
    model = rows.model
    for name in relations:
        model = model._meta.get_field(name).related_model
    asked: QuerySet[Any] = rows.order_by() if within else QuerySet(model)
    found = asked.filter(part_condition(column, part))
    keys = list(found.values_list("pk", flat=True)[: FEW + 1])
    if len(keys) > FEW:
        return rows.filter(part_condition(field, part))
    if model._meta.pk.is_relation:  # beside the row that is meant, under the same key
        relations = relations[:-1]
    return rows.filter(**{"__".join([*relations, "pk", "in"]): keys})


def named_like(rows: QuerySet[Any], *fields: str, part: str, most: int) -> list[Any]:
    """At most ``most`` of ``rows`` with ``part`` in one of ``fields``, each in order of its name.

    An index on ``Upper`` of the first field serves both the start of it and the order.

    First those whose first field starts with it, then all others: at most two statements, each of
    which stops once it has enough.
    """
    first, text = fields[0], part.strip()
    by_name = rows.order_by(Upper(first), "pk")
    found = list(by_name.filter(**{f"{first}__istartswith": text})[:most])
    if len(found) < most:
        holding = Q()
        for field in fields:
            holding |= part_condition(field, text)
        others = by_name.filter(holding).exclude(**{f"{first}__istartswith": text})
        found += others[: most - len(found)]
    return found
