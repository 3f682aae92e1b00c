"""Builds the rows of a fixture once per process, then copies them into each test's transaction.

What a build changed is told by comparing all tables before and after it. A copy is some thirty
times as fast as the build. After a flush, which renumbers permissions, it is built anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import connection, transaction
from psycopg import sql

T = TypeVar("T")
_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
ORDER BY relname
"""
_BASE = """
SELECT (SELECT array_agg(id ORDER BY id) FROM auth_permission)::text,
       (SELECT array_agg(id ORDER BY id) FROM django_content_type)::text
"""


@dataclass(frozen=True, slots=True)
class TableCopy:
    """The rows of one table after the build; ``was_empty`` before it."""

    name: str
    was_empty: bool
    rows: bytes


class Snapshot(Generic[T]):
    """The rows that ``build`` makes; ``find`` reads them again, as what ``build`` returned."""

    def __init__(self, build: Callable[[], T], find: Callable[[], T]) -> None:
        self.build, self.find = build, find
        self.base: object = None
        self.copies: list[TableCopy] = []

    def load(self) -> T:
        """The rows in the current transaction, or committed where there is none."""
        base = self._read(_BASE)
        if base == self.base:
            self._restore()
            return self.find()
        before = self._digests()
        built = self.build()
        after = self._digests()
        changed = [name for name in after if after[name] != before[name]]
        self.copies = [
            TableCopy(name, was_empty=not before[name], rows=self._copy(name)) for name in changed
        ]
        self.base = base
        return built

    def _restore(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in self.copies:
                if not table.was_empty:
                    cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
                into = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table.name))
                with cursor.copy(into) as copy:
                    copy.write(table.rows)
            cursor.execute("SET LOCAL session_replication_role = origin")

    @staticmethod
    def _read(query: str) -> tuple[object, ...]:
        with connection.cursor() as cursor:
            cursor.execute(query)
            row: tuple[object, ...] = cursor.fetchone()
            return row

    @staticmethod
    def _digests() -> dict[str, str]:
        """A digest of the rows of every table; empty for an empty one."""
        digest = sql.SQL("SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t")
        with connection.cursor() as cursor:
            cursor.execute(_TABLES)
            names = [name for (name,) in cursor.fetchall()]
            found = {}
            for name in names:
                cursor.execute(digest.format(sql.Identifier(name)))
                found[name] = cursor.fetchone()[0] or ""
        return found

    @staticmethod
    def _copy(name: str) -> bytes:
        out = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))
        with connection.cursor() as cursor, cursor.copy(out) as copy:
            return b"".join(bytes(part) for part in copy)
