"""``manage.py verify_ledger``: prove every balance, entry and charge; exit 1 if one is off."""

import sys
from argparse import ArgumentParser
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand

from billing.services import verify
from calls.services import verify as verify_calls


class Command(BaseCommand):
    help = "Recompute balances from entries and entries from charges; list every difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customer", type=int, metavar="ID", help="only this customer's")

    def handle(self, *args: Any, customer: int | None, **options: Any) -> None:
        found = 0
        with verify.snapshot():
            for line in chain(
                verify.differences(customer_id=customer),
                verify_calls.differences(customer_id=customer),
            ):
                self.stdout.write(line)
                found += 1
            balances, entries, usage, charges = verify.counts(customer_id=customer)
        scope = f"{balances} balances, {entries} entries, {usage} usage entries, {charges} charges"
        if found:
            self.stdout.write(f"{found} differences in {scope}")
            sys.exit(1)
        self.stdout.write(f"OK: {scope}")
