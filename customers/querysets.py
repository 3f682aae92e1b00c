"""Named filters of customers, users and audit events."""

from typing import TYPE_CHECKING, Self

from django.db.models import Q

from customers.choices import Status
from customers.tenancy import Actor, TenantQuerySet, subtree

if TYPE_CHECKING:
    from customers.models import AuditEvent, Customer, User  # noqa: F401


class CustomerQuerySet(TenantQuerySet["Customer"]):
    """Customers; a customer belongs to itself."""

    tenant = "pk"

    def below(self, actor: Actor) -> Self:
        if actor.is_root:
            return self
        return self.filter(pk__in=subtree(self.model, actor.customer_id).values("pk"))

    def live(self) -> Self:
        """Not archived."""
        return self.filter(archived_at__isnull=True)

    def direct_of(self, owner_id: int) -> Self:
        """The direct, live customers of ``owner_id``."""
        return self.live().filter(owner_id=owner_id)

    def active(self) -> Self:
        return self.live().filter(status=Status.ACTIVE)


class UserQuerySet(TenantQuerySet["User"]):
    """Web users; an account's user is seen by its customer and its own account."""

    tenant = "customer"
    account = "account"


class AuditQuerySet(TenantQuerySet["AuditEvent"]):
    """Audit events about customers; what an owner keeps private is not shown to its customer."""

    tenant = "customer"

    def below(self, actor: Actor) -> Self:
        rows = super().below(actor)
        if actor.is_root:
            return rows
        return rows.filter(Q(is_private=False) | ~Q(customer_id=actor.customer_id))
