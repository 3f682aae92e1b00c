"""Database constraints of dated rows: at any moment, at most one row of each key is in force."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db.models import F, Func


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
