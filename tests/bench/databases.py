"""A fresh, migrated database for each measurement, dropped afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection

TEMPLATE = "bench_template"


@contextmanager
def fresh_database() -> Iterator[None]:
    """Point the default connection to a new database with all tables and no rows."""
    home = connection.settings_dict["NAME"]
    _ensure_template(home)
    name = "bench_run"
    _on(
        home,
        f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
        f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}",
    )
    _use(name)
    try:
        yield
    finally:
        _use(home)
        _on(home, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _ensure_template(home: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
        if cursor.fetchone():
            return
    _on(home, f"CREATE DATABASE {TEMPLATE}")
    _use(TEMPLATE)
    call_command("migrate", verbosity=0)
    _use(home)


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _on(home: str, *statements: str) -> None:
    _use(home)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
