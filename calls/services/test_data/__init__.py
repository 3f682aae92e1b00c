"""A big system to measure with: customers, tariffs and millions of calls, through bulk paths."""
