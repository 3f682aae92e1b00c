"""Imports of customers and accounts: a file is uploaded, checked row by row, applied as a whole."""
