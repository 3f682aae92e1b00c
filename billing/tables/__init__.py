"""The lists of the billing pages."""

from billing.tables.aging import AgingTable
from billing.tables.fees import FeeTable
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
    "PaymentTermTable",
    "RecordImportTable",
    "TaxTable",
    "poster",
]
