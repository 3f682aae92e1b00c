"""``make bench``: migrate the fresh database, measure, print; fails if a limit is not kept."""

import os
import sys

import django
from django.core.management import call_command


def main() -> int:
    """Run all measurements; 0 if every limit is kept."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "softswitch.settings.test")
    django.setup()
    from tests.bench import (  # noqa: PLC0415 (models need the set-up)
        alerts,
        authorizing,
        charging,
        customers,
        documents,
        invoicing,
        money,
        parsing,
        rate_import,
        rating,
        records,
        reports,
        stored,
        tariffs,
        what_if,
    )

    call_command("migrate", verbosity=0)
    is_met = True
    # Charging last: it keeps this process on one processor from then on.
    measurements = (
        parsing, rating, customers, tariffs, records, rate_import, documents, reports, what_if,
        invoicing, money, alerts, authorizing, stored, charging,
    )  # fmt: skip
    for measurement in (module.run for module in measurements):
        lines, is_kept = measurement()
        print("\n".join(lines), flush=True)  # noqa: T201
        is_met = is_met and is_kept
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
