"""The lists of the billing pages."""

from billing.tables.invoices import InvoiceTable, UnbilledTable, payer_text
from billing.tables.money import (
    EntryTable,
    FormerBalanceTable,
    InvoiceSettingsTable,
    PaymentTermTable,
    RecordImportTable,
    poster,
)

__all__ = [
    "EntryTable",
    "FormerBalanceTable",
    "InvoiceSettingsTable",
    "InvoiceTable",
    "PaymentTermTable",
    "RecordImportTable",
    "UnbilledTable",
    "payer_text",
    "poster",
]
