"""Named filters of tariffs, rates and exchange rates."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from customers.querysets import OwnedQuerySet
from customers.tenancy import Actor, TenantQuerySet

if TYPE_CHECKING:
    from tariffs.models import (  # noqa: F401
        DestinationGroup,
        ImportProfile,
        Rate,
        RateImport,
        RateImportError,
        RateImportRow,
        RateProfile,
        Tariff,
        TariffAssignment,
    )


def in_force(at: datetime) -> Q:
    """Dated rows valid at ``at``; ranges are half-open."""
    return Q(valid_from__lte=at) & (Q(valid_till=None) | Q(valid_till__gt=at))


class PublicQuerySet(models.QuerySet[Any]):
    """Currencies and exchange rates: everybody who is signed in reads all of them."""

    def visible_to(self, actor: Actor) -> Self:
        return self.all()


class TariffQuerySet(TenantQuerySet["Tariff"]):
    """Tariffs, seen by their owner and those above it."""

    tenant = "owner"

    def live(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def owned_by(self, actor: Actor) -> Self:
        """The actor's own tariffs: those it can edit and sell."""
        return self.live().filter(owner_id=actor.customer_id)


class RateProfileQuerySet(OwnedQuerySet["RateProfile"]):
    """Time-of-day profiles of owners."""

    def live(self) -> Self:
        return self.filter(archived_at__isnull=True)


class DestinationGroupQuerySet(OwnedQuerySet["DestinationGroup"]):
    """Destination groups of owners."""


class RateQuerySet(TenantQuerySet["Rate"]):
    """Rates, seen with their tariff."""

    tenant = "tariff__owner"

    def valid_at(self, at: datetime) -> Self:
        return self.filter(in_force(at))


class RateImportQuerySet(TenantQuerySet["RateImport"]):
    """Rate imports, seen with their tariff."""

    tenant = "tariff__owner"


class RateImportRowQuerySet(TenantQuerySet["RateImportRow"]):
    """Staged lines of rate imports, seen with their tariff."""

    tenant = "rate_import__tariff__owner"


class RateImportErrorQuerySet(TenantQuerySet["RateImportError"]):
    """Rejected lines of rate imports, seen with their tariff."""

    tenant = "rate_import__tariff__owner"


class ImportProfileQuerySet(TenantQuerySet["ImportProfile"]):
    """Layouts of rate sheets, seen with their tariff."""

    tenant = "tariff__owner"


class AssignmentQuerySet(TenantQuerySet["TariffAssignment"]):
    """Which tariff a customer had when; seen by the owner of the tariff."""

    tenant = "tariff__owner"

    def valid_at(self, at: datetime) -> Self:
        return self.filter(in_force(at))
