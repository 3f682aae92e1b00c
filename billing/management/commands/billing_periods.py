"""Door for `billing.periods`: list a customer's first billing periods, without a database."""

import sys
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from django.core.management.base import BaseCommand

from billing.periods import Period, PeriodType, iter_periods, resolve_local
from softswitch.core.jsonlines import Fields, LineError, answer_lines

_MOST_PERIODS = 100_000


class Command(BaseCommand):
    help = "Read JSON lines with type, created, timezone and count; write the billing periods."
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        known = available_timezones()
        answer_lines(sys.stdin.buffer, self.stdout, lambda line: _list_periods(line, known))


def _list_periods(line: Fields, known_zones: set[str]) -> dict[str, object]:
    kind = line.choice("type", PeriodType)
    zone = _read_zone(line, known_zones)
    created = _read_created(line, zone)
    count = line.integer("count")
    if not 1 <= count <= _MOST_PERIODS:
        raise LineError(f"count must be 1 to {_MOST_PERIODS}")
    try:
        periods = list(islice(iter_periods(kind, created, zone), count))
    except OverflowError as error:
        raise LineError("the periods reach beyond the year 9999") from error
    return {"periods": [_as_local(period, zone) for period in periods]}


def _read_zone(line: Fields, known_zones: set[str]) -> ZoneInfo:
    key = line.text("timezone")
    if key not in known_zones:
        raise LineError(f"timezone {key!r} is unknown")
    return ZoneInfo(key)


def _read_created(line: Fields, zone: ZoneInfo) -> datetime:
    """Read a local time of `zone`, or, if it comes with an offset, that very moment."""
    text = line.text("created")
    try:
        created = datetime.fromisoformat(text)
    except ValueError as error:
        raise LineError(f"created {text!r} is not an ISO date and time") from error
    try:
        moment = created if created.tzinfo else resolve_local(created, zone)
        moment.astimezone(UTC).astimezone(zone)  # where its local day is looked up
        return moment
    except ValueError as error:
        raise LineError(f"created {error}") from error
    except OverflowError as error:
        raise LineError("created is out of range") from error


def _as_local(period: Period, zone: ZoneInfo) -> dict[str, str]:
    return {
        "start": period.start.astimezone(zone).isoformat(),
        "end": period.end.astimezone(zone).isoformat(),
    }
