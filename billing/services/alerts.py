"""Letters about money that a person sends by hand."""

from django.core.exceptions import PermissionDenied

from billing.selectors.balances import balance_of
from customers.models import Customer
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.models import Message
from notifications.services.outbox import queue_message
from softswitch.core.errors import DomainError


def send_low_balance_alert(*, actor: Actor, customer: Customer) -> Message:
    """Mail a direct customer its balance, credit limit and what is available.

    To its billing e-mail, else its main e-mail. For who may edit it or move its money, else
    PermissionDenied. Raises DomainError ``archived``, ``no_balance`` (Root) or ``no_email``.
    """
    is_allowed = actor.can("money.manage") or actor.can("customers.edit")
    if not customer.is_direct_of(actor) or not is_allowed:
        raise PermissionDenied
    if customer.archived_at is not None:
        raise DomainError("archived", "This customer is archived.")
    balance = balance_of(customer)
    if balance is None:
        raise DomainError("no_balance", "This customer has no balance.")
    return queue_message(
        actor=actor,
        owner=actor.customer,
        customer=customer,
        event=Event.LOW_BALANCE,
        recipient=customer.billing_email or customer.main_email,
        context={
            "company": customer.company_name or customer.name,
            "balance": balance.amount,
            "credit_limit": balance.credit_limit,
            "available": balance.available,
            "currency": balance.currency_id,
        },
    )
