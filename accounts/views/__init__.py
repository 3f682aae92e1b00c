"""Pages of accounts, trunks and hosts."""
