"""Database constraints that Django has no class for: dated rows, and values unique at commit."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db.models import Deferrable, F, Func


def validity(start: str = "valid_from", end: str = "valid_till") -> Func:
    """The half-open time range of a dated row; an empty end is open."""
    return Func(F(start), F(end), function="tstzrange")


def never_twice(
    name: str, key: str, start: str = "valid_from", end: str = "valid_till"
) -> ExclusionConstraint:
    """Refuse two rows of the same ``key`` whose times overlap; needs btree_gist."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            (key, RangeOperators.EQUAL),
            (validity(start, end), RangeOperators.OVERLAPS),
        ],
    )


class UniqueAtCommit(ExclusionConstraint):
    """Refuse, when the transaction ends, two rows that agree in all of ``columns``.

    Unlike a deferred UNIQUE it is no candidate key, so that writing the columns takes a weaker row
    lock and never waits for foreign-key checks of others. A B-tree answers equality about ten
    times as fast as the GiST index to which Django limits exclusion constraints.
    """

    def __init__(self, *, name: str, columns: list[str]) -> None:
        self.columns = columns
        super().__init__(
            name=name,
            expressions=[(column, RangeOperators.EQUAL) for column in columns],
            deferrable=Deferrable.DEFERRED,
        )
        self.index_type = "btree"

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, _kwargs = super().deconstruct()
        return path, args, {"name": self.name, "columns": self.columns}
