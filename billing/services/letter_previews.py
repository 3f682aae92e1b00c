"""What an owner's letters would say of one of its customers, for those who write their words."""

from billing.choices import EntryKind, InvoiceKind
from billing.models import Balance, Invoice
from billing.selectors.balances import balance_of, may_see_balances
from billing.selectors.letter_links import invoice_url
from billing.services.alerts import funds_of
from customers.models import Customer
from customers.tenancy import Actor
from notifications.values import Link, Money, Value


def known_values(*, actor: Actor, customer: Customer) -> dict[str, Value]:
    """The fields of letters that are known of a direct customer: funds, last payment and invoice.

    Only between the actor's customer and ``customer``, and only what the actor may see; none for
    somebody else's customer.
    """
    balance = balance_of(customer)
    if balance is None or not customer.is_direct_of(actor) or not may_see_balances(actor):
        return {}
    return funds_of(balance) | _last_payment(balance) | _last_invoice(actor, balance)


def _last_payment(balance: Balance) -> dict[str, Value]:
    rows = balance.entries.filter(kind=EntryKind.ADD_FUNDS, original_amount__gt=0)
    entry = rows.order_by("-pk").first()
    if entry is None:
        return {}
    return {
        "payment.amount": Money(entry.original_amount, entry.original_currency_id),
        "payment.day": entry.posted_at.astimezone(balance.period_timezone).date(),
        "payment.notes": entry.notes,
    }


def _last_invoice(actor: Actor, balance: Balance) -> dict[str, Value]:
    rows = Invoice.objects.filter(
        balance=balance, issued_at__isnull=False, kind=InvoiceKind.INVOICE
    )
    invoice = rows.order_by("-issued_at").first()
    if invoice is None or not actor.can("invoices.view"):
        return {}
    currency = invoice.currency_id
    return {
        "invoice.number": invoice.number,
        "invoice.total": Money(invoice.total, currency),
        "invoice.amount_due": Money(invoice.amount_due, currency),
        "invoice.open": Money(invoice.open_amount, currency),
        "invoice.due_on": invoice.due_on,
        "invoice_link": Link(invoice_url(invoice.pk)),
    }
