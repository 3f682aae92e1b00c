"""Creates, edits and deletes what an owner defines under a name: one rule for classes and the like.

A row has an ``owner_id``, a ``name`` and a constraint that no two names of the owner are equal.
Events of the audit log are about the owner itself: ``<noun>_created``, ``_edited``, ``_deleted``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.display import listed
from softswitch.core.errors import DomainError
from softswitch.core.validation import check_columns

RIGHT = "customers.edit"
"""Who may define it, unless a caller names another right."""


def must_own(actor: Actor, row: Any, right: str = RIGHT) -> None:
    """PermissionDenied unless the row is the acting owner's and the actor has the right."""
    if row.owner_id != actor.customer_id or not actor.can(right):
        raise PermissionDenied


def create_named(*, actor: Actor, row: Any, noun: str, right: str = RIGHT) -> None:
    """Insert ``row``, checked; atomic with the audit row. DomainError ``taken``, ``invalid``."""
    must_own(actor, row, right)
    _check(row, [field.name for field in row._meta.concrete_fields if field.editable])
    with transaction.atomic():
        _save(row, force_insert=True)
        record(actor=actor, customer=actor.customer, action=f"{noun}_created", subject=row)


def edit_named(
    *, actor: Actor, row: Any, values: Mapping[str, Any], noun: str, right: str = RIGHT
) -> bool:
    """Change columns of the row, which is locked and read again; whether any changed.

    The given ``row`` stays as it is. Else as create_named.
    """
    with transaction.atomic():
        fresh = lock_named(actor=actor, row=row, right=right)
        differences = changed(fresh, dict(values))
        return save_named(actor=actor, row=fresh, differences=differences, noun=noun)


def lock_named(*, actor: Actor, row: Any, right: str = RIGHT) -> Any:
    """The row as it stands now, locked until the caller's transaction ends."""
    must_own(actor, row, right)
    return type(row).objects.select_for_update().get(pk=row.pk)


def save_named(
    *,
    actor: Actor,
    row: Any,
    differences: dict[str, Any],
    noun: str,
    columns: Iterable[str] | None = None,
) -> bool:
    """Store changes that stand on ``row`` already (customers.services.audit.changed).

    ``columns`` hold them where they are not named like the differences.
    """
    if not differences:
        return False
    _check(row, differences)
    with transaction.atomic():
        _save(row, update_fields=sorted(differences if columns is None else columns))
        record(
            actor=actor,
            customer=actor.customer,
            action=f"{noun}_edited",
            subject=row,
            changes=differences,
        )
    return True


def delete_named(
    *, actor: Actor, row: Any, noun: str, uses: Callable[[], list[str]], right: str = RIGHT
) -> None:
    """Delete a row that nothing uses; DomainError ``in_use`` says by what and how often it is.

    Locks the row before ``uses`` counts ("3 customers"), so that nobody takes it meanwhile.
    """
    with transaction.atomic():
        lock_named(actor=actor, row=row, right=right)
        used = uses()
        if used:
            raise DomainError(
                "in_use",
                _("%(name)s is in use: %(uses)s.") % {"name": row, "uses": listed(used)},
            )
        record(actor=actor, customer=actor.customer, action=f"{noun}_deleted", subject=row)
        row.delete()


def _check(row: Any, names: Iterable[str]) -> None:
    row.name = " ".join(row.name.split())
    if not row.name:
        raise DomainError("required", _("Enter a name."), field="name")
    check_columns(row, [name for name in names if not _may_stay_empty(row, name)])


def _may_stay_empty(row: Any, name: str) -> bool:
    """Whether a column holds nothing, and may: as Model.clean_fields asks."""
    column = row._meta.get_field(name)
    return bool(column.blank) and getattr(row, column.attname) in column.empty_values


def _save(row: Any, **options: Any) -> None:
    try:
        with transaction.atomic():
            row.save(**options)
    except IntegrityError as error:
        for constraint in row._meta.constraints:
            if constraint.name in str(error):
                message = str(constraint.violation_error_message)
                raise DomainError("taken", message, field="name") from error
        raise
