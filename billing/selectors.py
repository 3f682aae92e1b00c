"""Reads of balances, statements and what a customer's page shows of its money."""

from datetime import datetime

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.functions import Cast

from billing.choices import EntryKind
from billing.models import Balance, LedgerEntry, UsageEntry
from customers.models import Customer
from customers.tenancy import Actor

STATEMENT = (
    "sequence",
    "kind",
    "amount",
    "balance_after",
    "posted_at",
    "usage_on",
    "calls",
    "notes",
    "entry_id",
    "original_amount",
    "original_currency_id",
    "exchange_rate",
    "user_id",
)
