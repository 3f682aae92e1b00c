"""Reads around rate imports: who pays by a tariff, its layouts, what an import opened."""

from datetime import datetime

from django.db.models import Min, Q, QuerySet
from django.utils.timezone import now

from customers.models import Customer
from tariffs.choices import Effect
from tariffs.models import ImportProfile, Rate, RateImportEffect, Tariff


def paying_customers(tariff: Tariff) -> QuerySet[Customer]:
    """The customers that pay by ``tariff`` now or will, archived ones left out."""
    open_ = Q(tariff_assignments__valid_till=None) | Q(tariff_assignments__valid_till__gt=now())
    rows: QuerySet[Customer] = Customer.objects.filter(
        open_, tariff_assignments__tariff=tariff, archived_at=None
    )
    return rows.distinct().order_by("pk")


def import_profiles(tariff: Tariff) -> list[ImportProfile]:
    """The layouts kept for the sheets of ``tariff``, the latest first."""
    return list(ImportProfile.objects.filter(tariff=tariff).order_by("-updated_at", "-pk"))


def opened_rates(import_id: int) -> QuerySet[Rate]:
    """The rates that an applied import opened and that are still there."""
    effects = RateImportEffect.objects.filter(rate_import=import_id, kind=Effect.OPENED)
    rows: QuerySet[Rate] = Rate.objects.filter(pk__in=effects.values("rate_id"))
    return rows


def earliest_start(import_id: int) -> datetime | None:
    """From when calls can have been charged by the rates of an import; None for no rate."""
    first: datetime | None = opened_rates(import_id).aggregate(first=Min("valid_from"))["first"]
    return first
