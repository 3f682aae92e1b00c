"""What if: calls that were charged, priced once more by other terms, while nothing is changed."""
