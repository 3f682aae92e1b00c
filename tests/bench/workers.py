"""How much two workers charge that share a queue, each a process with a connection of its own."""

import subprocess
import sys
import time

from django.db import connection

from calls.services.charging import BATCH

BATCHES = 8  # a worker


def calls_needed() -> int:
    """How many calls must wait for `measure`, those by which workers warm up among them."""
    return sum((BATCHES + 1) * BATCH * workers for workers in (1, 2))


def measure() -> str:
    """What one worker and then two charge a second; any failure of one is raised."""
    one, two = _per_second(1), _per_second(2)
    return (
        f"  a worker with two cores: {one:,.0f} calls/s, two at once: {two:,.0f} calls/s,"
        f" {two / one:.2f} times as many"
    )


def _per_second(count: int) -> float:
    workers = [_start() for _ in range(count)]
    for worker in workers:  # they read their rate books at the same time
        if _line(worker) != "ready":
            raise RuntimeError("a worker could not start")
    start = time.perf_counter()
    for worker in workers:
        _tell(worker)
    charged = [int(_line(worker) or 0) for worker in workers]
    spent = time.perf_counter() - start
    if any(worker.wait() for worker in workers) or sum(charged) != count * BATCHES * BATCH:
        raise RuntimeError(f"the workers charged {charged} calls")
    return sum(charged) / spent


def _start() -> subprocess.Popen[str]:
    name = str(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bench.worker", name, str(BATCHES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(worker: subprocess.Popen[str]) -> str:
    return worker.stdout.readline().strip() if worker.stdout else ""


def _tell(worker: subprocess.Popen[str]) -> None:
    if worker.stdin:
        worker.stdin.write("\n")
        worker.stdin.flush()
