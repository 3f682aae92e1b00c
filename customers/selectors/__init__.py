"""Reads across the tree: Root, chains of owners, effective rights, who is visible."""

from customers.selectors.actors import (
    OWN_RIGHTS_OF_ROOT_ADMINISTRATOR,
    actor_for,
    ancestor_ids,
    effective_rights,
    is_blocked,
    may_invite,
    may_manage_logins,
    may_see_logins,
    root_customer,
    system_actor,
)
from customers.selectors.audit import audit_rows
from customers.selectors.chains import ChainSegment, chains, spans_below
from customers.selectors.customers import direct_customers, sub_customer_counts

__all__ = [
    "OWN_RIGHTS_OF_ROOT_ADMINISTRATOR",
    "ChainSegment",
    "actor_for",
    "ancestor_ids",
    "audit_rows",
    "chains",
    "direct_customers",
    "effective_rights",
    "is_blocked",
    "may_invite",
    "may_manage_logins",
    "may_see_logins",
    "root_customer",
    "spans_below",
    "sub_customer_counts",
    "system_actor",
]
