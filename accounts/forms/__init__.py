"""Forms of accounts, trunks and hosts."""

from accounts.forms.accounts import NEEDED, AccountForm, NewAccountForm
from accounts.forms.fields import SINCE_HELP, near, since_field
from accounts.forms.trunks import HostForm, NewTrunkForm, TrunkForm
from accounts.forms.vouchers import ExtendBatchForm, VoucherBatchForm

__all__ = [
    "NEEDED",
    "SINCE_HELP",
    "AccountForm",
    "ExtendBatchForm",
    "HostForm",
    "NewAccountForm",
    "NewTrunkForm",
    "TrunkForm",
    "VoucherBatchForm",
    "near",
    "since_field",
]
