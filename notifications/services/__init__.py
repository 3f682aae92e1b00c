"""Writes letters into the outbox and sends them."""
