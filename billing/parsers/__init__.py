"""Readers of uploaded files; pure Python."""
