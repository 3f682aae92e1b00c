"""Reads delivered CDR files in batches, each its own transaction with the cursor of the file."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import PurePath
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.base import File
from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.choices import CdrFormat, CdrImportState
from calls.models import CdrImport, CdrImportError, Switch
from calls.parsers.record import LineError, OpenCall, ParsedCall, ParseOptions, ParseReport
from calls.parsers.registry import parse_calls, sniff
from calls.services.ingest import store_calls
from calls.services.open_transactions import (
    UNFINISHED,
    carried_halves,
    keep_leftovers,
    unfinished_imports,
)
from customers.services.audit import record
from customers.tenancy import Actor
from notifications.services.imports import Ended, tell_import
from softswitch.core.display import spoken
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from softswitch.core.moments import to_microseconds

BATCH = 5_000  # records of a transaction
CHARGE_EVERY = 4  # batches
MAX_ERRORS = 10_000  # kept of one file; all are counted
HEAD = 1 << 16  # bytes by which a format is told
STALE = timedelta(minutes=2)

Progress = Callable[[CdrImport], None]


class UnreadableFileError(Exception):
    """A file that cannot be read at all, and why."""


def start_import(
    *,
    actor: Actor,
    switch: Switch,
    file: File[bytes],
    file_name: str,
    format_name: str = "",
    template: str = "",
    is_inline: bool = False,
) -> CdrImport:
    """Keep a CDR file of ``switch`` and queue it, or leave the reading to an inline caller.

    An empty ``format_name`` is told from the file. The row, the audit row and, after the commit,
    the message are one transaction; a lost message is made good by ``resume_imports``. Root with
    ``system.settings`` only. Raises DomainError ``format``.
    """
    if not (actor.is_root and actor.account_id is None and actor.can("system.settings")):
        raise PermissionDenied
    if format_name and format_name not in CdrFormat.values:
        text = _("Unknown format “%(name)s”.") % {"name": format_name}
        raise DomainError("format", text, field="format")
    name = PurePath(file_name).name[-255:] or "cdrs"
    job = CdrImport(switch=switch, template=template, file_name=name, created_by=actor.user)
    job.file.save(name[-80:], file, save=False)
    job.file_size = job.file.size
    job.format = format_name or _sniffed(job) or ""
    if not job.format:
        job.file.delete(save=False)
        raise DomainError("format", _("The file is of no known format: choose it."), field="format")
    with transaction.atomic():
        job.save(force_insert=True)
        record(actor=actor, customer=actor.customer, action="cdr_import_started", subject=name)
        if not is_inline:
            enqueue("calls.run_import", import_id=job.pk)
    return job


def run_import(
    *,
    import_id: int,
    seconds: float | None = None,
    is_inline: bool = False,
    on_batch: Progress | None = None,
) -> bool:
    """Read a file on from its cursor; returns False if time was up and more is to be read.

    Each batch locks the import's row and is committed with the cursor, so a reader killed at any
    moment loses nothing and repeats nothing, and of two readers of one file the slower stops.
    ``is_inline``: no messages are sent, the caller does the charging.
    """
    reading = _claim(import_id, is_inline=is_inline)
    if reading is None:
        return True
    deadline = None if seconds is None else time.monotonic() + seconds
    try:
        return reading.run(deadline, on_batch)
    except UnreadableFileError as error:
        reading.end(failure=str(error))
        return True


def resume_imports() -> list[int]:
    """Queue again what stands still: its message was lost, or its reader was killed.

    Takes rows untouched for STALE that nobody holds; returns their ids.
    """
    with transaction.atomic():
        stale = CdrImport.objects.select_for_update(skip_locked=True).filter(
            state__in=UNFINISHED, updated_at__lt=now() - STALE
        )
        ids = list(stale.order_by("pk").values_list("pk", flat=True)[:100])
        CdrImport.objects.filter(pk__in=ids).update(updated_at=now())
        for import_id in ids:
            enqueue("calls.run_import", import_id=import_id)
    return ids


def _claim(import_id: int, *, is_inline: bool) -> "_Reading | None":
    """Start reading, unless it is done, held by another, or another file has to come first."""
    with transaction.atomic():
        rows = CdrImport.objects.select_related("switch").filter(state__in=UNFINISHED)
        job = rows.select_for_update(skip_locked=True, of=("self",)).filter(pk=import_id).first()
        if job is None:
            return None
        carry: tuple[OpenCall, ...] = ()
        if job.format == CdrFormat.KAMAILIO_ACC:
            if unfinished_imports(switch=job.switch, before=job.pk):
                return None
            carry = carried_halves(switch=job.switch)
        job.state = CdrImportState.RUNNING
        job.save(update_fields=["state", "updated_at"])
    return _Reading(job, carry, is_inline=is_inline)


class _Reading:
    """One reader's way through a file.

    The records of a file are the same whenever it is read, which makes their number a cursor:
    the options hold the time of the upload, and what is carried changes only at a file's end.
    """

    def __init__(self, job: CdrImport, carry: tuple[OpenCall, ...], *, is_inline: bool) -> None:
        self._job = job
        self._is_inline = is_inline
        self._report = ParseReport()
        self._options = ParseOptions(
            zone=job.switch.timezone,
            template=job.template,
            carry=carry,
            now_us=to_microseconds(job.created_at),
        )
        self._batches = 0

    def run(self, deadline: float | None, on_batch: Progress | None) -> bool:
        """Store batch after batch to the end of the file, or until time is up."""
        file = _opened(self._job)
        with file:
            for batch in self._read(file):
                if not self._store(batch, file.tell()):
                    return True
                self._check_format(batch)
                if on_batch is not None:
                    on_batch(self._job)
                if deadline is not None and time.monotonic() >= deadline:
                    return False
        self.end(failure=spoken(self._report.stopped))
        return True

    def end(self, *, failure: str) -> None:
        """Close the import, keep what the file left open, and wake who waits for it."""
        with transaction.atomic():
            job = self._locked()
            if job is None:
                return
            if job.format == CdrFormat.KAMAILIO_ACC and not failure:
                keep_leftovers(switch=job.switch, leftovers=self._report.leftovers)
            job.state = CdrImportState.FAILED if failure else CdrImportState.DONE
            job.failure = failure
            if not failure:
                job.bytes_done = job.file_size
                job.lines_skipped = dict(self._report.skipped)
            job.save()
            if not self._is_inline:
                self._wake_others(job)
                _tell_end(job)

    def _read(self, file: Any) -> Iterator[list[ParsedCall | LineError]]:
        """Yield the records after the cursor, in batches."""
        records = parse_calls(self._job.format, file, self._options, self._report)
        try:
            rest = islice(records, self._job.records_done, None)
            while batch := list(islice(rest, BATCH)):
                yield batch
        except OSError as error:
            raise _unreadable(error) from error

    def _locked(self) -> CdrImport | None:
        """The import's row, locked; None if another reader has gone on or ended it."""
        job: CdrImport = (
            CdrImport.objects.select_for_update(of=("self",))
            .select_related("switch")
            .get(pk=self._job.pk)
        )
        stands = job.state == CdrImportState.RUNNING
        return job if stands and job.records_done == self._job.records_done else None

    def _store(self, batch: list[ParsedCall | LineError], position: int) -> bool:
        """Commit a batch with the cursor behind it; False if another reader was quicker."""
        with transaction.atomic():
            job = self._locked()
            if job is None:
                return False
            calls = [item for item in batch if isinstance(item, ParsedCall)]
            errors = [item for item in batch if isinstance(item, LineError)]
            stored = store_calls(switch=job.switch, calls=calls, cdr_import_id=job.pk)
            keep_errors(job=job, errors=errors + stored.rejected)
            job.records_done += len(batch)
            job.bytes_done = position
            job.calls_new += stored.new
            job.calls_repeated += stored.repeated
            job.calls_conflicting += stored.conflicting
            job.lines_skipped = dict(self._report.skipped)
            job.save()
            self._batches += 1
            if not self._is_inline and self._batches % CHARGE_EVERY == 0:
                enqueue("calls.charge_pending")
        self._job = job
        return True

    def _check_format(self, batch: list[ParsedCall | LineError]) -> None:
        """Give up a file that begins without any call and looks like another format's."""
        is_first = self._job.records_done <= BATCH
        if not is_first or self._report.stopped or any(isinstance(r, ParsedCall) for r in batch):
            return
        looks_like = _sniffed(self._job)
        if looks_like not in {None, self._job.format}:
            label = CdrFormat(looks_like).label
            raise UnreadableFileError(
                _("No line can be read; the file looks like %(label)s.") % {"label": label}
            )

    def _wake_others(self, job: CdrImport) -> None:
        enqueue("calls.charge_pending")
        if job.format == CdrFormat.KAMAILIO_ACC:
            for import_id in unfinished_imports(switch=job.switch)[:1]:
                enqueue("calls.run_import", import_id=import_id)


