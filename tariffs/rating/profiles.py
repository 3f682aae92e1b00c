"""Time-of-day profiles: at which local times of which days a rate applies.

A day is a weekday, or a holiday where its date is listed: then the windows of `HOLIDAY` alone
count, and a profile without one does not apply on that day. The wall clock at the call's start
decides: an hour that comes twice counts both times, one that is left out never.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

HOLIDAY = 7
"""The day after Monday (0) to Sunday (6): any date that a profile lists."""

DAY_KINDS = 8
DAY_MINUTES = 24 * 60

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = 3  # a Thursday
_MICROSECOND = timedelta(microseconds=1)
_MINUTE_US = 60 * 10**6
_DAY_US = DAY_MINUTES * _MINUTE_US
_QUARTER_US = 15 * _MINUTE_US
_SORTED_PER_ASKED = 50  # how many values are sorted in the time that one offset is asked for


@dataclass(frozen=True, slots=True)
class Window:
    """Local minutes of some days, from `start` up to, not including, `end` (1440 is midnight)."""

    days: frozenset[int]
    start: int
    end: int

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(range(DAY_KINDS)):
            raise ValueError("days must be some of 0 (Monday) to 6 (Sunday) and 7 (holiday)")
        if not 0 <= self.start < self.end <= DAY_MINUTES:
            raise ValueError("a window must end after it starts, within one day")


@dataclass(frozen=True, slots=True)
class Profile:
    """When a rate applies: inside any of `windows`, where the dates in `holidays` are holidays."""

    windows: tuple[Window, ...]
    holidays: frozenset[date] = frozenset()

    def contains(self, moment: datetime, zone: tzinfo) -> bool:
        """Whether a call that starts at `moment` (aware) falls in it, by the clock of `zone`."""
        local = moment.astimezone(zone)
        day = HOLIDAY if local.date() in self.holidays else local.weekday()
        minute = local.hour * 60 + local.minute
        return any(day in w.days and w.start <= minute < w.end for w in self.windows)

    def overlaps(self, other: "Profile") -> bool:
        """Whether some local minute of some date belongs to both."""
        pairs = {(day, day) for day in range(HOLIDAY)}
        for listed in self.holidays | other.holidays:
            weekday = listed.weekday()
            pairs.add(
                (
                    HOLIDAY if listed in self.holidays else weekday,
                    HOLIDAY if listed in other.holidays else weekday,
                )
            )
        return any(
            mine.start < theirs.end and theirs.start < mine.end
            for own_day, other_day in pairs
            for mine in _of_day(self, own_day)
            for theirs in _of_day(other, other_day)
        )


def _of_day(profile: Profile, day: int) -> Iterator[Window]:
    return (window for window in profile.windows if day in window.days)


class ProfileClock:
    """Tells for whole columns of calls which profiles hold, in one zone; equal to `contains`."""

    def __init__(self, profiles: tuple[Profile, ...], zone: tzinfo) -> None:
        self._zone = zone
        self._minutes = np.zeros((len(profiles), DAY_KINDS, DAY_MINUTES), dtype=np.bool_)
        for place, profile in enumerate(profiles):
            for window in profile.windows:
                self._minutes[place, sorted(window.days), window.start : window.end] = True
        listed = sorted({day for profile in profiles for day in profile.holidays})
        # The dates that are a holiday anywhere, and in which profiles; the last row is in none.
        self._dates = np.array([d.toordinal() - _EPOCH_DAY for d in listed], dtype=np.int64)
        self._listed = np.array(
            [[day in profile.holidays for profile in profiles] for day in listed]
            + [[False] * len(profiles)],
            dtype=np.bool_,
        )

    def read(self, at_us: Int64s) -> "LocalTimes":
        """The local times of moments, given in microseconds since 1970 UTC."""
        days, rest = np.divmod(at_us + self._offsets(at_us), _DAY_US)
        places = np.searchsorted(self._dates, days)
        is_listed = np.append(self._dates, np.iinfo(np.int64).max)[places] == days
        return LocalTimes(
            weekdays=(days + _EPOCH_WEEKDAY) % 7,
            minutes=rest // _MINUTE_US,
            dates=np.where(is_listed, places, len(self._dates)),
        )

    def holds(self, profiles: Int64s, times: "LocalTimes", calls: Int64s) -> Bools:
        """Whether each of `profiles` holds at the time of the call at the same place in `calls`."""
        is_holiday = self._listed[times.dates[calls], profiles]
        days = np.where(is_holiday, HOLIDAY, times.weekdays[calls])
        held: Bools = self._minutes[profiles, days, times.minutes[calls]]
        return held

    def _offsets(self, at_us: Int64s) -> Int64s:
        """The zone's offset from UTC at each moment, in microseconds.

        Asked once per quarter of an hour that occurs; moment by moment only in a quarter in which
        the offset changes at another instant than its start.
        """
        quarters, which = _numbered(at_us // _QUARTER_US)
        starts = (quarters * _QUARTER_US).tolist()
        first = np.array([self._offset(start) for start in starts], dtype=np.int64)
        last = [self._offset(start + _QUARTER_US - 1) for start in starts]
        found: Int64s = first[which]
        for call in np.flatnonzero((first != np.array(last, dtype=np.int64))[which]):
            found[call] = self._offset(int(at_us[call]))
        return found

    def _offset(self, at_us: int) -> int:
        local = (_EPOCH + timedelta(microseconds=at_us)).astimezone(self._zone)
        return (local.utcoffset() or timedelta(0)) // _MICROSECOND


def _numbered(values: Int64s) -> tuple[Int64s, Int64s]:
    """Distinct values, and which of them each one is; where they lie close, all between count too.

    That saves sorting the calls of a month.
    """
    first = int(values.min()) if values.size else 0
    span = int(values.max(initial=first)) - first + 1
    if span * _SORTED_PER_ASKED <= len(values):
        return np.arange(first, first + span), values - first
    distinct, which = np.unique(values, return_inverse=True)
    return distinct, which


@dataclass(frozen=True, slots=True, eq=False)
class LocalTimes:
    """When calls started by the wall clock: weekday, minute of the day, row of listed dates."""

    weekdays: Int64s
    minutes: Int64s
    dates: Int64s
