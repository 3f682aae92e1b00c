"""Balances, the ledger, charges and billing periods."""
