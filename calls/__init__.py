"""Calls as switches deliver them: parsing, storing, charging and showing."""