def _tell_end(job: CdrImport) -> None:
    """Tell who uploaded the file; who reads one inline sees the end itself."""
    ended = Ended(
        file=job.file_name,
        kind=gettext_lazy("CDRs"),
        state=CdrImportState(job.state).label,
        rows=job.records_done,
        errors=job.lines_rejected,
        path=reverse("calls:import_detail", args=[job.pk]),
        key=f"cdr-import:{job.pk}",
    )
    tell_import(user=job.created_by, ended=ended)


def keep_errors(*, job: CdrImport, errors: list[LineError]) -> None:
    """Count the rejected lines of an import and keep as many as there is room for."""
    room = max(0, MAX_ERRORS - job.lines_rejected)
    CdrImportError.objects.bulk_create(
        [
            CdrImportError(
                cdr_import=job,
                line=error.line,
                field=error.field[:40],
                reason=spoken(error.reason)[:300],
                raw=error.raw[:500],
            )
            for error in errors[:room]
        ],
        batch_size=1000,
    )
    job.lines_rejected += len(errors)


def _opened(job: CdrImport) -> File[bytes]:
    try:
        opened: File[bytes] = job.file.open("rb")
    except OSError as error:
        raise _unreadable(error) from error
    return opened


def _sniffed(job: CdrImport) -> str | None:
    with job.file.storage.open(str(job.file.name), "rb") as file:
        return sniff(file.read(HEAD))


def _unreadable(error: OSError) -> UnreadableFileError:
    return UnreadableFileError(
        _("The file cannot be read: %(value)s.") % {"value": error.strerror or error}
    )
