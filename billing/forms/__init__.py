"""The forms of the billing pages."""

from billing.forms.fees import ChangeFeeForm, EndFeeForm, FeeForm
from billing.forms.money import (
    InvoiceSettingsForm,
    MaintenanceForm,
    PaymentTermForm,
    PinForm,
    RecordFileForm,
    SettleForm,
    StatementForm,
)
from billing.forms.taxes import TaxForm, tax_initial

__all__ = [
    "ChangeFeeForm",
    "EndFeeForm",
    "FeeForm",
    "InvoiceSettingsForm",
    "MaintenanceForm",
    "PaymentTermForm",
    "PinForm",
    "RecordFileForm",
    "SettleForm",
    "StatementForm",
    "TaxForm",
    "tax_initial",
]
