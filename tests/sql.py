"""Counts the SQL statements of a call, for tests that compare two sizes."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def count_queries(function: Callable[[], object]) -> int:
    """How many statements ``function`` sends."""
    with CaptureQueriesContext(connection) as queries:
        function()
    return len(queries)
