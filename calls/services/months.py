"""Creates the partitions of the big tables before calls come, so that charging never has to.

What comes for another month (a late file, a clock ahead) still has its partition made on demand.
"""

from datetime import UTC, date

from django.conf import settings
from django.utils.timezone import now

from softswitch.core.partitions import coming_months, ensure_months

TABLES = ("calls_call", "billing_charge", "billing_usageentry", "calls_traffic")


def prepare_months(*, today: date | None = None) -> list[date]:
    """Make this month (UTC) and the PARTITION_MONTHS_AHEAD after it ready; returns them.

    One transaction per month, under the lock of partitions. Safe to repeat and to run at once.
    """
    day = today or now().astimezone(UTC).date()
    months = coming_months(day, settings.PARTITION_MONTHS_AHEAD)
    for month in months:
        ensure_months(TABLES, [month])
    return months
