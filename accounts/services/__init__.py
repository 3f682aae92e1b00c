"""Use-cases of accounts, trunks and hosts."""
