"""Give the test session its PostgreSQL and Valkey before the settings read their addresses.

Loaded by ``-p`` in pyproject.toml: a conftest would come too late. The first process of a session
starts what DATABASE_URL and REDIS_URL leave open and stops it at the end; the workers of
pytest-xdist inherit the addresses, and each takes a Redis database of its own (pytest-django does
the same for PostgreSQL).
"""

import os
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from softswitch.core.embedded.servers import missing_servers

_stack = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Start the servers; a wrapper runs before every plain implementation of this hook."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        os.environ.update(_stack.enter_context(missing_servers(None, durable=False)))
    else:
        os.environ["REDIS_URL"] = _redis_url_of(worker)
    try:
        yield
    except BaseException:
        _stack.close()
        raise


def pytest_unconfigure() -> None:
    """Stop what this process has started."""
    _stack.close()


def _redis_url_of(worker: str) -> str:
    """Return the address of database N + 1 for worker ``gwN``; database 0 is the controller's."""
    server, _slash, _database = os.environ["REDIS_URL"].rpartition("/")
    return f"{server}/{int(worker.removeprefix('gw')) + 1}"
