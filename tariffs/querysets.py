"""Named filters of tariffs, rates and exchange rates."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Q

from customers.tenancy import Actor, TenantQuerySet

if TYPE_CHECKING:
    from tariffs.models import Rate, RateImport, Tariff, TariffAssignment  # noqa: F401


def in_force(at: datetime) -> Q:
    """Dated rows valid at ``at``; ranges are half-open."""
    return Q(valid_from__lte=at) & (Q(valid_till=None) | Q(valid_till__gt=at))


class TariffQuerySet(TenantQuerySet["Tariff"]):
    """Tariffs, seen by their owner and those above it."""

    tenant = "owner"

    def live(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def owned_by(self, actor: Actor) -> Self:
        """The actor's own tariffs: those it can edit and sell."""
        return self.live().filter(owner_id=actor.customer_id)


class RateQuerySet(TenantQuerySet["Rate"]):
    """Rates, seen with their tariff."""

    tenant = "tariff__owner"

    def valid_at(self, at: datetime) -> Self:
        return self.filter(in_force(at))


class RateImportQuerySet(TenantQuerySet["RateImport"]):
    """Rate imports, seen with their tariff."""

    tenant = "tariff__owner"


class AssignmentQuerySet(TenantQuerySet["TariffAssignment"]):
    """Which tariff a customer had when; seen by the owner of the tariff."""

    tenant = "tariff__owner"

    def valid_at(self, at: datetime) -> Self:
        return self.filter(in_force(at))
