"""Currencies, exchange rates, tariffs, rates and how a call is priced."""
