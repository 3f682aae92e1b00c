"""How fast waiting calls are charged, on one core, against COPY of the very same charges.

The first batch is measured apart: a worker reads the rate books once. Some more calls are charged
without the sums for the reports, to tell what those cost, and by two workers at once.
"""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from django.db import connection

from billing.models import Charge
from calls.services import charging as service
from calls.services.charging import BATCH, charge_pending
from calls.services.traffic import FOLDED_AT_ONCE, fold_traffic
from tests.bench import simulator, workers
from tests.bench.load import load_calls, load_world

CALLS = 200_000
BARE = 100_000
CHARGES = 4 * CALLS
CUSTOMERS = 500
LEAST_PER_SECOND = 25_000
LEAST_RATIO = 6

_CLONE = """
CREATE TABLE bench_charge (LIKE billing_charge INCLUDING ALL) PARTITION BY RANGE (setup_at);
CREATE TABLE bench_charge_1 PARTITION OF bench_charge
    FOR VALUES FROM ('2026-03-01 00:00+00') TO ('2026-04-01 00:00+00');
"""


@dataclass(slots=True)
class Spent:
    """Seconds by the clock, and of the processor here and in the server's process."""

    wall: float = 0.0
    here: float = field(default_factory=time.process_time)
    server: float = 0.0

    @property
    def processor(self) -> float:
        return self.here + self.server


@dataclass(frozen=True, slots=True)
class _Found:
    """What each step took; ``folded`` rows of sums, ``memory`` in MB."""

    first: Spent
    charging: Spent
    bare: Spent
    copying: Spent
    folding: Spent
    folded: int
    memory: int

    @property
    def per_second(self) -> float:
        return CALLS / self.charging.wall

    @property
    def ratio(self) -> float:
        return self.charging.wall / self.copying.wall


def run() -> tuple[list[str], bool]:
    """Load, charge, COPY; the lines to print, and whether the limits are kept."""
    load_calls(load_world(CUSTOMERS), BATCH + CALLS + BARE + workers.calls_needed())
    cores = _pin_to_one_core()
    found = _measure()
    answered, is_quick = simulator.measure()
    os.sched_setaffinity(0, cores)  # the workers take after this process
    side_by_side = workers.measure()
    is_met = found.per_second >= LEAST_PER_SECOND and found.ratio <= LEAST_RATIO and is_quick
    return [*_lines(found), side_by_side, answered], is_met


def _measure() -> _Found:
    with _measured() as first:
        charge_pending(batches=1)
    charging = _charge_all()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    _execute("CHECKPOINT")
    rows = _charges()
    folded, folding = _fold()
    with patch.object(service, "store_traffic", lambda *_: None), _measured() as bare:
        charge_pending(batches=BARE // BATCH)
    _execute(_CLONE)
    with _measured() as copying:
        _copy_in(rows)
    return _Found(first, charging, bare, copying, folding, folded, memory)


def _lines(found: _Found) -> list[str]:
    charging, bare, copying = found.charging, found.bare, found.copying
    return [
        (
            f"charging: {found.per_second:,.0f} calls/s, ratio to COPY 1/{found.ratio:.1f}"
            f" (limit 1/{LEAST_RATIO}, {LEAST_PER_SECOND:,}/s)"
        ),
        (
            f"  {CALLS:,} calls, {CHARGES:,} charges: {charging.wall:.2f} s"
            f" ({charging.here:.2f} s here + {charging.server:.2f} s in the server,"
            f" {CALLS / charging.processor:,.0f} calls per second of processor)"
        ),
        f"  the {BATCH:,} before them, reading the rate books: {found.first.wall:.2f} s",
        (
            f"  COPY of the same charges: {copying.wall:.2f} s"
            f" ({copying.server:.2f} s in the server), {CHARGES / copying.wall:,.0f} rows/s"
        ),
        (
            f"  without the sums for reports: {BARE / bare.wall:,.0f} calls/s"
            f" ({BARE / bare.processor:,.0f} per second of processor);"
            f" {found.folded:,} rows of them folded in {found.folding.wall:.2f} s"
        ),
        f"  memory peak {found.memory} MB",
    ]


def _charge_all() -> Spent:
    with _measured() as spent:
        report = charge_pending(batches=CALLS // BATCH)
    if report.charged != CALLS or report.charges != CHARGES:
        raise RuntimeError(f"expected {CALLS} calls at 4 levels, got {report}")
    return spent


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _fold() -> tuple[int, Spent]:
    """Fold all that charging added up; how many rows, and what it took."""
    with _measured() as spent:
        folded = done = fold_traffic()
        while done == FOLDED_AT_ONCE:
            done = fold_traffic()
            folded += done
    return folded, spent


@contextmanager
def _measured() -> Iterator[Spent]:
    spent = Spent()
    server_before, started_at = _server_seconds(), time.perf_counter()
    yield spent
    spent.wall = time.perf_counter() - started_at
    spent.here = time.process_time() - spent.here
    spent.server = _server_seconds() - server_before


def _server_seconds() -> float:
    """Processor time of the server's process behind this connection."""
    stat = Path(f"/proc/{_backend_pid()}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def _backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _pin_to_one_core() -> set[int]:
    """This process and its backend share one processor; the server's helpers may use others.

    Returns the processors that this process had.
    """
    before = os.sched_getaffinity(0)
    core = {max(before)}
    os.sched_setaffinity(0, core)
    os.sched_setaffinity(_backend_pid(), core)
    return before


def _charges() -> bytes:
    assert Charge.objects.exists()
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"COPY (SELECT * FROM billing_charge WHERE call_id > {BATCH} ORDER BY call_id, level)"
            " TO STDOUT (FORMAT binary)"
        ) as copy,
    ):
        return b"".join(copy)


def _copy_in(rows: bytes) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY bench_charge FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.write(rows)
