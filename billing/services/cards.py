"""Opens prepaid cards in batches, each with a balance of its own."""

from django.db import transaction

from accounts.models import CardBatch
from accounts.services.cards import NewCards, make_cards
from billing.models import Balance
from billing.services.accounts import (
    AccountTariff,
    account_currency,
    check_by_itself,
    new_balance,
)
from billing.services.maintenance import post_openings
from customers.models import Customer
from customers.services.holding import hold
from customers.tenancy import Actor


def open_cards(*, actor: Actor, customer: Customer, new: NewCards) -> CardBatch:
    """A batch of prepaid cards of ``customer``, all or nothing; 10,000 take some seconds.

    Each is charged by itself at ``new.tariff``, on a balance that starts with ``new.value`` in the
    customer's currency. Raises DomainError ``tariff``, ``archived`` and what ``make_cards`` raises.
    Holds the customer.
    """
    terms = AccountTariff(new.tariff, opening_balance=new.value)
    with transaction.atomic():
        hold(actor=actor, customers=[customer])
        check_by_itself(actor, customer, terms)
        currency = account_currency(customer, new.tariff)
        batch, cards = make_cards(actor=actor, customer=customer, new=new, currency=currency)
        balances = Balance.objects.bulk_create(
            [new_balance(card, terms, currency, card.opened_at) for card in cards]
        )
        post_openings(actor=actor, openings=[(balance, new.value) for balance in balances])
    return batch
