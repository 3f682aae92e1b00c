"""Reads of accounts, trunks and hosts for their pages."""

from datetime import datetime
from typing import Any, cast

from django.db.models import Case, CharField, Count, F, QuerySet, Value, When

from accounts.choices import AccountKind, AccountState, CardState, ResourceStatus
from accounts.models import Account, CardBatch, Host, Trunk
from accounts.querysets import AccountQuerySet, HostQuerySet, TrunkQuerySet
from customers.models import User


def live_accounts(rows: QuerySet[Account], at: datetime) -> QuerySet[Account]:
    """``rows`` that are not archived, with their customer; ``charging`` and ``state`` at ``at``."""
    accounts = cast("AccountQuerySet", rows)
    known = accounts.live().select_related("customer").with_charging(at)
    inactive = When(status=ResourceStatus.INACTIVE, then=Value(AccountState.INACTIVE.value))
    expired = When(expires_at__lte=at, then=Value(AccountState.EXPIRED.value))
    return known.annotate(state=_first(inactive, expired, default=AccountState.ACTIVE))


def with_account_money(rows: QuerySet[Account]) -> QuerySet[Account]:
    """``rows`` of ``live_accounts`` with their balance and the id of their tariff now."""
    return rows.select_related("balance").annotate(tariff_id=F("now__tariff_id"))


def cards_of(rows: QuerySet[Account], at: datetime) -> QuerySet[Account]:
    """Those of ``rows`` that are live cards, with their batch; ``card_state`` at ``at``."""
    accounts = cast("AccountQuerySet", rows)
    cards = accounts.live().filter(kind=AccountKind.CARD).select_related("customer", "batch")
    blocked = When(status=ResourceStatus.INACTIVE, then=Value(CardState.BLOCKED.value))
    expired = When(expires_at__lte=at, then=Value(CardState.EXPIRED.value))
    used = When(first_used_at__isnull=False, then=Value(CardState.USED.value))
    return cards.annotate(card_state=_first(blocked, expired, used, default=CardState.UNUSED))


def card_counts(batch: CardBatch, at: datetime) -> dict[CardState, int]:
    """How many live cards of a batch are in each state at ``at``, in one statement."""
    cards: QuerySet[Any] = cards_of(Account.objects.filter(batch=batch), at)
    states = cards.order_by().values("card_state")
    counted = dict(states.annotate(number=Count("pk")).values_list("card_state", "number"))
    return {state: counted.get(state.value, 0) for state in CardState}


def _first(*whens: When, default: str) -> Case:
    return Case(*whens, default=Value(str(default)), output_field=CharField())


def account_logins(account: Account) -> QuerySet[User]:
    """Who can log in for an account alone."""
    return account.users.order_by("login")


def live_trunks(rows: QuerySet[Trunk]) -> QuerySet[Trunk]:
    """``rows`` that are not archived, with their customer and ``host_count``."""
    trunks = cast("TrunkQuerySet", rows)
    return trunks.live().select_related("customer").with_host_count()


def current_hosts(rows: QuerySet[Host]) -> QuerySet[Host]:
    """``rows`` that lead to a live trunk now, with trunk, customer and ``network_text``."""
    hosts = cast("HostQuerySet", rows)
    live = hosts.current().filter(trunk__archived_at=None)
    return live.select_related("trunk__customer").with_text()


def trunk_for_edit(trunk_id: int) -> Trunk:
    """A trunk as it is stored, with its customer: forms bind to a copy of their own."""
    return Trunk.objects.select_related("customer").get(pk=trunk_id)


def account_for_edit(account_id: int) -> Account:
    """An account as it is stored, with its customer."""
    return Account.objects.select_related("customer").get(pk=account_id)
