"""Ends what could own a call: an account, a trunk, or all of a customer that is archived."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Account, AccountTerms, Host, Trunk, TrunkOwnership
from customers.models import Customer


def close_all(*, customer: Customer, at: datetime) -> None:
    """Archive the accounts and trunks of ``customer`` and end their dated rows at ``at``.

    Part of the caller's transaction; rows that end already keep their end.
    """
    close_accounts(Account.objects.filter(customer=customer), at=at)
    close_trunks(Trunk.objects.filter(customer=customer), at=at)


def close_accounts(accounts: QuerySet[Account], *, at: datetime) -> None:
    """Archive ``accounts``, whatever they are asked by, and end the terms of each at ``at``.

    They are locked first, in the order of their ids, as charging locks cards.
    """
    list(accounts.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    AccountTerms.objects.filter(account__in=accounts, valid_till=None).update(valid_till=at)
    accounts.filter(archived_at=None).update(archived_at=at)


def close_trunks(trunks: QuerySet[Trunk], *, at: datetime) -> None:
    """Archive ``trunks``, and end their ownership and their hosts at ``at``; locks the trunks."""
    list(trunks.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    TrunkOwnership.objects.filter(trunk__in=trunks, valid_till=None).update(valid_till=at)
    Host.objects.filter(trunk__in=trunks, valid_till=None).update(valid_till=at)
    trunks.filter(archived_at=None).update(archived_at=at)
