"""Use-cases of currencies, tariffs, rates and rate imports."""
