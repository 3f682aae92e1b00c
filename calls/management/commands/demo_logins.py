"""``manage.py demo_logins``: prints who can log in to the demo."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from calls.services.demo.logins import DemoLogin, demo_logins
from softswitch.core.errors import DomainError

HEAD = DemoLogin("Kind of user", "Login", "Password", "Customer")


class Command(BaseCommand):
    help = "Print one login per kind of user of the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        """Fails where the demo is not loaded."""
        try:
            found = demo_logins()
        except DomainError as error:
            raise CommandError(error.message) from error
        if not found:
            raise CommandError("The demo is not loaded: run load_demo.")
        rows = [HEAD, *found]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
