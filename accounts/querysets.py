"""Named filters of accounts, trunks and hosts."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import CharField, Count, F, FilteredRelation, Q
from django.db.models.functions import Cast

from customers.tenancy import TenantQuerySet

if TYPE_CHECKING:
    from accounts.models import (  # noqa: F401
        Account,
        CardBatch,
        Host,
        Trunk,
        Voucher,
        VoucherBatch,
    )


class AccountQuerySet(TenantQuerySet["Account"]):
    """Accounts; an account's user sees its own."""

    account = "pk"

    def live(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def with_charging(self, at: datetime) -> Self:
        """Adds ``charging``: how each is charged at ``at``."""
        in_force = Q(terms__valid_from__lte=at) & (
            Q(terms__valid_till=None) | Q(terms__valid_till__gt=at)
        )
        joined = self.annotate(now=FilteredRelation("terms", condition=in_force))
        return joined.annotate(charging=F("now__charging"))


class TrunkQuerySet(TenantQuerySet["Trunk"]):
    """Trunks of customers."""

    def live(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def with_host_count(self) -> Self:
        """Adds ``host_count``: the hosts that lead to each now."""
        return self.annotate(host_count=Count("hosts", filter=Q(hosts__valid_till=None)))


class HostQuerySet(TenantQuerySet["Host"]):
    """Hosts, seen with their trunk."""

    tenant = "trunk__customer"

    def valid_at(self, at: datetime) -> Self:
        """Hosts that lead to a trunk at ``at``."""
        return self.filter(Q(valid_from__lte=at) & (Q(valid_till=None) | Q(valid_till__gt=at)))

    def current(self) -> Self:
        return self.filter(valid_till=None)

    def with_text(self) -> Self:
        """Adds ``network_text``, in which parts of an address can be searched."""
        return self.annotate(network_text=Cast("network", CharField()))


class CardBatchQuerySet(TenantQuerySet["CardBatch"]):
    """Batches of prepaid cards."""


class VoucherBatchQuerySet(TenantQuerySet["VoucherBatch"]):
    """Batches of vouchers."""


class VoucherQuerySet(TenantQuerySet["Voucher"]):
    """Vouchers, seen with their batch."""

    tenant = "batch__customer"
