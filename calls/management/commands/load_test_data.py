"""``manage.py load_test_data``: builds a big system to measure with."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.services.test_data.build import Size, load_test_data
from customers.models import Customer
from softswitch.core.errors import DomainError


class Command(BaseCommand):
    help = "Build a big system: customers, large tariffs, and millions of charged calls."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--calls", type=int, required=True, metavar="N")
        parser.add_argument("--customers", type=int, default=500, metavar="M")
        parser.add_argument("--months", type=int, default=1, help="of 30 days, back from now")
        parser.add_argument("--levels", type=int, default=4, help="that pay for each call")
        parser.add_argument(
            "--beside-others",
            action="store_true",
            help="also where there are customers that are no test data",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """A second run adds its calls; an interrupted one is completed by the next."""
        size = Size(
            calls=options["calls"],
            customers=options["customers"],
            months=options["months"],
            levels=options["levels"],
        )
        try:
            load_test_data(size=size, say=self._say, beside_others=options["beside_others"])
        except Customer.DoesNotExist as error:
            raise CommandError("Run create_root first.") from error
        except DomainError as error:
            raise CommandError(error.message) from error

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
