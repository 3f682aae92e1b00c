"""The lists of the billing pages."""

from billing.tables.aging import AgingTable
from billing.tables.alerts import AlertTable
from billing.tables.fees import FeeTable
from billing.tables.invoices import InvoiceTable, UnbilledTable, payer_text
from billing.tables.money import (
    ClosingTable,
    DunningTable,
    EntryTable,
    FormerBalanceTable,
    InvoiceSettingsTable,
    PaymentTermTable,
    PeriodTable,
    RecordImportTable,
    poster,
)
from billing.tables.payments import OnlinePaymentTable, PaymentTable
from billing.tables.taxes import TaxTable

__all__ = [
    "AgingTable",
    "AlertTable",
    "ClosingTable",
    "DunningTable",
    "EntryTable",
    "FeeTable",
    "FormerBalanceTable",
    "InvoiceSettingsTable",
    "InvoiceTable",
    "OnlinePaymentTable",
    "PaymentTable",
    "PaymentTermTable",
    "PeriodTable",
    "RecordImportTable",
    "TaxTable",
    "UnbilledTable",
    "payer_text",
    "poster",
]
