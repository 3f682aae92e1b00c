"""Payment terms and invoice settings of an owner, with how many use them."""

from typing import Any

from django.db.models import QuerySet

from billing.models import InvoiceSettings, PaymentTerm
from customers.models import CustomerClass, CustomerParameters
from customers.selectors.settings import counted, number_of
from customers.tenancy import Actor


def own_terms(rows: QuerySet[PaymentTerm], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with the ``classes`` and ``customers`` that chose each."""
    return _counted(rows.filter(owner_id=actor.customer_id), "payment_term")


def own_settings(rows: QuerySet[InvoiceSettings], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with the ``classes`` and ``customers`` that chose each."""
    return _counted(rows.filter(owner_id=actor.customer_id), "invoice_settings")


def uses_of(row: PaymentTerm | InvoiceSettings) -> list[str]:
    """How many classes and customers chose a payment term or invoice settings, in words."""
    chosen = {"payment_term" if isinstance(row, PaymentTerm) else "invoice_settings": row}
    classes = CustomerClass.objects.filter(**chosen).count()
    customers = CustomerParameters.objects.filter(**chosen).count()
    return [
        *counted(classes, "%(count)s class", "%(count)s classes"),
        *counted(customers, "%(count)s customer", "%(count)s customers"),
    ]


def _counted(rows: "QuerySet[Any]", by: str) -> "QuerySet[Any]":
    counted_rows: QuerySet[Any] = rows.annotate(
        classes=number_of(CustomerClass.objects.all(), by),
        customers=number_of(CustomerParameters.objects.all(), by),
    )
    return counted_rows
