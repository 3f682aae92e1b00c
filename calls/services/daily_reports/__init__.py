"""Automatic reports: planned by local days, computed and told once each, sent again by hand."""
