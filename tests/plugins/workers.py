"""Real Celery workers on the test database, and their end at any moment."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from softswitch.celery import app
from softswitch.core.embedded.process import last_lines, spawn

Worker = subprocess.Popen[bytes]


@contextmanager
def running_worker(log_path: Path, *, concurrency: int = 1) -> Iterator[Worker]:
    """A worker process that answers; what a test commits, it sees. Its log is added to."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    many = ["--concurrency", str(concurrency)]
    options = ["--queues", "celery,pdf", *many, "--loglevel", "INFO"]
    with log_path.open("ab") as log:
        worker = spawn(
            [sys.executable, "-m", "celery", "--app", "softswitch.celery", "worker", *options],
            death_signal=signal.SIGTERM,
            env=os.environ | {"DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}"},
            output=log,
        )
    try:
        while not app.control.ping(timeout=0.2):
            assert worker.poll() is None, last_lines(log_path, 30)
        yield worker
    finally:
        kill(worker)


def kill(worker: Worker) -> None:
    """End a worker and its children as a power cut would. Safe to repeat."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
