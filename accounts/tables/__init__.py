"""Lists of accounts, trunks and hosts."""

from accounts.tables.accounts import AccountTable
from accounts.tables.rows import is_near
from accounts.tables.trunks import HostTable, TrunkTable
from accounts.tables.vouchers import VoucherBatchTable, VoucherTable

__all__ = [
    "AccountTable",
    "HostTable",
    "TrunkTable",
    "VoucherBatchTable",
    "VoucherTable",
    "is_near",
]
