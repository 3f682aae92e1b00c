"""Which names, logins and auth names exist already, asked for many at once."""

from collections.abc import Sequence

from django.db import connection

# How the unique constraint of each column compares.
_FOLDED = {
    "name": ("lower(trim(both from {}))", "customers_customer", "name"),
    "login": ("{}", "customers_user", "login"),
    "auth_name": ("lower({})", "accounts_account", "auth_name"),
}
_ASK = """
SELECT {asked}, EXISTS (SELECT 1 FROM {table} t WHERE {stored} = {asked})
FROM unnest(%s::text[]) WITH ORDINALITY asked (text, place) ORDER BY place
"""


def folded(column: str, texts: Sequence[str]) -> list[tuple[str, bool]]:
    """Of each text how the database compares it, and whether anything in the system has it.

    ``column`` is ``name`` (of customers), ``login`` or ``auth_name``. One statement.
    """
    fold, table, stored = _FOLDED[column]
    query = _ASK.format(
        asked=fold.format("asked.text"), table=table, stored=fold.format(f"t.{stored}")
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [list(texts)])
        return [(str(key), bool(is_taken)) for key, is_taken in cursor.fetchall()]
