"""Balances, the ledger in two tables, charges, periods, invoices, their settings, dunning."""

from billing.models.balances import Balance, BillingPeriod
from billing.models.charges import ArchivedMonth, ArchivedSums, Charge, ClosingHold
from billing.models.dunning import DunningCheck, DunningStep, Suspension
from billing.models.invoices import (
    Allocation,
    Fee,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    NumberSeries,
)
from billing.models.ledger import EntryBase, LedgerEntry, UsageEntry
from billing.models.settings import InvoiceSettings, Logo, PaymentTerm, Tax, TaxRate

__all__ = [
    "Allocation",
    "ArchivedMonth",
    "ArchivedSums",
    "Balance",
    "BillingPeriod",
    "Charge",
    "ClosingHold",
    "DunningCheck",
    "DunningStep",
    "EntryBase",
    "Fee",
    "Invoice",
    "InvoiceLine",
    "InvoiceSettings",
    "InvoiceTax",
    "LedgerEntry",
    "Logo",
    "NumberSeries",
    "PaymentTerm",
    "Suspension",
    "Tax",
    "TaxRate",
    "UsageEntry",
]
