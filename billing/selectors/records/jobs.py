"""Reads of imports of records: who may import, how far they are, their first rows, their errors."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, overload

from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    ExpressionWrapper,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext as _

from customers.choices import ImportState, RecordKind
from customers.models import Customer, RecordImport
from customers.selectors import actor_for
from customers.selectors.custom_fields import MASK
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

RIGHT = {RecordKind.CUSTOMER.value: "customers.add", RecordKind.ACCOUNT.value: "accounts.add"}
# Whose rows can be thrown away: nothing was made of them.
DISCARDABLE = frozenset({ImportState.CHECKING, ImportState.CHECKED, ImportState.FAILED})
SHOWN = 50
_PIECE = """
SELECT jsonb_path_query_array({column}, '$[$first to $last]',
                              jsonb_build_object('first', %s::int, 'last', %s::int))
FROM customers_recordimport WHERE id = %s
"""


def may_import(actor: Actor, kind: str) -> bool:
    """Whether the actor imports, and exports, records of ``kind`` (RecordKind)."""
    return actor.account_id is None and actor.can(RIGHT[kind])


def uploader_of(job: RecordImport) -> Actor:
    """Who uploaded the file, with the rights of now, as the customer it acted as then.

    Raises DomainError ``owner`` where it cannot act as that customer any more.
    """
    actor = actor_for(job.user, stack=job.stack[1:], ip=job.ip)
    if actor.customer_id != job.owner_id or not job.user.is_active:
        raise DomainError("owner", _("Whoever uploaded this can no longer act here."))
    return actor


def rights_of_uploader(job: RecordImport) -> frozenset[str]:
    """What the job may do in the name of who uploaded the file; nothing where that is over."""
    actor = actor_for(job.user, stack=job.stack[1:], ip=job.ip)
    return actor.rights if actor.customer_id == job.owner_id else frozenset()


def jobs_shown_to(rows: QuerySet[RecordImport], actor: Actor) -> QuerySet[RecordImport]:
    """``rows`` without what is large, with who uploaded: ``uploader`` and ``is_above``.

    A user above the actor's customer has no name.
    """
    known = Customer.objects.visible_to(actor).values("pk")
    hidden = ~Q(user__customer__in=known)
    name = Coalesce(NullIf("user__name", Value("")), "user__login", output_field=CharField())
    return rows.light().annotate(  # type: ignore[attr-defined, no-any-return]
        is_above=ExpressionWrapper(hidden, output_field=BooleanField()),
        uploader=Case(When(hidden, then=Value("")), default=name, output_field=CharField()),
    )


def first_rows(job: RecordImport, hidden: Collection[str]) -> list[tuple[int, list[str]]]:
    """The first SHOWN rows: number in the file, and the cells in the order of its columns.

    Of a SIP password, and in the columns ``hidden``, they say only that there is something.
    """
    masked = {*hidden, "sip_password"}
    return [
        (number, [_shown(name, cells.get(name, ""), masked) for name in job.columns])
        for number, cells in _piece("rows", job, 0, SHOWN)
    ]


def _shown(column: str, text: str, masked: Collection[str]) -> str:
    return MASK if column in masked and text else text


class Errors(Sequence[Any]):
    """The errors of an import, ``[row, column, reason]`` each, read a page at a time.

    A reason may repeat what stands in the cell: in the columns ``hidden`` it is not told.
    """

    def __init__(self, job: RecordImport, hidden: Collection[str]) -> None:
        self.job, self.hidden = job, hidden

    def __len__(self) -> int:
        return self.job.wrong

    def __iter__(self) -> Iterator[Any]:
        """All of them, read at once."""
        stored = RecordImport.objects.filter(pk=self.job.pk).values_list("errors", flat=True)
        return map(self._told, stored.get())

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            start, stop, _step = place.indices(len(self))
            return list(map(self._told, _piece("errors", self.job, start, stop)))
        return self[place : place + 1][0]

    def _told(self, error: list[Any]) -> list[Any]:
        row, column, reason = error
        return [row, column, _("Not for your role.") if column in self.hidden else reason]


def _piece(column: str, job: RecordImport, start: int, stop: int) -> list[Any]:
    """The items from ``start`` up to ``stop`` of a large column."""
    if stop <= start:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_PIECE.format(column=column), [start, stop - 1, job.pk])
        found = cursor.fetchone()[0]
    return list(json.loads(found) if isinstance(found, str) else found)
