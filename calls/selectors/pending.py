"""Calls that wait to be charged."""

from datetime import datetime

from django.db import connection

_FIRST_END = """
SELECT min(c.ended_at) FROM calls_pendingcall p
JOIN calls_call c ON c.id = p.call_id AND c.setup_at = p.setup_at
WHERE p.setup_at < %s
"""


def uncharged_since(before: datetime) -> datetime | None:
    """When the first call ended that waits to be charged, of those that began before ``before``."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_END, [before])
        found: datetime | None = cursor.fetchone()[0]
        return found
