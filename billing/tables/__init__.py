"""The lists of the billing pages."""

from billing.tables.aging import AgingTable
from billing.tables.fees import FeeTable
from billing.tables.invoices import InvoiceTable, UnbilledTable, payer_text
from billing.tables.money import (
    EntryTable,
    FormerBalanceTable,
    InvoiceSettingsTable,
    PaymentTermTable,
    RecordImportTable,
    poster,
)
from billing.tables.taxes import TaxTable

__all__ = [
    "AgingTable",
    "EntryTable",
    "FeeTable",
    "FormerBalanceTable",
    "InvoiceSettingsTable",
    "InvoiceTable",
    "PaymentTermTable",
    "RecordImportTable",
    "TaxTable",
    "UnbilledTable",
    "payer_text",
    "poster",
]
