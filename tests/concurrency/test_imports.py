"""CDR files under fire: a killed reader, two readers at once, the same calls from two sides."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.db import connection

from calls.models import Call, CdrImport, PendingCall, Switch
from calls.services import importing
from calls.services.importing import run_import, start_import
from calls.services.ingest import store_calls
from softswitch.core.embedded.process import spawn
from tests.calls.deliveries import csv_file, make_call, make_switch
from tests.concurrency.test_charging import _OTHERS, count_of, wait_until
from tests.concurrency.threads import at_once
from tests.world import World, build_world

LINES = 60_000
MEMORY_ALLOWED = 24 * 1024  # KB more, for a file eight times as long
READ_ALL = """
import resource, sys, django
django.setup()
from calls.services.importing import run_import
run_import(import_id=int(sys.argv[1]), is_inline=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """The test world, committed, so that other connections and processes see it."""
    return build_world()


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    """Uploaded files on disk, where another process finds them."""
    on_disk = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": on_disk}
    settings.MEDIA_ROOT = folder = tmp_path / "media"
    return folder


def environment(media: Path) -> dict[str, str]:
    """What another process needs to work on the test database."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    return os.environ | {
        "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
        "DJANGO_SETTINGS_MODULE": "softswitch.settings.base",
        "HTTPS": "false",
        "MEDIA_ROOT": str(media),
    }


def wait_for(process: subprocess.Popen[bytes], is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so; fail if the process ends before, or after a minute."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert process.poll() is None
        assert time.monotonic() < deadline


def test_a_reader_killed_in_the_middle_is_made_good(
    stored_world: World, media: Path, tmp_path: Path
) -> None:
    make_switch()
    path = tmp_path / "calls.csv"
    path.write_bytes(csv_file(LINES) + b"bad\n")
    command = [sys.executable, "manage.py", "import_cdrs", str(path), "--switch", "core-1"]
    with (tmp_path / "log").open("wb") as log:
        reader = spawn(
            [*command, "--no-charge"],
            death_signal=signal.SIGTERM,
            env=environment(media),
            output=log,
        )
        wait_for(reader, CdrImport.objects.filter(records_done__gt=0).exists)
        os.killpg(reader.pid, signal.SIGKILL)
        reader.wait()
    wait_until(lambda: count_of(_OTHERS) == 0)  # its session may outlive it for a moment
    job = CdrImport.objects.get()
    assert job.state == "running"
    assert 0 < job.records_done < LINES
    assert Call.objects.count() == job.calls_new == job.records_done
    assert run_import(import_id=job.pk, is_inline=True) is True
    job.refresh_from_db()
    assert (job.state, job.records_done) == ("done", LINES + 1)
    assert (job.calls_new, job.calls_repeated, job.lines_rejected) == (LINES, 0, 1)
    assert Call.objects.count() == PendingCall.objects.count() == LINES


def test_readers_of_one_file_do_not_count_twice(
    stored_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 50)
    job = start_import(
        actor=stored_world.actor("operator"),
        switch=make_switch(),
        file=ContentFile(csv_file(1000) + b"bad\n"),
        file_name="calls.csv",
        is_inline=True,
    )
    at_once(*[partial(run_import, import_id=job.pk, is_inline=True)] * 4)
    run_import(import_id=job.pk, is_inline=True)  # all four may have met the others' locks
    job.refresh_from_db()
    assert (job.state, job.records_done) == ("done", 1001)
    assert (job.calls_new, job.calls_repeated, job.lines_rejected) == (1000, 0, 1)
    assert job.errors.count() == 1
    assert Call.objects.count() == PendingCall.objects.count() == 1000


def test_the_same_calls_from_two_sides_count_once(stored_world: World) -> None:
    switch = make_switch()
    calls = [make_call(number) for number in range(2000)]
    deliveries = (calls, calls[::-1], calls[1000:])
    store = partial(store_calls, switch=switch)
    reports = at_once(*(partial(store, calls=delivered) for delivered in deliveries))
    assert sum(report.new for report in reports) == 2000
    assert sum(report.repeated for report in reports) == 3000
    assert Call.objects.count() == PendingCall.objects.count() == 2000


def test_a_real_worker_reads_an_uploaded_file(
    stored_world: World,
    media: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    for name, value in environment(media).items():
        if name != "DATABASE_URL":  # the worker's fixture sets it
            monkeypatch.setenv(name, value)
    worker = request.getfixturevalue("celery_worker_process")
    job = start_import(
        actor=stored_world.actor("operator"),
        switch=make_switch(),
        file=ContentFile(csv_file(10)),
        file_name="calls.csv",
    )
    ended = CdrImport.objects.exclude(state__in=("waiting", "running"))
    wait_for(worker, ended.exists)
    job.refresh_from_db()
    assert (job.state, job.calls_new, job.failure) == ("done", 10, "")


def test_memory_does_not_grow_with_the_file(stored_world: World, media: Path) -> None:
    switch = make_switch()
    peaks = [peak_of_import(stored_world, switch, media, lines) for lines in (15_000, 120_000)]
    assert Call.objects.count() == 120_000
    assert peaks[1] - peaks[0] < MEMORY_ALLOWED, peaks


def peak_of_import(world: World, switch: Switch, media: Path, lines: int) -> int:
    """The most memory, in KB, that a process of its own has while it reads so many lines."""
    with (media.parent / "calls.csv").open("w+b") as file:
        file.write(csv_file(lines))
        file.seek(0)
        job = start_import(
            actor=world.actor("operator"),
            switch=switch,
            file=File(file),
            file_name="calls.csv",
            is_inline=True,
        )
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, str(job.pk)],
        env=environment(media),
        capture_output=True,
        text=True,
        check=True,
    )
    job.refresh_from_db()
    assert (job.state, job.records_done) == ("done", lines)
    return int(done.stdout)
