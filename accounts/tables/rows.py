"""What the rows of accounts, cards, trunks and hosts share."""

from typing import Any

from accounts.choices import ResourceStatus


def is_near(customer: object, actor: object) -> bool:
    """Whether the actor may edit what belongs to ``customer``: its own, or a direct one's."""
    pk, owner = getattr(customer, "pk", None), getattr(customer, "owner_id", None)
    return getattr(actor, "customer_id", None) in (pk, owner)


def may_activate(record: Any, actor: Any) -> bool:
    """Whether the row's account or trunk is inactive, and the actor's to edit."""
    return record.status != ResourceStatus.ACTIVE and is_near(record.customer, actor)


def may_deactivate(record: Any, actor: Any) -> bool:
    """Whether the row's account or trunk is active, and the actor's to edit."""
    return record.status == ResourceStatus.ACTIVE and is_near(record.customer, actor)


def may_edit(record: Any, actor: Any) -> bool:
    """Whether the row's account or trunk is the actor's to edit."""
    return is_near(record.customer, actor)
