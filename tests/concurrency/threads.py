"""Runs functions at once, each on a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def at_once(*functions: Callable[[], Any]) -> list[Any]:
    """Start ``functions`` at the same moment; their results, or raises the first error."""
    gate = threading.Barrier(len(functions))

    def run(function: Callable[[], Any]) -> Any:
        try:
            gate.wait(timeout=30)
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result(timeout=120) for future in [pool.submit(run, f) for f in functions]]
