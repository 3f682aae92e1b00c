"""Fixtures of the whole suite: flush, Redis, a real Celery worker, Chromium."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from calls.services.destinations import DESTINATIONS
from calls.services.rate_books import BOOKS
from softswitch.core.messages import compile_stale
from softswitch.core.zones import zone_names
from tests.plugins.workers import running_worker
from tests.snapshots import Snapshot
from tests.world import World, build_world, find_world

# No test hangs on the clock: a busy machine is no fault of what is tested.
hypothesis_settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("suite")

pytest_plugins = ("tests.plugins.mail", "tests.plugins.hooks")
WORLD = Snapshot(build_world, find_world)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session", autouse=True)
def compile_translations() -> None:
    """The translations as the catalogues have them now, also where no `make` has run."""
    compile_stale()


@pytest.fixture(autouse=True)
def speak_english() -> None:
    """Each test begins in the default language, in whichever the page before it was read."""
    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def flush_append_only_tables() -> Iterator[None]:
    """Let the flush after a transactional test empty the tables whose triggers refuse TRUNCATE."""
    flush = DatabaseOperations.execute_sql_flush

    def flush_without_triggers(operations: DatabaseOperations, sql_list: list[str]) -> None:
        flush(operations, ["SET LOCAL session_replication_role = replica", *sql_list])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush_without_triggers)
        yield


@pytest.fixture
def world(db: None) -> World:
    """A fresh tree of four levels with its tariffs, logins and balances (tests.world)."""
    BOOKS.clear()
    DESTINATIONS.clear()
    zone_names()  # read once in a process: not among what a page asks for
    return WORLD.load()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The Redis database of this test process, empty before and after."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield settings.REDIS_URL
        client.flushdb()


@pytest.fixture
def celery_worker_process(
    transactional_db: None, redis_url: str, tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process on the test database; what a test commits, it sees."""
    with running_worker(tmp_path / "worker.log") as worker:
        yield worker


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium; without one, browser tests skip, or fail under REQUIRE_BROWSER."""
    names = (os.environ.get("CHROMIUM", ""), *CHROMIUM_NAMES)
    found = next(filter(None, map(shutil.which, filter(None, names))), None)
    if found is not None:
        return found
    message = "No Chromium: browser tests need Debian's package `chromium`, or its path in CHROMIUM"
    if os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def pdf_libraries() -> None:
    """WeasyPrint's system libraries; without them these tests skip, or fail where CI wants them."""
    try:
        import weasyprint  # noqa: F401, PLC0415
    except OSError as error:
        message = f"No PDF libraries ({error}); see README.md"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
