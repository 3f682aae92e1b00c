"""Reads of accounts, trunks and hosts."""

from accounts.selectors.calls import (
    AccountSpan,
    HostSpan,
    accounts_named,
    dated_own_tariffs,
    hosts_containing,
)
from accounts.selectors.records import (
    account_for_edit,
    current_hosts,
    live_accounts,
    live_trunks,
    trunk_for_edit,
)

__all__ = [
    "AccountSpan",
    "HostSpan",
    "account_for_edit",
    "accounts_named",
    "current_hosts",
    "dated_own_tariffs",
    "hosts_containing",
    "live_accounts",
    "live_trunks",
    "trunk_for_edit",
]
