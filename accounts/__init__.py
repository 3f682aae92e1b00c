"""What owns a call: accounts, trunks and their hosts."""
