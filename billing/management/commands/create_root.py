"""``manage.py create_root``: the first run of a new installation."""

import getpass
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.services.first_run import set_up
from softswitch.core.errors import DomainError


class Command(BaseCommand):
    help = (
        "Create the Root Customer, its administrator and the currencies (once). "
        "The password is asked for, or read from ROOT_PASSWORD."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="name of the owner of the switch")
        parser.add_argument("--login", required=True, help="login of its first administrator")
        parser.add_argument("--timezone", default="UTC", help="IANA name, such as Europe/London")
        parser.add_argument("--language", default="en")

    def handle(self, *args: Any, **options: Any) -> None:
        """The password is read from ROOT_PASSWORD, or asked for twice."""
        password = os.environ.get("ROOT_PASSWORD") or self._ask()
        try:
            root = set_up(
                name=options["name"],
                login=options["login"],
                password=password,
                timezone=options["timezone"],
                language=options["language"],
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{root} is set up; log in as {options['login']}.")

    def _ask(self) -> str:
        if not sys.stdin.isatty():
            raise CommandError("No terminal to ask on: put the password into ROOT_PASSWORD.")
        first = getpass.getpass("Password: ")
        if first != getpass.getpass("Again: "):
            raise CommandError("The passwords differ.")
        return first
