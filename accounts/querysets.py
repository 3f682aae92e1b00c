"""Named filters of accounts, trunks and hosts."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Q

from customers.tenancy import TenantQuerySet

if TYPE_CHECKING:
    from accounts.models import Account, Host, Trunk  # noqa: F401


class AccountQuerySet(TenantQuerySet["Account"]):
    """Accounts; an account's user sees its own."""

    account = "pk"

    def live(self) -> Self:
        return self.filter(archived_at__isnull=True)


class TrunkQuerySet(TenantQuerySet["Trunk"]):
    """Trunks of customers."""

    def live(self) -> Self:
        return self.filter(archived_at__isnull=True)


class HostQuerySet(TenantQuerySet["Host"]):
    """Hosts, seen with their trunk."""

    tenant = "trunk__customer"

    def valid_at(self, at: datetime) -> Self:
        """Hosts that lead to a trunk at ``at``."""
        return self.filter(Q(valid_from__lte=at) & (Q(valid_till=None) | Q(valid_till__gt=at)))

    def current(self) -> Self:
        return self.filter(valid_till=None)
