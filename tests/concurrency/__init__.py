"""Tests with real connections at once."""
