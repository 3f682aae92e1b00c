"""Imports exchange rates from a file or a pipe, through the same service as the page."""

import io
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from customers.selectors import system_actor
from softswitch.core.errors import DomainError
from tariffs.services.exchange import import_exchange_rates


class Command(BaseCommand):
    help = "Add exchange rates from CSV or the European Central Bank's XML; all lines or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a path, or - for standard input")
        parser.add_argument("--next-day", action="store_true", help="in force from the day after")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        try:
            content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
            found = import_exchange_rates(
                actor=system_actor(), file=io.BytesIO(content), is_next_day=options["next_day"]
            )
        except OSError as error:
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{found.added} added, {found.repeated} repeated")
        if found.unknown:
            self.stdout.write(f"not known here: {', '.join(found.unknown)}")
