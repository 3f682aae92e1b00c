"""Advisory locks with named key spaces; refused outside a transaction."""

from enum import IntEnum

from django.db import connection


class Space(IntEnum):
    """What an advisory lock guards; the number is the first key and never changes."""

    NEW_TREE = 1
    PARTITION = 2
    TARIFF = 3
    NETWORK = 4
    VOUCHER_PINS = 5
    VOUCHER_ATTEMPTS = 6
    EXCHANGE_RATES = 7
    TRAFFIC = 11
    RE_RATING = 12
    RESERVATION = 13
    OWN_MAIL = 14


def lock(space: Space, key: int = 0) -> None:
    """Wait for the lock ``(space, key)`` and hold it until the transaction ends."""
    if not connection.in_atomic_block:
        raise RuntimeError("A lock outside a transaction would be released at once.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [int(space), key])
