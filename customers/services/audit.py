"""Writes the audit log: one row per thing done, with the real and the effective user."""

from datetime import datetime
from typing import Any

from django.utils.timezone import now

from customers.models import AuditEvent, Customer
from customers.tenancy import Actor


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
    AuditEvent.objects.create(
        at=at or now(),
        customer=customer,
        user=actor.user,
        acting_as_id=actor.customer_id,
        stack=list(actor.stack),
        action=action,
        subject=str(subject)[:200],
        changes={k: [str(v) for v in pair] for k, pair in (changes or {}).items()},
        is_private=is_private,
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
