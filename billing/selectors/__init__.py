"""Reads of money: balances, the status that follows from them, statements."""
