"""Reads of accounts, trunks and hosts for their pages."""

from datetime import datetime
from typing import cast

from django.db.models import QuerySet

from accounts.models import Account, Host, Trunk
from accounts.querysets import AccountQuerySet, HostQuerySet, TrunkQuerySet


def live_accounts(rows: QuerySet[Account], at: datetime) -> QuerySet[Account]:
    """``rows`` that are not archived, with their customer and ``charging`` at ``at``."""
    accounts = cast("AccountQuerySet", rows)
    return accounts.live().select_related("customer").with_charging(at)


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
