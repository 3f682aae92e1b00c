"""Imports a rate sheet into a tariff, through the same services as the page."""

from argparse import ArgumentParser
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import get_default_timezone

from customers.permissions import ALL
from customers.selectors import system_actor
from softswitch.core.errors import DomainError
from tariffs.choices import ImportState
from tariffs.models import RateImport, Tariff
from tariffs.selectors import tariffs_named
from tariffs.services.imports.applying import apply_import
from tariffs.services.imports.checking import check_import
from tariffs.services.imports.uploads import may_leave_out, request_apply, start_import

ERRORS_SHOWN = 20


class Command(BaseCommand):
    help = "Check a rate sheet (CSV, XLSX) and apply it to a tariff: all lines or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--tariff", required=True, help="name or id")
        parser.add_argument("--full", action="store_true", help="close what the sheet lacks")
        parser.add_argument("--codes", type=Path, help="file of codes by destination")
        parser.add_argument("--leave-out", action="store_true", help="leave out rejected lines")
        parser.add_argument("--dry-run", action="store_true", help="check only")
        parser.add_argument(
            "--effective", type=datetime.fromisoformat, help="start of lines without a date"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rate_import = self.read(options)
        self.stdout.write(
            ", ".join(f"{count} {name}" for name, count in rate_import.counts.items() if count)
            or "nothing"
        )
        for error in rate_import.errors.order_by("line", "pk")[:ERRORS_SHOWN]:
            self.stderr.write(f"line {error.line}: {error.field}: {error.reason}")
        is_partial = options["leave_out"] and may_leave_out(rate_import)
        if rate_import.state != ImportState.READY and not is_partial:
            raise CommandError("Nothing was applied: a sheet is applied as a whole.")
        if not options["dry_run"]:
            self.apply(rate_import, is_partial=is_partial)

    def read(self, options: dict[str, Any]) -> RateImport:
        """The sheet as an import that has been checked."""
        tariff = self.find(options["tariff"])
        effective = options["effective"]
        if effective is not None and effective.tzinfo is None:
            effective = effective.replace(tzinfo=get_default_timezone())
        path: Path = options["file"]
        codes: Path | None = options["codes"]
        try:
            with path.open("rb") as file, ExitStack() as stack:
                other = stack.enter_context(codes.open("rb")) if codes else None
                rate_import = start_import(
                    actor=self.actor_of(tariff),
                    tariff=tariff,
                    file=File(file, name=path.name),
                    name=path.name,
                    is_full_replacement=options["full"],
                    effective_at=effective,
                    codes_file=File(other, name=codes.name) if codes and other else None,
                    by_job=False,
                )
        except OSError as error:
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(error.message) from error
        check_import(rate_import.pk)
        rate_import.refresh_from_db()
        return rate_import

    def apply(self, rate_import: RateImport, *, is_partial: bool) -> None:
        request_apply(
            actor=self.actor_of(rate_import.tariff),
            rate_import=rate_import,
            leaves_out_rejected=is_partial,
            by_job=False,
        )
        apply_import(rate_import.pk)
        rate_import.refresh_from_db()
        if rate_import.state != ImportState.APPLIED:
            raise CommandError("The rates changed meanwhile. Run the command again.")
        self.stdout.write("Applied.")

    def actor_of(self, tariff: Tariff) -> Any:
        """The system itself, in the place of the tariff's owner."""
        return replace(system_actor(), customer=tariff.owner, rights=ALL)

    def find(self, text: str) -> Tariff:
        """The one live tariff of this id or name."""
        found = tariffs_named(text)
        if len(found) == 1:
            return found[0]
        if not found:
            raise CommandError(f"There is no tariff {text!r}.")
        listed = ", ".join(f"{tariff.pk} of {tariff.owner}" for tariff in found)
        raise CommandError(f"Several tariffs are called {text!r}: {listed}. Give the id.")
