"""The values that messages speak of: typed, so that each reader gets them in its own words.

A message's fields are called by dotted names (``invoice.total``). In a letter a value stands as
the words of a language, in a webhook and in a notice as JSON.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise

MOST_ROWS = 200  # of a table


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of a currency: ``12.34 EUR``."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address that a reader can follow."""

    url: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a head of plain words; all rows are as long as the head.

    Words that are translated lazily stand in the language of each reader. Readers get the first
    MOST_ROWS and how many are ``left_out``: no letter fails because somebody has thousands.
    """

    head: tuple[str, ...]
    rows: tuple[tuple["Value", ...], ...]

    @property
    def shown(self) -> tuple[tuple["Value", ...], ...]:
        return self.rows[:MOST_ROWS]

    @property
    def left_out(self) -> int:
        return len(self.rows) - len(self.shown)


Value = str | int | Decimal | bool | dt.date | dt.datetime | Money | Link | Table | None
Values = Mapping[str, Value]


def to_json(value: Value) -> Any:
    """``value`` as webhooks carry it: money as ``{"amount": "12.34", "currency": "EUR"}``.

    Numbers are text, so that none is rounded on its way; days and moments are ISO 8601. A table of
    which rows are left out says how many in ``more``.
    """
    for kind, written in _WRITERS:
        if isinstance(value, kind):
            return written(value)
    return value


def _json_table(table: Table) -> dict[str, Any]:
    rows = [[to_json(cell) for cell in row] for row in table.shown]
    found = {"head": [str(word) for word in table.head], "rows": rows}
    return found | ({"more": table.left_out} if table.left_out else {})


# The first that fits; a moment is a day too, so it stands before it.
_WRITERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (Money, lambda value: {"amount": f"{value.amount:f}", "currency": value.currency}),
    (Link, lambda value: {"url": value.url}),
    (Table, _json_table),
    (Decimal, lambda value: f"{value:f}"),
    (dt.datetime, lambda value: {"at": value.isoformat()}),
    (dt.date, lambda value: {"day": value.isoformat()}),
    (Promise, str),
)


def from_json(value: Any) -> Value:
    """The value that ``to_json`` wrote; a number comes back as its text."""
    if isinstance(value, dict):
        return _from_object(value)
    kept: Value = value
    return kept


def _from_object(value: dict[str, Any]) -> Value:
    if "currency" in value:
        return Money(Decimal(value["amount"]), value["currency"])
    if "url" in value:
        return Link(value["url"])
    if "at" in value:
        return dt.datetime.fromisoformat(value["at"])
    if "day" in value:
        return dt.date.fromisoformat(value["day"])
    rows = tuple(tuple(from_json(cell) for cell in row) for row in value["rows"])
    return Table(tuple(value["head"]), rows)


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """``{"invoice.total": x}`` as ``{"invoice": {"total": x}}``."""
    found: dict[str, Any] = {}
    for name, value in flat.items():
        *above, last = name.split(".")
        level = found
        for step in above:
            level = level.setdefault(step, {})
        level[last] = value
    return found
