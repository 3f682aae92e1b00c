"""Pages of money: Maintenance, statements, ledger entries."""
