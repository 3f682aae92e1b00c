"""Attacks on the portal: what strangers, customers, roles and browsers try."""
