"""Pages of calls, unrated calls, deliveries of CDR files, switches, and the dashboard."""
