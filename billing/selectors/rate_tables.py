"""The whole rate table of an invoice: every rate by which its payer could call in the period."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet

from accounts.models import AccountTerms
from billing.models import Invoice
from billing.selectors.documents import terms_of
from customers.choices import InvoiceSection
from tariffs.models import Rate, TariffAssignment

CHUNK = 2_000


def has_rate_table(invoice: Invoice) -> bool:
    """Whether the issuer put the rate table into the invoice."""
    return invoice.period is not None and InvoiceSection.RATE_TABLE in terms_of(invoice)["sections"]


def rate_lines(invoice: Invoice, zone: ZoneInfo) -> Iterator[list[Any]]:
    """The rates in force within the period, by destination; whose tariff it is stays untold.

    Each: destination, country, prefix, first interval in seconds, its price per minute, the
    further ones and theirs, currency, whether calls are refused, from when and till when.
    """
    for row in _rates(invoice).iterator(chunk_size=CHUNK):
        yield [
            row.destination,
            row.country,
            row.prefix,
            row.interval_1,
            row.price_1,
            row.interval_n,
            row.price_n,
            row.currency,
            row.is_forbidden,
            row.valid_from.astimezone(zone),
            row.valid_till.astimezone(zone) if row.valid_till else None,
        ]


def _rates(invoice: Invoice) -> QuerySet[Any]:
    period = invoice.period
    if period is None:
        return Rate.objects.none()
    inside = Q(valid_from__lt=period.ends_at) & (
        Q(valid_till=None) | Q(valid_till__gt=period.starts_at)
    )
    rows = Rate.objects.filter(inside, tariff__in=_tariffs(invoice).filter(inside))
    ordered: QuerySet[Any] = rows.annotate(currency=F("tariff__currency_id"))
    return ordered.order_by("destination", "prefix", "valid_from", "pk")


def _tariffs(invoice: Invoice) -> QuerySet[Any]:
    """The ids of the tariffs that the payer paid by, when; ``valid_from`` may be filtered on."""
    if invoice.account_id is not None:
        rows: QuerySet[Any] = AccountTerms.objects.filter(account=invoice.account_id)
        return rows.exclude(tariff=None).values("tariff")
    return TariffAssignment.objects.filter(customer=invoice.customer_id).values("tariff")
