"""Lists of accounts, trunks and hosts."""

from accounts.tables.accounts import AccountTable
from accounts.tables.rows import is_near
from accounts.tables.trunks import HostTable, TrunkTable

__all__ = [
    "AccountTable",
    "HostTable",
    "TrunkTable",
    "is_near",
]
