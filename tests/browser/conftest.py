"""Fixtures of the browser tests: Chromium, and a visitor of a live server with the test world."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.portal import Portal
from tests.plugins.mail import MailSink
from tests.world import World, build_world

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
)


@pytest.fixture(scope="package")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Chromium without a window, started once for the tests of this package.

    Playwright's synchronous interface keeps an event loop running in this thread. Django takes
    that for asynchronous code and refuses to reach its database from it; nothing here awaits, so
    for as long as the browser runs Django is told that this is safe.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(
            executable_path=chromium_path, headless=True, args=list(FLAGS)
        )
        expect.set_options(timeout=15_000)  # like that of actions (portal.Portal): nothing is timed
        yield chromium
        chromium.close()


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """The test world, committed, so that the live server and the worker see it."""
    return build_world()


@pytest.fixture
def portal(browser: Browser, live_server: Any, stored_world: World) -> Iterator[Portal]:
    """A visitor of the live server; a fault its pages caused fails the test at the end."""
    with Portal(browser, live_server.url) as visitor:
        yield visitor


@pytest.fixture
def worker(
    stored_world: World,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> subprocess.Popen[bytes]:
    """A real Celery worker that finds the files uploaded to the live server."""
    on_disk = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": on_disk}
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setenv("MEDIA_ROOT", str(settings.MEDIA_ROOT))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "softswitch.settings.base")
    monkeypatch.setenv("HTTPS", "false")
    process: subprocess.Popen[bytes] = request.getfixturevalue("celery_worker_process")
    return process


@pytest.fixture
def mail(
    smtp_sink: MailSink,
    live_server: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> MailSink:
    """A mail server, and a real worker that sends it letters with links to the live server."""
    settings.PORTAL_URL = live_server.url
    monkeypatch.setenv("PORTAL_URL", live_server.url)
    request.getfixturevalue("worker")
    return smtp_sink
