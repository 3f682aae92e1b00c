"""``manage.py record_bounce < report``: note the bounce that a mail server's report tells of."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from notifications.services.bounces import record_report
from softswitch.core.errors import DomainError

MOST_BYTES = 20_000_000


class Command(BaseCommand):
    help = "Read a delivery report (RFC 3464) from standard input; exit 1 if it names no letter."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            message = record_report(content=sys.stdin.buffer.read(MOST_BYTES))
        except DomainError as error:
            raise CommandError(error.message) from error
        if message is None:
            self.stdout.write("The report tells of no failure: nothing is noted.")
        else:
            self.stdout.write(f"Bounced: {message.message_id} to {message.recipient}")
