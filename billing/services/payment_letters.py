"""The letter that a payment was received, where the owner of the customer lets it be sent."""

from billing.models import Balance, LedgerEntry
from customers.models import Customer
from customers.selectors.parameters import parameters_of
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.services.outbox import queue_message


def mail_payment(*, entry: LedgerEntry) -> None:
    """Queue the letter about an entry of Add Funds, in the transaction that posts it.

    Once per entry, by nobody's hand; to the billing e-mail, else the main one. Nothing without an
    address, nor where the parameters of the customer ask for no such letter. Accounts, and who has
    left the owner, have no such parameters.
    """
    balance: Balance = entry.balance
    if balance.account_id is not None or balance.closed_at is not None:
        return
    customer: Customer = balance.customer
    recipient = customer.billing_email or customer.main_email
    if not recipient:
        return
    wanted = parameters_of([customer.pk])[customer.pk]
    if not (wanted["notifications"] and wanted["payment_notice"]):
        return
    owner = balance.issuer
    queue_message(
        actor=Actor(user=None, customer=owner, stack=(owner.pk,), is_system=True),
        owner=owner,
        customer=customer,
        event=Event.PAYMENT,
        recipient=recipient,
        context={
            "company": customer.company_name or customer.name,
            "amount": entry.original_amount,
            "currency": entry.original_currency_id,
            "balance": entry.balance_after,
            "available": balance.available,
            "balance_currency": balance.currency_id,
        },
        key=f"payment:{entry.pk}",
    )
