"""The forms of the billing pages."""

from billing.forms.fees import ChangeFeeForm, EndFeeForm, FeeForm
from billing.forms.money import (
    CalendarForm,
    CreditNoteForm,
    DiscardForm,
    InvoiceSettingsForm,
    IssueForm,
    MaintenanceForm,
    PaymentTermForm,
    PinForm,
    RecordFileForm,
    SettleForm,
    StatementForm,
    VoidForm,
)
from billing.forms.payments import (
    AmountForm,
    PayForm,
    ProviderForm,
    ReasonForm,
    ReceivedForm,
    TopUpForm,
    TransferForm,
    WriteOffForm,
)
from billing.forms.taxes import TaxForm, tax_initial

__all__ = [
    "AmountForm",
    "CalendarForm",
    "ChangeFeeForm",
    "CreditNoteForm",
    "DiscardForm",
    "EndFeeForm",
    "FeeForm",
    "InvoiceSettingsForm",
    "IssueForm",
    "MaintenanceForm",
    "PayForm",
    "PaymentTermForm",
    "PinForm",
    "ProviderForm",
    "ReasonForm",
    "ReceivedForm",
    "RecordFileForm",
    "SettleForm",
    "StatementForm",
    "TaxForm",
    "TopUpForm",
    "TransferForm",
    "VoidForm",
    "WriteOffForm",
    "tax_initial",
]
