"""The months of the big tables: about how many rows, how large, and where they are."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.utils.timezone import now

from billing.models import ArchivedMonth
from calls.choices import MonthState
from softswitch.core.partitions import ARCHIVE

TABLES = {
    "calls_call": "calls",
    "billing_charge": "charges",
    "billing_usageentry": "entries",
    "calls_traffic": "sums",
}
# Estimates, as the planner has them: counting would read it all.
_MONTHS = """
SELECT left(relname, -8), to_date(right(relname, 7), 'YYYY_MM'), greatest(reltuples, 0)::bigint,
    pg_total_relation_size(c.oid)
FROM pg_class c
WHERE relkind = 'r' AND relnamespace = ANY(%s::regnamespace[]) AND left(relname, -8) = ANY(%s)
    AND relname ~ '_[0-9]{4}_[0-9]{2}$'
"""


@dataclass(slots=True)
class StoredMonth:
    """A month (UTC) of all tables; ``rows`` by the names that TABLES gives, sizes in bytes."""

    month: date
    state: MonthState = MonthState.READY
    rows: dict[str, int] = field(default_factory=dict)
    size: int = 0
    archived_at: datetime | None = None
    archived_by: str = ""

    @property
    def label(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def megabytes(self) -> int:
        return round(self.size / 2**20)


def stored_months() -> list[StoredMonth]:
    """All months that have a partition somewhere, the newest first; two statements."""
    found: dict[date, StoredMonth] = {}
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, [["public", ARCHIVE], list(TABLES)])
        for table, month, rows, size in cursor.fetchall():
            one = found.setdefault(month, StoredMonth(month))
            one.rows[TABLES[table]] = rows
            one.size += size
            if month <= now().astimezone(UTC).date():
                one.state = MonthState.STORED
    for archived in ArchivedMonth.objects.select_related("archived_by"):
        one = found.setdefault(archived.month, StoredMonth(archived.month))
        one.state = MonthState.ARCHIVED
        one.rows |= {"calls": archived.calls, "charges": archived.charges}
        one.archived_at = archived.archived_at
        one.archived_by = archived.archived_by.name if archived.archived_by else ""
    return sorted(found.values(), key=lambda one: one.month, reverse=True)


def archived_between(since: datetime, till: datetime) -> list[date]:
    """The archived months (UTC) that have a part of this time, the oldest first."""
    first = since.astimezone(UTC).date().replace(day=1)
    last = (till.astimezone(UTC) - timedelta(microseconds=1)).date()
    rows = ArchivedMonth.objects.filter(month__gte=first, month__lte=last)
    return list(rows.order_by("month").values_list("month", flat=True))
