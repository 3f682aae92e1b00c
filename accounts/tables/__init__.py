"""Lists of accounts, cards, trunks, hosts and vouchers."""

from accounts.tables.accounts import AccountTable, PlainAccountTable
from accounts.tables.cards import CardBatchTable, CardTable, PlainCardTable
from accounts.tables.logins import AccountLoginTable
from accounts.tables.rows import is_near
from accounts.tables.trunks import HostTable, TrunkTable
from accounts.tables.vouchers import BatchVoucherTable, VoucherBatchTable, VoucherTable

__all__ = [
    "AccountLoginTable",
    "AccountTable",
    "BatchVoucherTable",
    "CardBatchTable",
    "CardTable",
    "HostTable",
    "PlainAccountTable",
    "PlainCardTable",
    "TrunkTable",
    "VoucherBatchTable",
    "VoucherTable",
    "is_near",
]
