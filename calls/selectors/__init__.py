"""Reads of calls: lists and sums of CDRs, explanations of charges, deliveries of CDR files."""
