"""Named filters of accounts, trunks and hosts."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Case, CharField, Count, F, FilteredRelation, Q, Value, When
from django.db.models.functions import Cast

from accounts.choices import VoucherStatus
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

    def unmade(self) -> Self:
        """Those of which vouchers are still to be made."""
        return self.filter(made__lt=F("count"))


class VoucherQuerySet(TenantQuerySet["Voucher"]):
    """Vouchers, seen with their batch."""

    tenant = "batch__customer"

    def in_state(self, state: str, at: datetime) -> Self:
        """Those that are new, active, used, blocked or expired at ``at``."""
        return self.filter(_voucher_states(at)[VoucherStatus(state)])

    def with_state(self, at: datetime) -> Self:
        """Adds ``state``: the status with what the batch's dates make of it at ``at``."""
        states = _voucher_states(at).items()
        whens = [When(condition, then=Value(state.value)) for state, condition in states]
        return self.annotate(state=Case(*whens, output_field=CharField()))


def _voucher_states(at: datetime) -> dict[VoucherStatus, Q]:
    """The five states, of which a voucher is in exactly one."""
    unused = Q(status=VoucherStatus.ACTIVE)
    is_new = Q(batch__activates_at__gt=at)
    is_over = Q(batch__expires_at__isnull=False, batch__expires_at__lte=at)
    return {
        VoucherStatus.USED: Q(status=VoucherStatus.USED),
        VoucherStatus.BLOCKED: Q(status=VoucherStatus.BLOCKED),
        VoucherStatus.NEW: unused & is_new,
        VoucherStatus.EXPIRED: unused & is_over,
        VoucherStatus.ACTIVE: unused & ~is_new & ~is_over,
    }
