"""The local days that automatic reports are about, and when each is due."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calls.selectors.dashboard import local_day

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """The days of one report: they begin in ``zone``, and are told at a time of ``told_in``.

    Calls are told by days of the zone of reports, money by those of the billing time zone, as on
    statements. A day is due on the next one at ``at``; not before it is over in its own zone.
    """

    zone: ZoneInfo
    at: time
    told_in: ZoneInfo

    def window(self, day: date) -> tuple[datetime, datetime]:
        """When ``day`` begins and ends; the same moment for one that the zone left out."""
        return local_day(day, self.zone)

    def exists(self, day: date) -> bool:
        """Whether the zone had that day at all: who crosses the date line may lose one."""
        since, until = self.window(day)
        return until > since

    def due_at(self, day: date) -> datetime:
        """When the report of ``day`` is told.

        A time that the clocks leave out that day counts as late as they are put on, of one that
        they have twice the first.
        """
        told = datetime.combine(day + DAY, self.at, self.told_in).astimezone(UTC)
        return max(told, self.window(day)[1])

    def last_due(self, moment: datetime) -> date:
        """The last day that is due at ``moment``."""
        day = moment.astimezone(self.told_in).date()
        while self.due_at(day) > moment:
            day -= DAY
        return day

    def between(self, first: date, last: date) -> list[date]:
        """The days from ``first`` to ``last``, both included, that there are."""
        days = (first + number * DAY for number in range((last - first).days + 1))
        return [day for day in days if self.exists(day)]
