"""Balances, ledger, charges, periods, invoices, their settings, payments, dunning, alerts."""

from billing.models.alerts import AlertState
from billing.models.balances import Balance, BillingPeriod
from billing.models.charges import ArchivedMonth, ArchivedSums, Charge, ClosingHold
from billing.models.dunning import DunningCheck, DunningStep, Suspension
from billing.models.files import InvoiceFile
from billing.models.invoices import (
    Allocation,
    Fee,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    NumberSeries,
)
from billing.models.ledger import EntryBase, LedgerEntry, UsageEntry
from billing.models.payments import OnlinePayment, PaymentProvider, TopUp
from billing.models.reservations import Reservation
from billing.models.settings import (
    AccountParameters,
    InvoiceSettings,
    Logo,
    PaymentTerm,
    Tax,
    TaxRate,
)

__all__ = [
    "AccountParameters",
    "AlertState",
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
    "InvoiceFile",
    "InvoiceLine",
    "InvoiceSettings",
    "InvoiceTax",
    "LedgerEntry",
    "Logo",
    "NumberSeries",
    "OnlinePayment",
    "PaymentProvider",
    "PaymentTerm",
    "Reservation",
    "Suspension",
    "Tax",
    "TaxRate",
    "TopUp",
    "UsageEntry",
]
