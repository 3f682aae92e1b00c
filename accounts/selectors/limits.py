"""What limits the calls of a host: its customer, its trunk and itself, side by side."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.choices import ResourceStatus
from accounts.models import Host, Trunk
from customers.choices import Standing
from softswitch.core.chrome import Badge

# The badges of a customer none of whose calls may start.
BLOCKING = frozenset(
    {
        Standing.ARCHIVED,
        Standing.CLOSED,
        Standing.INACTIVE,
        Standing.SUSPENDED,
        Standing.BLOCKED,
        Standing.UNAVAILABLE,
        Standing.EXHAUSTED,
    }
)


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit at each level; None is unlimited, 0 allows none."""

    customer: int | None
    trunk: int | None
    host: int | None = None

    @property
    def effective(self) -> int | None:
        """The smallest of those that are set."""
        known = [level for level in (self.customer, self.trunk, self.host) if level is not None]
        return min(known, default=None)


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls at once and calls per second, and what keeps all calls away (None: nothing)."""

    calls: Limit
    cps: Limit
    block: Badge | None = None


def host_limits(host: Host, standing: Standing) -> Limits:
    """The limits of a host, whose trunk and customer must be loaded.

    ``standing`` is what keeps the customer's calls away (billing.selectors.standing), as the viewer
    may read it: what blocks from above the viewer says only "Not available from your provider".
    """
    trunk = host.trunk
    customer: Any = trunk.customer
    return Limits(
        Limit(customer.call_limit, trunk.call_limit, host.call_limit),
        Limit(customer.cps_limit, trunk.cps_limit, host.cps_limit),
        _block(standing, trunk.status, host.status),
    )


def trunk_limits(trunk: Trunk, standing: Standing) -> Limits:
    """The limits that hold for all hosts of a trunk, whose customer must be loaded."""
    customer: Any = trunk.customer
    return Limits(
        Limit(customer.call_limit, trunk.call_limit),
        Limit(customer.cps_limit, trunk.cps_limit),
        _block(standing, trunk.status),
    )


def _block(standing: Standing, *statuses: str) -> Badge | None:
    if standing is Standing.UNAVAILABLE:
        return Badge(standing.label, standing.tone)
    if standing in BLOCKING:
        return Badge(_("Customer: %(state)s") % {"state": standing.label}, standing.tone)
    if ResourceStatus.INACTIVE in statuses:
        return Badge(ResourceStatus.INACTIVE.label, ResourceStatus.INACTIVE.tone)
    return None
