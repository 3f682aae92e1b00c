"""Adds exchange rates; a correction is a new row, the old one stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import IO

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.display import spoken
from softswitch.core.errors import DomainError
from softswitch.core.locks import Space, lock
from tariffs.choices import RateSource
from tariffs.models import Currency, ExchangeRate
from tariffs.parsers.quotes import LARGEST, Quote, QuoteError, is_xml, read_ecb, read_table
from tariffs.selectors import base_currency, rates_of_days

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class ImportedRates:
    """What a file brought: rows ``added``, rates ``repeated`` that stood there already.

    ``unknown`` are codes of the file that are no currency here.
    """

    added: int
    repeated: int
    unknown: tuple[str, ...] = ()


def add_exchange_rate(
    *,
    actor: Actor,
    currency: Currency,
    valid_on: date,
    rate: Decimal,
    source: str = RateSource.MANUAL,
) -> ExchangeRate:
    """What one unit of ``currency`` is worth in the base currency from 00:00 UTC of ``valid_on``.

    Needs the system-wide right. Raises DomainError ``base_currency`` or ``rate``.
    """
    if not actor.can("system.settings"):
        raise PermissionDenied
    if currency.is_base:
        raise DomainError("base_currency", _("The base currency is always 1."), field="currency")
    if not (rate.is_finite() and 0 < rate < LARGEST):
        raise DomainError("rate", _("Enter a rate above 0."), field="rate")
    with transaction.atomic():
        lock(Space.EXCHANGE_RATES)
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


def import_exchange_rates(
    *, actor: Actor, file: IO[bytes], is_next_day: bool = False
) -> ImportedRates:
    """Add the rates of a CSV file, or of the European Central Bank's XML; all of them or none.

    ``is_next_day``: they are in force from the day after theirs. What stands there already is not
    added again, so that a file may come twice. Atomic, one file at a time. Raises DomainError
    ``file`` naming the line, PermissionDenied without the system-wide right.
    """
    if not actor.can("system.settings"):
        raise PermissionDenied
    source, quotes = _read(file)
    known = set(Currency.objects.values_list("code", flat=True))
    unknown = tuple(sorted({quote.currency for quote in quotes} - known))
    wanted = _by_day(
        [quote for quote in quotes if quote.currency in known], is_next_day=is_next_day
    )
    if source == RateSource.CSV:  # the bank's list may hold what is not used here, one's own not
        _check_table(quotes, known)
    with transaction.atomic():
        lock(Space.EXCHANGE_RATES)
        present = rates_of_days(wanted)
        new = [key for key, rate in wanted.items() if present.get(key) != rate]
        shared = {"source": source, "created_by": actor.user}
        rows = [
            ExchangeRate(currency_id=key[0], valid_on=key[1], rate=wanted[key], **shared)
            for key in new
        ]
        ExchangeRate.objects.bulk_create(rows, batch_size=BATCH)
        if new:
            _record(actor, new)
    return ImportedRates(len(new), len(wanted) - len(new), unknown)


def _read(file: IO[bytes]) -> tuple[RateSource, list[Quote]]:
    """All quotes of a file, and whose it is."""
    try:
        if is_xml(file):
            return RateSource.ECB, list(read_ecb(file, base_currency().pk))
        return RateSource.CSV, list(read_table(file))
    except QuoteError as error:
        raise DomainError("file", spoken(error), field="file") from None


def _by_day(quotes: Iterable[Quote], *, is_next_day: bool) -> dict[tuple[str, date], Decimal]:
    """The rate of each currency and day; raises DomainError where a file contradicts itself."""
    found: dict[tuple[str, date], Decimal] = {}
    for quote in quotes:
        key = quote.currency, quote.day + timedelta(days=is_next_day)
        if found.setdefault(key, quote.rate) != quote.rate:
            text = _("%(currency)s has two rates for %(day)s.") % {
                "currency": quote.currency,
                "day": quote.day,
            }
            raise _wrong(quote, text)
    return found


def _check_table(quotes: list[Quote], known: set[str]) -> None:
    base = base_currency().pk
    for quote in quotes:
        if quote.currency not in known:
            raise _wrong(
                quote, _("“%(currency)s” is not a known currency.") % {"currency": quote.currency}
            )
        if quote.currency == base:
            raise _wrong(quote, _("The base currency is always 1."))


def _wrong(quote: Quote, reason: str) -> DomainError:
    return DomainError(
        "file",
        _("Line %(line)s: %(reason)s") % {"line": quote.line, "reason": reason},
        field="file",
    )


def _record(actor: Actor, new: list[tuple[str, date]]) -> None:
    days = sorted(day for _currency, day in new)
    record(
        actor=actor,
        customer=actor.customer,
        action="exchange_rates_imported",
        subject=f"{len(new)} rates, {days[0]} to {days[-1]}",
    )
