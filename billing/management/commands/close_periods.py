"""``manage.py close_periods``: close the billing periods that are due, now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.timezone import now

from billing.services.closing import SECONDS, close_due
from calls.selectors.pending import uncharged_since


class Command(BaseCommand):
    help = "Close the billing periods that are due, each once and in order, as the job does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--seconds", type=int, default=SECONDS, metavar="N", help="stop after so long"
        )

    def handle(self, *args: Any, seconds: int, **options: Any) -> None:
        moment = now()
        since = uncharged_since(moment)
        closed = close_due(moment=moment, calls_since=since, seconds=seconds)
        self.stdout.write(f"{closed} periods closed")
        if since is not None:
            self.stdout.write(
                f"calls that ended since {since:%Y-%m-%d %H:%M:%S} UTC wait to be charged"
            )
