"""Payment terms, invoice settings and taxes of an owner, with how many use them."""

from typing import Any

from django.db.models import QuerySet

from billing.models import AccountParameters, InvoiceSettings, PaymentTerm, Tax
from customers.models import CustomerClass, CustomerParameters
from customers.selectors.settings import counted, number_of
from customers.tenancy import Actor

# Who defines them: whoever invoices, customers or only accounts of its own.
RIGHT = "money.manage"
Definition = PaymentTerm | InvoiceSettings | Tax
# The parameter by which classes and customers choose one.
CHOSEN_AS: dict[type[Definition], str] = {
    PaymentTerm: "payment_term",
    InvoiceSettings: "invoice_settings",
    Tax: "tax",
}


def own_terms(rows: QuerySet[PaymentTerm], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with the ``classes`` and ``customers`` that chose each."""
    return _own(rows, actor)


def own_settings(rows: QuerySet[InvoiceSettings], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with the ``classes`` and ``customers`` that chose each."""
    return _own(rows, actor)


def own_taxes(rows: QuerySet[Tax], actor: Actor) -> QuerySet[Any]:
    """The actor's own of ``rows``, with the ``classes`` and ``customers`` that chose each."""
    return _own(rows, actor)


def uses_of(row: Definition) -> list[str]:
    """How many classes, customers and accounts chose a definition, in words.

    What is chosen for all accounts counts as one of the customers.
    """
    chosen: dict[str, Any] = {CHOSEN_AS[type(row)]: row}
    classes = CustomerClass.objects.filter(**chosen).count()
    own = AccountParameters.objects.filter(**chosen)
    customers = CustomerParameters.objects.filter(**chosen).count()
    customers += own.filter(account=None).count()
    accounts = own.exclude(account=None).count()
    return [
        *counted(classes, "%(count)s class", "%(count)s classes"),
        *counted(customers, "%(count)s customer", "%(count)s customers"),
        *counted(accounts, "%(count)s account", "%(count)s accounts"),
    ]


def _own(rows: "QuerySet[Any]", actor: Actor) -> "QuerySet[Any]":
    by = CHOSEN_AS[rows.model]
    found: QuerySet[Any] = rows.filter(owner_id=actor.customer_id).annotate(
        classes=number_of(CustomerClass.objects.all(), by),
        customers=number_of(CustomerParameters.objects.all(), by),
    )
    return found
