"""Payment terms and invoice settings of an owner, with how many use them."""

from typing import Any

from django.db.models import QuerySet

from billing.models import InvoiceSettings, PaymentTerm
from customers.models import CustomerClass, CustomerParameters
from customers.selectors.settings import number_of
from customers.tenancy import Actor


def own_terms(rows: QuerySet[PaymentTerm], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with the ``classes`` and ``customers`` that chose each."""
    return _counted(rows.filter(owner_id=actor.customer_id), "payment_term")


def own_settings(rows: QuerySet[InvoiceSettings], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with the ``classes`` and ``customers`` that chose each."""
    return _counted(rows.filter(owner_id=actor.customer_id), "invoice_settings")


def uses_of(row: PaymentTerm | InvoiceSettings) -> list[tuple[str, int]]:
    """How many classes and customers chose a payment term or invoice settings."""
    chosen = {"payment_term" if isinstance(row, PaymentTerm) else "invoice_settings": row}
    return [
        ("%(count)s classes", CustomerClass.objects.filter(**chosen).count()),
        ("%(count)s customers", CustomerParameters.objects.filter(**chosen).count()),
    ]


def _counted(rows: "QuerySet[Any]", by: str) -> "QuerySet[Any]":
    return rows.annotate(
        classes=number_of(CustomerClass.objects.all(), by),
        customers=number_of(CustomerParameters.objects.all(), by),
    )
