"""Turns the cells of a row into values of columns, and notes what is wrong with them."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import DecimalField, Model
from django.utils.translation import gettext as _

from billing.parsers.records import BEYOND
from customers.choices import Kind
from softswitch.core.display import listed
from softswitch.core.errors import DomainError
from softswitch.core.validation import clean_columns

T = TypeVar("T")
Problem = tuple[int, str, str]
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


class Cells:
    """The cells of one row. What cannot be used is noted in ``problems``: (row, column, reason)."""

    def __init__(self, number: int, cells: Mapping[str, str]) -> None:
        self.number = number
        self.cells = cells
        self.problems: list[Problem] = []
        if BEYOND in cells:
            self.wrong(BEYOND, _("The row has more cells than the head."))

    def text(self, column: str) -> str:
        """The text of a cell, "" where it is empty."""
        return self.cells.get(column, "")

    def wrong(self, column: str, reason: str) -> None:
        """Note that ``column`` cannot be used so; further reasons for the same are one too many."""
        if not any(known == column for _row, known, _reason in self.problems):
            self.problems.append((self.number, column, reason))

    def clean(self, column: str, model: type[Model], field: str = "") -> Any:
        """The cell as ``field`` of ``model`` takes it (default: that of its name); None if wrong.

        A choice may be given by its label, a decimal with a comma.
        """
        value, reason = _clean(model, field or column, self.text(column))
        if reason:
            self.wrong(column, reason)
        return value

    def columns(self, model: type[Model], names: tuple[str, ...]) -> dict[str, Any]:
        """Those of ``names`` that are filled in and right, for ``model``."""
        found = {name: self.clean(name, model) for name in names if self.text(name)}
        return {name: value for name, value in found.items() if value is not None}

    def choose(self, column: str, options: Mapping[str, T], reason: str) -> T | None:
        """What a name stands for, whatever its case; None where the cell is empty or wrong."""
        text = self.text(column)
        found = options.get(text.lower())
        if text and found is None:
            self.wrong(column, reason)
        return found

    def require(self, column: str, reason: str) -> None:
        """Note that the cell of ``column`` is empty."""
        if not self.text(column):
            self.wrong(column, reason)

    def check(self, rule: Callable[..., T], *args: Any, column: str) -> T | None:
        """What a rule answers, or None and its objection noted at ``column``."""
        try:
            return rule(*args)
        except DomainError as error:
            self.wrong(column, error.message)
            return None

    def moment(self, column: str, zone: ZoneInfo) -> datetime | None:
        """A day (its start) or a moment in ISO 8601, without an offset read in ``zone``."""
        text = self.text(column)
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
            return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.wrong(column, _("Enter a day such as 2026-11-21, or 2026-11-21T09:30."))
            return None


@cache
def _labels(model: type[Model], field: str) -> dict[str, str]:
    """The values of a choice by label."""
    choices = getattr(model._meta.get_field(field), "choices", None) or ()
    return {str(label).lower(): str(value) for value, label in choices}


@lru_cache(maxsize=4096)  # zones, terms, limits: mostly the same in all rows
def _clean(model: type[Model], field: str, text: str) -> tuple[Any, str]:
    """The value, or None and what is wrong."""
    labels = _labels(model, field)
    text = labels.get(text.lower(), text)
    if labels and text not in labels.values():
        offered = [value for value in labels.values() if value != Kind.ROOT]
        return None, _("Choose one of: %(names)s.") % {"names": listed(offered)}
    if isinstance(model._meta.get_field(field), DecimalField):
        if not _NUMBER.fullmatch(text):
            return None, _("Enter a number such as 12.50, without separators of thousands.")
        text = text.replace(",", ".")
    try:
        return clean_columns(model, {field: text})[field], ""
    except DomainError as error:
        return None, error.message
