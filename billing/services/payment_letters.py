"""The letter that a payment was received, where the owner of the customer lets it be sent."""

from django.urls import reverse

from billing.models import Balance, LedgerEntry
from customers.models import Customer
from customers.selectors.parameters import parameters_of
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.services.events import News, tell
from notifications.values import Money


def mail_payment(*, entry: LedgerEntry) -> None:
    """Tell of an entry of Add Funds, in the transaction that posts it.

    Once per entry, by nobody's hand; nothing where the parameters of the customer ask for no such
    letter. Accounts, and who has
    left the owner, have no such parameters.
    """
    balance: Balance = entry.balance
    if balance.account_id is not None or balance.closed_at is not None:
        return
    customer: Customer = balance.customer
    wanted = parameters_of([customer.pk])[customer.pk]
    if not (wanted["notifications"] and wanted["payment_notice"]):
        return
    owner, currency = balance.issuer, balance.currency_id
    news = News(
        event=Event.PAYMENT,
        owner=owner,
        customer=customer,
        values={
            "payment.amount": Money(entry.original_amount, entry.original_currency_id),
            "payment.day": entry.posted_at.astimezone(balance.period_timezone).date(),
            "payment.notes": entry.notes,
            "balance": Money(entry.balance_after, currency),
            "credit_limit": Money(balance.credit_limit, currency),
            "available": Money(balance.available, currency),
            "reserved": Money(balance.reserved, currency),
        },
        key=f"payment:{entry.pk}",
        path=reverse("billing:entry_detail", args=[entry.pk]),
    )
    actor = Actor(user=None, customer=owner, stack=(owner.pk,), is_system=True)
    tell(actor=actor, news=news)
