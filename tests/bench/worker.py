"""A worker in a process of its own: ``python -m tests.bench.worker DATABASE BATCHES``.

It charges a batch, so that it knows the rate books, says so, and charges the rest once it reads a
line; then it prints how many calls those were.
"""

import os
import sys

import django
from django.db import connection


def main(name: str, batches: int) -> None:
    """Charge at most ``batches`` full batches of the database ``name``, beside other workers."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "softswitch.settings.test")
    django.setup()
    from calls.services.charging import charge_pending  # noqa: PLC0415 (models need the set-up)

    connection.settings_dict["NAME"] = name
    charge_pending(batches=1)
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    print(charge_pending(batches=batches).charged, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
