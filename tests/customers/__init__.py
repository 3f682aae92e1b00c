"""Tests of the customer tree."""
