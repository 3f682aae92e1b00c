"""What the rows of a file have in common while they are read: the actor, and what stands twice."""

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.parsers.records import Row
from billing.selectors.records.taken import folded
from billing.services.records.cells import Cells, Problem
from customers.models import User
from customers.tenancy import Actor

N = TypeVar("N")


class Plan(Generic[N]):
    """Reads rows in batches; ``new`` is what they would make, ``problems`` why they cannot.

    Nothing is written before ``write``, which is part of the caller's transaction.
    """

    unique: ClassVar[tuple[str, ...]] = ()

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.start = now()
        self.new: list[N] = []
        self.problems: list[Problem] = []
        self._seen: dict[tuple[str, str], int] = {}

    def read(self, rows: Sequence[Row]) -> None:
        """Check a batch of rows; raises DomainError for what is wrong with the file as a whole."""
        read = [(Cells(number, cells), self._keys_of(cells)) for number, cells in rows]
        for column in self.unique:
            self._check_free(column, [(row, keys[column]) for row, keys in read if keys[column]])
        for row, _keys in read:
            made = self.read_row(row)
            self.problems += sorted(row.problems)
            if made is not None and not row.problems:
                self.new.append(made)

    def read_row(self, row: Cells) -> N | None:
        """What the row would make, its problems noted in it; None where too much is missing."""
        raise NotImplementedError

    def write(self) -> list[User]:
        """Make all of ``new``; the logins made with them. Raises IntegrityError, DomainError."""
        raise NotImplementedError

    def _keys_of(self, cells: dict[str, str]) -> dict[str, str]:
        return {column: clean_key(column, cells.get(column, "")) for column in self.unique}

    def _check_free(self, column: str, rows: list[tuple[Cells, str]]) -> None:
        """Note what is taken in the system, or stands in the file a second time."""
        found = folded(column, [text for _row, text in rows])
        for (row, _text), (key, is_taken) in zip(rows, found, strict=True):
            first = self._seen.setdefault((column, key), row.number)
            if is_taken:
                row.wrong(column, _("This is taken."))
            elif first != row.number:
                row.wrong(column, _("This stands in row %(first)s already.") % {"first": first})


def clean_key(column: str, text: str) -> str:
    """A name, login or auth name as it would be stored."""
    if column == "login":
        return text.strip().lower()
    return " ".join(text.split()) if column == "name" else text.strip()
