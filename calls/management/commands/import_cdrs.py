"""``manage.py import_cdrs``: read a CDR file and charge its calls, here and now."""

import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from django.core.files.base import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.choices import CdrFormat, CdrImportState
from calls.models import CdrImport, Switch
from calls.services.charging import charge_pending
from calls.services.importing import run_import, start_import
from calls.services.open_transactions import unfinished_imports
from customers.models import Customer
from customers.selectors import system_actor
from softswitch.core.errors import DomainError

SHOWN_ERRORS = 10
STDIN = "-"


class Command(BaseCommand):
    help = "Import a CDR file of a switch, or standard input (-), and charge its calls."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="path of the file, or - for stdin")
        parser.add_argument(
            "--format", choices=CdrFormat.values, help="default: told from the file"
        )
        parser.add_argument("--switch", required=True, help="name of the switch it comes from")
        parser.add_argument("--template", default="", help="layout of a FreeSWITCH CSV file")
        parser.add_argument("--no-charge", action="store_true", help="leave the calls waiting")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exits with 1 if the file cannot be read. What was read before is not counted again."""
        job = self._start(**options)
        started = time.monotonic()
        # A file of Kamailio's transactions goes on where the one before it has ended.
        for import_id in [*unfinished_imports(switch=job.switch, before=job.pk), job.pk]:
            run_import(import_id=import_id, is_inline=True, on_batch=self._show_progress)
        job.refresh_from_db()
        self._summarise(job, time.monotonic() - started)
        if job.state == CdrImportState.FAILED:
            raise CommandError(job.failure)
        if job.state != CdrImportState.DONE:
            raise CommandError("A file before this one, or this one, is being read elsewhere.")
        if not options["no_charge"]:
            report = charge_pending()
            self.stdout.write(f"charged {report.charged}, unrated {report.unrated}")

    def _start(self, **options: Any) -> CdrImport:
        path = options["file"]
        try:
            switch = Switch.objects.get(name=options["switch"])
            with _opened(path) as file:
                return start_import(
                    actor=system_actor(),
                    switch=switch,
                    file=File(file),
                    file_name="stdin" if path == STDIN else path,
                    format_name=options["format"] or "",
                    template=options["template"],
                    is_inline=True,
                )
        except Switch.DoesNotExist as error:
            raise CommandError(f"There is no switch “{options['switch']}”.") from error
        except Customer.DoesNotExist as error:
            raise CommandError("Run create_root first.") from error
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except DomainError as error:
            raise CommandError(error.message) from error

    def _show_progress(self, job: CdrImport) -> None:
        share = 100 * job.bytes_done // max(1, job.file_size)
        self.stderr.write(f"{job.file_name}: {job.records_done} records, {share} %")

    def _summarise(self, job: CdrImport, seconds: float) -> None:
        skipped = sum(job.lines_skipped.values())
        self.stdout.write(
            f"{job.file_name}: {job.records_done} records, {skipped} lines without a call, "
            f"{seconds:.1f} s\n"
            f"new {job.calls_new}, repeated {job.calls_repeated}, "
            f"conflicting {job.calls_conflicting}, rejected {job.lines_rejected}"
        )
        for error in job.errors.order_by("line")[:SHOWN_ERRORS]:
            self.stdout.write(f"  line {error.line}: {error.field}: {error.reason}")
        if job.lines_rejected > SHOWN_ERRORS:
            self.stdout.write(f"  and {job.lines_rejected - SHOWN_ERRORS} more")


def _opened(path: str) -> BinaryIO:
    return sys.stdin.buffer if path == STDIN else Path(path).open("rb")
