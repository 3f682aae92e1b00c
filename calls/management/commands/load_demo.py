"""``manage.py load_demo``: builds the demo, once."""

import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import get_default_timezone, is_naive, make_aware, now

from calls.services.demo.build import load_demo
from softswitch.core.errors import DomainError


class Command(BaseCommand):
    help = "Load the demo: customers, tariffs, and calls of the 60 days before the anchor."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor", type=_moment, help="ISO time at which the demo ends (default: this hour)"
        )
        parser.add_argument("--seed", type=int, default=1, help="another seed, other figures")
        parser.add_argument("--calls", type=int, default=20_000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Does nothing if the demo is there; an interrupted load has left nothing behind."""
        started = time.monotonic()
        anchor = options["anchor"] or now().replace(minute=0, second=0, microsecond=0)
        if anchor > now():
            raise CommandError("The anchor is in the future.")
        try:
            is_new = load_demo(
                anchor=anchor, seed=options["seed"], calls=options["calls"], say=self._say
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        if is_new:
            self._say(f"The demo is loaded ({time.monotonic() - started:.0f} s).")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return make_aware(moment, get_default_timezone()) if is_naive(moment) else moment
