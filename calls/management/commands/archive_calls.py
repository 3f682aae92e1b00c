"""``manage.py archive_calls``: shows, archives or restores months of calls and charges."""

from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.services.archiving import (
    Candidate,
    archive_month,
    candidates,
    reasons_against,
    restore_month,
)
from customers.models import Customer
from customers.selectors import system_actor
from softswitch.core.errors import DomainError


class Command(BaseCommand):
    help = "Show which months would be archived; --apply archives them, --restore brings one back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep", type=int, metavar="N", help="default: CALL_RETENTION_MONTHS")
        parser.add_argument("--month", type=_month, help="only this month, as 2026-03")
        parser.add_argument("--apply", action="store_true", help="archive what can be archived")
        parser.add_argument("--restore", type=_month, metavar="MONTH", help="attach it again")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exits with 1 if a month that was asked for cannot be archived or restored."""
        try:
            if options["restore"]:
                month = restore_month(actor=system_actor(), month=options["restore"])
                self.stdout.write(f"{month}: {month.calls} calls, {month.charges} charges are back")
                return
            self._archive(options["month"], options["keep"], is_dry=not options["apply"])
        except Customer.DoesNotExist as error:
            raise CommandError("Run create_root first.") from error
        except DomainError as error:
            raise CommandError(error.message) from error

    def _archive(self, month: date | None, keep: int | None, *, is_dry: bool) -> None:
        found = [Candidate(month, reasons_against(month))] if month else candidates(keep=keep)
        if not found:
            self.stdout.write("No month is to be archived.")
        for one in found:
            name = f"{one.month:%Y-%m}"
            if is_dry or (one.reasons and not month):
                reasons = "; ".join(one.reasons)
                self.stdout.write(f"{name}: " + (reasons or "can be archived, with --apply"))
                continue
            done = archive_month(actor=system_actor(), month=one.month)
            self.stdout.write(f"{name}: {done.calls} calls, {done.charges} charges archived")


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise ArgumentTypeError("a month, as 2026-03") from error
