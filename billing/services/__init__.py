"""Use-cases of money: posting, maintenance, opening and editing customers, charges."""
