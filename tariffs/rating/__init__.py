"""The pure rating core: which rate a call meets and what it costs.

No Django anywhere below. `terms` holds the inputs, `match` finds the rate of a number, `formula`
charges a duration and inverts the charge, `explain` shows the formula filled in. For whole columns
of calls `keys`, `book` and `bulk` do the same on NumPy arrays, with the same results.
"""
