"""What owns a call: accounts (by auth name) and trunks with hosts (by address and tech prefix)."""

from accounts.models.accounts import Account, AccountTerms, status_field
from accounts.models.batches import Batch, CardBatch, Voucher, VoucherAttempt, VoucherBatch
from accounts.models.trunks import Host, Trunk, TrunkOwnership

__all__ = [
    "Account",
    "AccountTerms",
    "Batch",
    "CardBatch",
    "Host",
    "Trunk",
    "TrunkOwnership",
    "Voucher",
    "VoucherAttempt",
    "VoucherBatch",
    "status_field",
]
