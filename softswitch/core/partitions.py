"""Monthly partitions of the big tables, and the triggers that make tables append-only."""

from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction
from django.utils.translation import gettext as _

from softswitch.core.errors import DomainError
from softswitch.core.locks import Space, lock

ARCHIVE = "archive"  # the schema of months that were detached
BY_DATE = frozenset({"billing_usageentry"})
_SCHEMAS = "SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = %s"


def append_only_sql(table: str, fill_in: tuple[str, ...] = ()) -> str:
    """SQL by which the database refuses UPDATE, DELETE and TRUNCATE of ``table``.

    ``fill_in`` names columns that may be set once, while they are still empty.
    """
    arguments = f"'{','.join(fill_in)}'" if fill_in else ""
    return (
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION core_refuse_change({arguments});" + _no_truncate(table)
    )


def _no_truncate(table: str) -> str:
    return (
        f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();"
    )


def coming_months(day: date, ahead: int) -> list[date]:
    """The first days of the month of ``day`` and of so many months after it."""
    months = [day.replace(day=1)]
    for _month in range(ahead):
        months.append(month_after(months[-1]))
    return months


def month_after(month: date) -> date:
    """The first day of the month after ``month``."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def ensure_months(tables: Iterable[str], months: Iterable[date]) -> None:
    """Create the partitions of ``tables`` for ``months`` (first days) that do not exist yet.

    Attaching takes a lock that lets reads and writes of other partitions pass. Safe to repeat and
    to run at once: an advisory lock is held until the transaction ends. Raises DomainError
    ``archived`` for a month that was detached: what is in it must not be stored a second time.
    """
    wanted = [(t, m, partition_name(t, m)) for t in tables for m in sorted(set(months))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) name WHERE to_regclass(name) IS NULL",
            [[name for _, _, name in wanted]],
        )
        missing = {row[0] for row in cursor.fetchall()}
    if not missing:
        return
    with transaction.atomic():
        lock(Space.PARTITION)
        for table, month, name in wanted:
            if name in missing:
                _create(table, month, name)


def _create(table: str, month: date, name: str) -> None:
    with connection.cursor() as cursor:
        # Not to_regclass: it may answer from before the lock, as this session remembers it.
        cursor.execute(_SCHEMAS, [name])
        found = [row[0] for row in cursor.fetchall()]
        if ARCHIVE in found:
            raise DomainError(
                "archived", _("The calls of %(month)s are archived.") % {"month": f"{month:%Y-%m}"}
            )
        if found:
            return
        cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS)")
        cursor.execute(_attach_sql(table, month))
        cursor.execute(_no_truncate(name))


def months_of(table: str) -> list[date]:
    """The first days of the months that ``table`` has partitions for, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_date(right(relname, 7), 'YYYY_MM') FROM pg_inherits i "
            "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass ORDER BY 1",
            [table],
        )
        return [row[0] for row in cursor.fetchall()]


def partition_name(table: str, month: date) -> str:
    """The name of a month's partition, attached or archived."""
    return f"{table}_{month:%Y_%m}"


def detach_months(tables: Iterable[str], month: date) -> None:
    """Take the month out of ``tables`` into the schema ``archive``, where nothing changes it.

    Part of the caller's transaction, which holds an exclusive lock on the tables from here on.
    """
    with connection.cursor() as cursor:
        for table in tables:
            name = partition_name(table, month)
            cursor.execute(f"ALTER TABLE {table} DETACH PARTITION {name}")
            cursor.execute(f"ALTER TABLE {name} SET SCHEMA {ARCHIVE}")
            cursor.execute(
                f"CREATE TRIGGER archived BEFORE INSERT OR UPDATE OR DELETE ON {ARCHIVE}.{name} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
            )


def attach_months(tables: Iterable[str], month: date) -> None:
    """Bring the month back from the schema ``archive``, which reads its rows once.

    Part of the caller's transaction. Reads and writes of the other months pass.
    """
    with connection.cursor() as cursor:
        for table in tables:
            name = partition_name(table, month)
            cursor.execute(f"DROP TRIGGER archived ON {ARCHIVE}.{name}")
            cursor.execute(f"ALTER TABLE {ARCHIVE}.{name} SET SCHEMA public")
            cursor.execute(_attach_sql(table, month))


def _attach_sql(table: str, month: date) -> str:
    zone = "" if table in BY_DATE else " 00:00+00"
    return (
        f"ALTER TABLE {table} ATTACH PARTITION {partition_name(table, month)} "
        f"FOR VALUES FROM ('{month}{zone}') TO ('{month_after(month)}{zone}')"
    )
