"""Gapless numbers of invoices and credit notes: one locked counter per issuer and series."""

from datetime import date

from django.db import connection

# Waits for a number that is being taken; a transaction that fails gives its number back.
_NEXT = """
INSERT INTO billing_numberseries (issuer_id, series, last) VALUES (%s, %s, 1)
ON CONFLICT (issuer_id, series) DO UPDATE SET last = billing_numberseries.last + 1
RETURNING last
"""
DIGITS = 6


def next_number(*, issuer_id: int, pattern: str, day: date) -> tuple[str, str]:
    """The series that ``pattern`` stands for on ``day``, and the next number in it.

    ``{year}`` is the year of ``day``. The counter stays locked until the caller's transaction
    ends, after the balance (lock order), so that numbers have no gaps.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A number belongs to the transaction that issues with it.")
    series = pattern.replace("{year}", f"{day:%Y}")
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [issuer_id, series])
        last: int = cursor.fetchone()[0]
    return series, f"{series}{last:0{DIGITS}d}"
