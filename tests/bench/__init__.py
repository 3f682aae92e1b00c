"""Measurements of speed, run by ``make bench``; no test of pytest is here."""
