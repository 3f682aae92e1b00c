"""Adds exchange rates; a correction is a new row, the old one stays."""

from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction

from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Currency, ExchangeRate

LARGEST = Decimal(10) ** 9


def add_exchange_rate(
    *, actor: Actor, currency: Currency, valid_on: date, rate: Decimal, source: str = "manual"
) -> ExchangeRate:
    """What one unit of ``currency`` is worth in the base currency from 00:00 UTC of ``valid_on``.

    Needs the system-wide right. Raises DomainError ``base_currency`` or ``rate``.
    """
    if not actor.can("system.settings"):
        raise PermissionDenied
    if currency.is_base:
        raise DomainError("base_currency", "The base currency is always 1.", field="currency")
    if not Decimal(0) < rate < LARGEST:
        raise DomainError("rate", "Enter a rate above 0.", field="rate")
    with transaction.atomic():
        row = ExchangeRate.objects.create(
            currency=currency, valid_on=valid_on, rate=rate, source=source, created_by=actor.user
        )
        record(
            actor=actor,
            customer=actor.customer,
            action="exchange_rate_added",
            subject=f"{currency} {valid_on}",
            changes={"rate": ["", rate]},
        )
    return row
