"""What the token's customer has defined for its invoices, in the API: terms, settings, taxes."""

from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from ninja import Query, Router, Schema

from billing.models import InvoiceSettings, PaymentTerm, Tax
from billing.selectors.invoice_settings import own_settings, own_taxes, own_terms
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, Paging, actor_of, visible

router = Router(tags=["Invoices"])


class Defined(Schema):
    """A named definition, with how many classes and customers chose it."""

    id: int
    name: str
    classes: int
    customers: int


class TermOut(Defined):
    """A payment term; reminders are days before and after the due date."""

    period_type: str
    due_days: int
    grace_days: int
    reminders_before: list[int]
    reminders_after: list[int]


class TermPage(Schema):
    """One page of payment terms; ``next`` is what to ask ``after`` for more."""

    items: list[TermOut]
    next: int | None


class SettingsOut(Defined):
    """A way to issue invoices: number series, file, prices, sections and texts."""

    series: str
    credit_series: str
    invoice_format: str
    is_e_invoice: bool
    grouping: str
    rate_value: str
    rate_decimals: int
    non_zero_only: bool
    sections: list[str]
    language: str
    payment_text: str
    header: str
    footer: str


class SettingsPage(Schema):
    """One page of invoice settings; ``next`` is what to ask ``after`` for more."""

    items: list[SettingsOut]
    next: int | None


class TaxRateOut(Schema):
    """One rate; a compound one is taken of the net amount and the rates before it."""

    name: str
    percent: Decimal
    is_compound: bool


class TaxSettingsOut(Defined):
    """A way to tax; ``category`` as EN 16931 has it (UNCL 5305)."""

    mode: str
    category: str
    reason: str
    rates: list[TaxRateOut]

    @staticmethod
    def resolve_rates(tax: Any) -> list[Any]:
        """The rates in their order."""
        return list(tax.rates.all())


class TaxSettingsPage(Schema):
    """One page of tax settings; ``next`` is what to ask ``after`` for more."""

    items: list[TaxSettingsOut]
    next: int | None


def defined(request: HttpRequest, model: type[Model]) -> tuple[Any, Actor]:
    """The rows of ``model`` in scope, for who may see the pages of them too."""
    actor = actor_of(request, "customers.edit")
    return visible(model, actor), actor


@router.get("/payment-terms", response={200: TermPage, REFUSALS: ErrorOut})
def list_terms(request: HttpRequest, paging: Query[Paging]) -> Any:
    """The own payment terms."""
    return paging.page(own_terms(*defined(request, PaymentTerm)))


@router.get("/invoice-settings", response={200: SettingsPage, REFUSALS: ErrorOut})
def list_settings(request: HttpRequest, paging: Query[Paging]) -> Any:
    """The own invoice settings."""
    return paging.page(own_settings(*defined(request, InvoiceSettings)))


@router.get("/taxes", response={200: TaxSettingsPage, REFUSALS: ErrorOut})
def list_taxes(request: HttpRequest, paging: Query[Paging]) -> Any:
    """The own tax settings, with their rates."""
    return paging.page(own_taxes(*defined(request, Tax)).prefetch_related("rates"))
