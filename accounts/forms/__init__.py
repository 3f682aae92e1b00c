"""Forms of accounts, trunks and hosts."""

from accounts.forms.accounts import (
    AccountForm,
    AccountLoginForm,
    ArchiveAccountForm,
    ChargingForm,
    NewAccountForm,
    SipPasswordForm,
)
from accounts.forms.cards import CardBatchForm, CardExportForm
from accounts.forms.trunks import EditHostForm, HostForm, NewTrunkForm, TrunkForm
from accounts.forms.vouchers import ExtendBatchForm, VoucherBatchForm

__all__ = [
    "AccountForm",
    "AccountLoginForm",
    "ArchiveAccountForm",
    "CardBatchForm",
    "CardExportForm",
    "ChargingForm",
    "EditHostForm",
    "ExtendBatchForm",
    "HostForm",
    "NewAccountForm",
    "NewTrunkForm",
    "SipPasswordForm",
    "TrunkForm",
    "VoucherBatchForm",
]
