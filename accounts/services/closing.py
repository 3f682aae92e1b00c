"""Ends everything that could own a call of a customer that is archived."""

from datetime import datetime

from accounts.models import Account, AccountTerms, Host, Trunk, TrunkOwnership
from customers.models import Customer


def close_all(*, customer: Customer, at: datetime) -> None:
    """Archive the accounts and trunks of ``customer`` and end their dated rows at ``at``.

    Part of the caller's transaction; rows that end already keep their end.
    """
    Account.objects.filter(customer=customer, archived_at=None).update(archived_at=at)
    AccountTerms.objects.filter(account__customer=customer, valid_till=None).update(valid_till=at)
    Trunk.objects.filter(customer=customer, archived_at=None).update(archived_at=at)
    TrunkOwnership.objects.filter(customer=customer, valid_till=None).update(valid_till=at)
    Host.objects.filter(trunk__customer=customer, valid_till=None).update(valid_till=at)
