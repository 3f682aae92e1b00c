"""Pages of the session, the customers, their tree and the audit log."""
