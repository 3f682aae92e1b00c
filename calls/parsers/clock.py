"""Times as switches write them, to microseconds since 1970 in UTC."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from calls.parsers.record import DAY_US
from softswitch.core.reasons import Reason

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EARLIEST_US = (datetime(2000, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
EARLIEST_YEAR, LATEST_YEAR = 1999, 9000  # a year of slack for zones; no overflow
MAX_CACHED_HOURS = 20_000
MIN_STAMP = 16  # 2026-01-31 12:30

_REST = {  # "MM:SS" -> microseconds of the hour, leap second included
    f"{minute:02d}:{second:02d}": (minute * 60 + second) * 1_000_000
    for minute in range(60)
    for second in range(61)
}
_EPOCH_NUMBER = re.compile(r"([0-9]{9,16})(?:\.([0-9]{0,9}))?")
_SPACE_BEFORE_OFFSET = re.compile(r"\s+(?=[+-][0-9]{2}:?[0-9]{2}$)")
_UTC_NAME = re.compile(r"\s*(?:UTC|GMT)$")
NEVER = frozenset(("", "0", "0.0", "0.000000", "0000-00-00 00:00:00", "1970-01-01 00:00:00"))


class Clock:
    """Reads the times of one switch; local ones in `zone`, whole hours of which are cached."""

    def __init__(self, zone: ZoneInfo, now_us: int) -> None:
        self._zone = zone
        self._latest = now_us + DAY_US
        self._hours: dict[str, int] = {}  # "YYYY-MM-DD HH:" -> start of that hour

    def micros(self, text: str) -> int:
        """Return the microseconds of a local time, an ISO time with offset, or an epoch number.

        Of an ambiguous local time the earlier is meant. Raise ValueError with the reason if the
        text is no time, is a local time that does not exist, or lies outside 2000 to tomorrow.
        """
        hour = self._hours.get(text[:14])
        if hour is not None:
            rest = _REST.get(text[14:])
            if rest is not None:
                return hour + rest
        return self._bounded(self._read(text.strip(), fold=0))

    def later(self, text: str) -> int:
        """Return what `micros` returns, but the later of two readings of an ambiguous time."""
        if text[:14] in self._hours:
            return self.micros(text)  # no ambiguous hour is ever cached
        return self._bounded(self._read(text.strip(), fold=1))

    def _bounded(self, micros: int) -> int:
        if micros < EARLIEST_US:
            raise ValueError(Reason("before the year 2000"))
        if micros > self._latest:
            raise ValueError(Reason("in the future"))
        return micros

    def _read(self, text: str, *, fold: int) -> int:
        number = _EPOCH_NUMBER.fullmatch(text)
        if number:
            return _from_epoch(number[1], number[2] or "")
        if len(text) < MIN_STAMP:
            raise ValueError(Reason("no time") if text else Reason("empty"))
        moment = _moment(_UTC_NAME.sub("Z", _SPACE_BEFORE_OFFSET.sub("", text)))
        if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
            raise ValueError(Reason("the year %(year)s", year=moment.year))
        if moment.tzinfo is not None:
            return (moment - EPOCH) // MICROSECOND
        self._remember_hour(text[:14], moment)
        return self._local(moment, fold)

    def _local(self, moment: datetime, fold: int) -> int:
        """Return the microseconds of a time in the zone; raise if its clocks skip it."""
        there = moment.replace(tzinfo=self._zone, fold=fold).astimezone(UTC)
        if there.astimezone(self._zone).replace(tzinfo=None, fold=0) != moment:
            raise ValueError(
                Reason("does not exist in %(zone)s: clocks were set forward", zone=self._zone.key)
            )
        return (there - EPOCH) // MICROSECOND

    def _remember_hour(self, key: str, moment: datetime) -> None:
        """Cache the hour of `moment` if its offset is one and the same from start to end."""
        start = moment.replace(minute=0, second=0, microsecond=0)
        offsets = {
            (start + timedelta(minutes=minute)).replace(tzinfo=self._zone, fold=fold).utcoffset()
            for minute in (0, 15, 30, 45, 59)
            for fold in (0, 1)
        }
        if len(offsets) != 1 or key[13:] != ":":
            return
        micros = self._local(start, 0)
        if micros >= EARLIEST_US and micros + 3_661_000_000 <= self._latest:
            if len(self._hours) >= MAX_CACHED_HOURS:
                self._hours.clear()
            self._hours[key] = micros


@cache
def _scale(digits: int) -> int:
    """Return the microseconds of one unit of an epoch number: seconds, ms or microseconds."""
    if digits <= 11:
        return 1_000_000
    return 1000 if digits <= 14 else 1


def _from_epoch(whole: str, fraction: str) -> int:
    """Return the microseconds of an epoch number; its length tells its unit."""
    scale = _scale(len(whole))
    digits = len(str(scale)) - 1
    return int(whole) * scale + int((fraction + "000000")[:digits] or "0")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(Reason("no time")) from None
