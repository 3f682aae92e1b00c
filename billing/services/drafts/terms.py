"""How each balance is invoiced: its parameters, settings and taxes as they stand now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import override

from billing.choices import InvoiceKind, TaxCategory, TaxMode
from billing.models import Balance, Invoice, InvoiceSettings, PaymentTerm, Tax, TaxRate
from billing.periods import next_at
from billing.selectors.account_parameters import first_settings, parameters_of_accounts
from billing.services.taxes import Rate, Taxation
from customers.models import CustomerParameters
from customers.selectors.parameters import inherited, parameters_of
from softswitch.core.money import minor_units


@dataclass(frozen=True, slots=True)
class ShortCalls:
    """From which share of short calls on they cost something, and what (product.md section 5)."""

    seconds: int
    percent: Decimal
    price: Decimal
    basis: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How one balance is invoiced; ``stored`` is what the invoice keeps of it."""

    stored: dict[str, Any]
    logo_id: int | None
    grouping: str
    rate_value: str
    non_zero_only: bool
    taxation: Taxation
    tax_category: str
    tax_reason: str
    minimum: Decimal | None
    short_calls: ShortCalls | None
    language: str
    issue_after: datetime | None


def terms_of(balances: Collection[Balance], moment: datetime) -> dict[int, Terms]:
    """The terms of each balance, by its id, in a constant number of statements.

    Parameters are between a customer and its present owner. Who has left an owner is invoiced as
    the last time; else by the first settings of the issuer, without tax, and never by itself.
    """
    ended = [row for row in balances if row.closed_at is not None]
    values = _values_of([row for row in balances if row.closed_at is None])
    taxes = _rates_of({row["tax"].pk for row in values.values() if row["tax"] is not None})
    kept = _kept_terms(ended)
    firsts = first_settings({row.issuer_id for row in ended if row.pk not in kept})
    found = {}
    for row in balances:
        if row.pk in values:
            found[row.pk] = _terms(row, values[row.pk], taxes, moment)
        elif row.pk not in kept:
            chosen = {"invoice_settings": firsts.get(row.issuer_id)}
            plain = inherited(own=CustomerParameters(**chosen)).with_own(chosen)
            found[row.pk] = _terms(row, plain, {}, moment)
    return found | kept


def _values_of(balances: Collection[Balance]) -> dict[int, Mapping[str, Any]]:
    """The parameters in force of balances in use, by balance id."""
    of_customers = {row.pk: row.customer_id for row in balances if row.account_id is None}
    resolved = parameters_of(of_customers.values())
    found = parameters_of_accounts([row for row in balances if row.account_id is not None])
    found |= {pk: resolved[customer_id] for pk, customer_id in of_customers.items()}
    return {pk: values.with_own({}) for pk, values in found.items()}


def _kept_terms(ended: Collection[Balance]) -> dict[int, Terms]:
    """What the newest invoice of each balance says, a draft too: the move forgot the parameters."""
    if not ended:
        return {}
    rows = Invoice.objects.filter(balance__in=ended, kind=InvoiceKind.INVOICE)
    newest = rows.order_by("balance_id", "-pk").distinct("balance_id").prefetch_related("taxes")
    return {invoice.balance_id: _terms_kept(invoice) for invoice in newest}


def _terms_kept(invoice: Invoice) -> Terms:
    rates = [Rate(row.name, row.percent, row.is_compound) for row in invoice.taxes.all()]
    return Terms(
        stored=invoice.terms,
        logo_id=invoice.logo_id,
        grouping=invoice.terms["grouping"],
        rate_value=invoice.terms["rate_value"],
        non_zero_only=True,
        taxation=Taxation(
            mode=invoice.tax_mode,
            rates=tuple(rates),
            rounding=invoice.terms["rounding"],
            decimals=minor_units(invoice.currency_id),
        ),
        tax_category=invoice.tax_category,
        tax_reason=invoice.tax_reason,
        minimum=None,
        short_calls=None,
        language=invoice.terms["language"],
        issue_after=None,
    )


def _rates_of(tax_ids: Collection[int]) -> dict[int, tuple[Rate, ...]]:
    if not tax_ids:
        return {}
    found: dict[int, list[Rate]] = {}
    for row in TaxRate.objects.filter(tax__in=tax_ids):
        found.setdefault(row.tax_id, []).append(Rate(row.name, row.percent, row.is_compound))
    return {tax_id: tuple(rates) for tax_id, rates in found.items()}


def _terms(
    balance: Balance,
    values: Mapping[str, Any],
    taxes: Mapping[int, tuple[Rate, ...]],
    moment: datetime,
) -> Terms:
    settings: InvoiceSettings = values["invoice_settings"] or InvoiceSettings()
    tax: Tax = values["tax"] or _plain_tax(values["tax_percent"])
    language = settings.language or balance.customer.language
    plain = _plain_rates(values["tax_percent"], language)
    rates = taxes.get(tax.pk, ()) if tax.pk else plain
    return Terms(
        stored=_stored(values, settings, language),
        logo_id=settings.logo_id,
        grouping=settings.grouping,
        rate_value=str(values["rate_value"]),
        non_zero_only=values["invoice_non_zero_only"],
        taxation=Taxation(
            mode=tax.mode,
            rates=() if tax.mode == TaxMode.NONE else rates,
            rounding=str(values["rounding"]),
            decimals=minor_units(balance.currency_id),
        ),
        tax_category=tax.category,
        tax_reason=tax.reason,
        minimum=values["minimum_commitment"],
        short_calls=_short_calls(values),
        language=language,
        issue_after=_issue_after(values, moment),
    )


def _plain_tax(percent: Decimal) -> Tax:
    """The tax where no tax settings are chosen: a percentage on top, or none at all."""
    if percent:
        return Tax(mode=TaxMode.ADDED, category=TaxCategory.STANDARD)
    return Tax(mode=TaxMode.NONE, category=TaxCategory.OUTSIDE)


def _plain_rates(percent: Decimal, language: str) -> tuple[Rate, ...]:
    with override(language):
        return (Rate(_("Tax"), percent),) if percent else ()


def _stored(values: Mapping[str, Any], settings: InvoiceSettings, language: str) -> dict[str, Any]:
    term: PaymentTerm = values["payment_term"] or PaymentTerm()
    return {
        "format": str(values["invoice_format"]),
        "rate_decimals": values["rate_decimals"],
        "rate_value": str(values["rate_value"]),
        "grouping": settings.grouping,
        "sections": list(values["invoice_sections"]),
        "rounding": str(values["rounding"]),
        "language": language,
        "due_days": term.due_days,
        "grace_days": values["grace_days"],
        "series": settings.series,
        "credit_series": settings.credit_series,
        "accent": settings.accent,
        "is_e_invoice": settings.is_e_invoice,
        "texts": {
            "header": settings.header,
            "footer": settings.footer,
            "payment": settings.payment_text,
        },
    }


def _short_calls(values: Mapping[str, Any]) -> ShortCalls | None:
    percent, price = values["short_call_percent"], values["short_call_price"]
    if not values["short_calls"] or percent is None or price is None:
        return None
    return ShortCalls(
        int(values["short_call_seconds"]), percent, price, str(values["short_call_basis"])
    )


def _issue_after(values: Mapping[str, Any], moment: datetime) -> datetime | None:
    if not values["auto_invoice"]:
        return None
    return next_at(values["invoice_at"], ZoneInfo(str(values["invoice_timezone"])), moment)
