"""Writes the audit log: one row per thing done, with the real and the effective user."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.timezone import now

from customers.models import AuditEvent, Customer
from customers.tenancy import Actor

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing done, as ``record`` takes it."""

    customer: Customer
    action: str
    subject: object
    changes: dict[str, Any] = field(default_factory=dict)
    is_private: bool = False


def record(
    *,
    actor: Actor,
    customer: Customer,
    action: str,
    subject: object,
    changes: dict[str, Any] | None = None,
    is_private: bool = False,
    at: datetime | None = None,
) -> None:
    """Add an event about ``customer`` in the caller's transaction.

    ``changes`` maps a field to ``[before, after]``, as text. ``is_private``: what the owner keeps
    about the customer, hidden from the customer itself. ``at`` (default now) decides, where the
    customer moves, to whose time the event belongs.
    """
    entry = Entry(customer, action, subject, changes or {}, is_private)
    _event(actor, entry, at or now()).save(force_insert=True)


def record_many(*, actor: Actor, entries: Sequence[Entry]) -> None:
    """Add many events at one moment, in few statements; the set-based sibling of ``record``."""
    moment = now()
    events = [_event(actor, entry, moment) for entry in entries]
    AuditEvent.objects.bulk_create(events, batch_size=BATCH)


def _event(actor: Actor, entry: Entry, at: datetime) -> AuditEvent:
    return AuditEvent(
        at=at,
        customer=entry.customer,
        user=actor.user,
        acting_as_id=actor.customer_id,
        stack=list(actor.stack),
        action=entry.action,
        subject=str(entry.subject)[:200],
        changes={k: [str(v) for v in pair] for k, pair in entry.changes.items()},
        is_private=entry.is_private,
        ip=actor.ip,
    )


def changed(row: Any, values: dict[str, Any]) -> dict[str, list[Any]]:
    """Which of ``values`` differ from ``row``: field to [before, after]; sets them on the row."""
    differences: dict[str, list[Any]] = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            differences[name] = [before, value]
            setattr(row, name, value)
    return differences
