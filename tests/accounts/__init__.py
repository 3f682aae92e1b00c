"""Tests of accounts, trunks and hosts."""
