"""Delivers messages to people and systems."""
