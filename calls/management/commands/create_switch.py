"""``manage.py create_switch``: a switch that may deliver CDRs, with its token."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.services.switches import create_switch
from customers.models import Customer
from customers.selectors import system_actor
from softswitch.core.errors import DomainError

RULES = (
    "source_addresses",
    "international_prefixes",
    "default_country_code",
    "national_prefix",
    "tech_prefix_separator",
)


class Command(BaseCommand):
    help = "Create a switch; its token is printed on standard output, this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--timezone", default="UTC", help="zone of the times in its CDRs")
        parser.add_argument("--source-addresses", help="from where it may post, e.g. 192.0.2.0/28")
        parser.add_argument("--international-prefixes", help="default: '+ 00 011'")
        parser.add_argument("--default-country-code", help="of national numbers, e.g. 44")
        parser.add_argument("--national-prefix", help="of national numbers, e.g. 0")
        parser.add_argument("--tech-prefix-separator", help="default: '#'")

    def handle(self, *args: Any, **options: Any) -> None:
        rules = {name: options[name] for name in RULES if options[name] is not None}
        try:
            _switch, token = create_switch(
                actor=system_actor(), name=options["name"], timezone=options["timezone"], **rules
            )
        except Customer.DoesNotExist as error:
            raise CommandError("Run create_root first.") from error
        except DomainError as error:
            raise CommandError(f"{error.field}: {error.message}") from error
        self.stdout.write(token)
        self.stderr.write(f"Switch {options['name']} is created; keep its token, it is not stored.")
