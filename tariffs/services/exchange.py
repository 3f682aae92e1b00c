"""Adds exchange rates; a correction is a new row, the old one stays."""

import csv
import io
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import IO

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
    if not (rate.is_finite() and 0 < rate < LARGEST):
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


def import_exchange_rates(*, actor: Actor, file: IO[bytes]) -> int:
    """Add the rates of a CSV file with the columns currency, date (ISO) and rate; how many.

    All lines or none. Raises DomainError ``file`` naming the first line that is wrong.
    """
    try:
        lines = csv.DictReader(io.StringIO(file.read().decode("utf-8-sig")))
        wanted = [{str(k).strip().lower(): v or "" for k, v in line.items()} for line in lines]
    except UnicodeDecodeError:
        raise DomainError("file", "The file is not UTF-8 text.", field="file") from None
    if not wanted:
        raise DomainError("file", "The file has no lines.", field="file")
    with transaction.atomic():
        for number, line in enumerate(wanted, start=2):
            try:
                _add_line(actor, line)
            except DomainError as error:
                raise DomainError("file", f"Line {number}: {error.message}", field="file") from None
    return len(wanted)


def _add_line(actor: Actor, line: dict[str, str]) -> None:
    code = line.get("currency", "").strip().upper()
    currency = Currency.objects.filter(code=code).first()
    if currency is None:
        raise DomainError("currency", f"“{code}” is not a known currency.")
    try:
        valid_on = date.fromisoformat(line.get("date", "").strip())
    except ValueError:
        raise DomainError("date", "The date is not written like 2026-01-31.") from None
    try:
        rate = Decimal(line.get("rate", "").strip())
    except InvalidOperation:
        raise DomainError("rate", "The rate is not a number.") from None
    add_exchange_rate(actor=actor, currency=currency, valid_on=valid_on, rate=rate, source="csv")
