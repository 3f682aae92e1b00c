"""The customer tree, its users, their rights, tenancy and the audit log."""
