"""Defines destination groups: the lines by which an owner's reports and invoices add up calls."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from customers.services.named import create_named, delete_named, edit_named
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import DestinationGroup

_NAMED: Any = {"noun": "destination_group", "right": "tariffs.edit"}
MAX_GROUPS = 500


def create_group(*, actor: Actor, **values: Any) -> DestinationGroup:
    """A group of the actor's customer; ``values`` are its columns. Atomic with the audit row.

    Raises PermissionDenied, or DomainError ``taken``, ``required``, ``invalid`` (a column) or
    ``too_many``.
    """
    row = DestinationGroup(owner=actor.customer, **values)
    _check(row)
    if DestinationGroup.objects.filter(owner=actor.customer).count() >= MAX_GROUPS:
        raise DomainError(
            "too_many",
            _("There are %(most)s groups, which is the most.") % {"most": MAX_GROUPS},
        )
    create_named(actor=actor, row=row, **_NAMED)
    return row


def edit_group(*, actor: Actor, group: DestinationGroup, values: Mapping[str, Any]) -> bool:
    """Change columns of a group; whether any changed. Locks the row; else as create_group.

    Reports follow at once, for all times.
    """
    _check(
        DestinationGroup(
            countries=values.get("countries", group.countries),
            patterns=values.get("patterns", group.patterns),
        )
    )
    return edit_named(actor=actor, row=group, values=values, **_NAMED)


def delete_group(*, actor: Actor, group: DestinationGroup) -> None:
    """Delete a group; its destinations fall to the next group that claims them, or to none."""
    delete_named(actor=actor, row=group, uses=list, **_NAMED)


def _check(row: DestinationGroup) -> None:
    if not row.countries and not row.patterns:
        raise DomainError("required", _("Enter a country or a destination."), field="patterns")
