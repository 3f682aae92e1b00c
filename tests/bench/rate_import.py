"""Rate sheets of 100,000 lines, CSV and XLSX: previewed against 100,000 rates, and applied."""

import io
import resource
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from django.core.files.base import ContentFile

from billing.services.first_run import set_up
from customers.models import User
from customers.selectors import actor_for
from customers.tenancy import Actor
from softswitch.core.exports import csv_lines, write_xlsx
from tariffs.models import RateImport, Tariff
from tariffs.services.imports.applying import apply_import
from tariffs.services.imports.checking import check_import
from tariffs.services.imports.uploads import request_apply, start_import
from tariffs.services.tariffs import create_tariff
from tests.bench.databases import fresh_database

ROWS = 100_000
PREVIEW_SECONDS = 20
APPLY_SECONDS = 10
HEAD = ["Country", "Destination", "Dial code", "Rate (USD / min)", "Effective date", "Billing"]


def run() -> tuple[list[str], bool]:
    """Seconds to preview and to apply each sheet; whether the limits are kept."""
    lines, is_met = [f"rate sheets of {ROWS:,} lines into one tariff:"], True
    for what, preview, applying in _measured():
        lines.append(
            f"  {what}: previewed in {preview:.1f} s (limit {PREVIEW_SECONDS} s), "
            f"applied in {applying:.1f} s (limit {APPLY_SECONDS} s)"
        )
        is_met = is_met and preview < PREVIEW_SECONDS and applying < APPLY_SECONDS
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    lines.append(f"  memory of the process at most {peak:,} MB")
    return lines, is_met


def _measured() -> Iterator[tuple[str, float, float]]:
    # No broker runs here, and none is waited for.
    with fresh_database(), patch("softswitch.core.jobs.current_app"):
        root = set_up(name="Root", login="operator", password="correct horse battery")
        actor = actor_for(User.objects.get(customer=root))
        tariff = create_tariff(actor=actor, name="Wholesale", currency="USD")
        yield "new, CSV", *_import(actor, tariff, "new.csv", _csv(1))
        yield "all prices changed, XLSX", *_import(actor, tariff, "changed.xlsx", _xlsx(2))
        half = _csv(3, step=2)
        yield "half of them, complete, CSV", *_import(actor, tariff, "half.csv", half, full=True)


def _import(
    actor: Actor, tariff: Tariff, name: str, content: bytes, *, full: bool = False
) -> tuple[float, float]:
    rate_import = start_import(
        actor=actor,
        tariff=tariff,
        file=ContentFile(content, name=name),
        name=name,
        is_full_replacement=full,
    )
    start = time.perf_counter()
    check_import(rate_import.pk)
    checked = time.perf_counter()
    request_apply(actor=actor, rate_import=RateImport.objects.get(pk=rate_import.pk))
    apply_import(rate_import.pk)
    done = time.perf_counter()
    rate_import.refresh_from_db()
    if rate_import.state != "applied" or sum(rate_import.counts.values()) != ROWS:
        raise RuntimeError(f"{rate_import.state}: {rate_import.counts} {rate_import.failure}")
    return checked - start, done - checked


def _rows(turn: int, step: int = 1) -> Iterator[list[Any]]:
    for prefix in range(200_000, 200_000 + ROWS, step):
        yield [
            f"Country {prefix // 1000}",
            f"Place {prefix % 900}",
            str(prefix),
            f"0.{turn}{prefix % 997:03}",
            "",
            ("60/1", "1/1", "30/6")[prefix % 3],
        ]


def _csv(turn: int, step: int = 1) -> bytes:
    return b"".join(csv_lines(HEAD, _rows(turn, step)))


def _xlsx(turn: int) -> bytes:
    file = io.BytesIO()
    write_xlsx(file, HEAD, _rows(turn))
    return file.getvalue()
