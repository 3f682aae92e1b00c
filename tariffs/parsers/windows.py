"""Reads and writes the times of a profile as people note them: ``Mon-Fri 08:00-20:00``, by line.

A window is ``(days, start, end)``: bits of the days (Monday is 1, Sunday 64, holidays 128), and
minutes of the day, half-open, 1440 being midnight at its end.
"""

import re
from collections.abc import Iterable, Sequence

from softswitch.core.reasons import Reason

Stored = tuple[int, int, int]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Holiday")
_HOLIDAY = 1 << 7
_DAY_MINUTES = 24 * 60
_LINE = re.compile(
    r"(?P<days>[A-Za-z][A-Za-z ,\u2013-]*?)\s*:?\s+"
    r"(?P<start>\d{1,2}:\d\d)\s*[-\u2013]\s*(?P<end>\d{1,2}:\d\d)"
)
_NAMES = {
    name: place
    for place, names in enumerate(
        (
            "mo mon monday",
            "tu tue tues tuesday",
            "we wed wednesday",
            "th thu thur thurs thursday",
            "fr fri friday",
            "sa sat saturday",
            "su sun sunday",
            "hol holiday holidays",
        )
    )
    for name in names.split()
}


class WindowError(ValueError):
    """What is wrong with a line, in words for whoever wrote it."""


def read_windows(text: str) -> list[Stored]:
    """The windows of all lines, joined where they touch; one over midnight goes on the next day.

    Raises WindowError naming the line. A window of holidays does not pass midnight: which day
    follows a holiday is not known.
    """
    by_day: dict[int, list[tuple[int, int]]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                _read_line(line.strip(), by_day)
            except WindowError as error:
                raise WindowError(
                    Reason("Line %(line)s: %(reason)s", line=number, reason=error.args[0])
                ) from error
    found: dict[tuple[int, int], int] = {}
    for day, spans in by_day.items():
        for span in _joined(spans):
            found[span] = found.get(span, 0) | 1 << day
    return sorted(((days, *span) for span, days in found.items()), key=_by_first_day)


def write_windows(windows: Iterable[Sequence[int]]) -> str:
    """The lines that `read_windows` reads back as these windows."""
    return "\n".join(
        f"{_days_text(days)} {_clock(start)}-{_clock(end)}" for days, start, end in windows
    )


def _read_line(line: str, by_day: dict[int, list[tuple[int, int]]]) -> None:
    found = _LINE.fullmatch(line)
    if found is None:
        raise WindowError(Reason("write days and times as in “Mon-Fri 08:00-20:00”."))
    days, start, end = _days(found["days"]), _minutes(found["start"]), _minutes(found["end"])
    if start in (end, _DAY_MINUTES):
        raise WindowError(Reason("the whole day is 00:00-24:00."))
    if end > start:
        spans = [(0, start, end)]
    else:
        if days[-1] == _NAMES["holiday"]:
            raise WindowError(Reason("a time on holidays ends at 24:00 at the latest."))
        spans = [(0, start, _DAY_MINUTES), (1, 0, end)]
    for later, begins, ends in spans:
        for day in days if ends > begins else ():
            by_day.setdefault((day + later) % 7 if later else day, []).append((begins, ends))


def _days(text: str) -> list[int]:
    """The days of ``Mon-Fri, Sun``, in order."""
    found: set[int] = set()
    for part in text.replace("\u2013", "-").split(","):
        ends = [_NAMES.get(name.strip().lower(), -1) for name in part.split("-")]
        if len(ends) > 2 or -1 in ends or (len(ends) == 2 and _NAMES["holiday"] in ends):
            raise WindowError(
                Reason("“%(text)s” is no day: Mon to Sun, or Holiday.", text=part.strip())
            )
        first, last = ends[0], ends[-1]
        count = (last - first) % 7 if len(ends) == 2 else 0
        found.update((first + n) % 7 if count else first for n in range(count + 1))
    return sorted(found)


def _minutes(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    found = hours * 60 + minutes
    if minutes > 59 or found > _DAY_MINUTES:
        raise WindowError(Reason("“%(text)s” is no time of day.", text=text))
    return found


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _by_first_day(window: Stored) -> tuple[int, int, int]:
    days, start, end = window
    return days & -days, start, end


def _days_text(days: int) -> str:
    """Runs of three and more as a range: ``Mon-Fri, Sun``."""
    parts: list[list[int]] = []
    for day in (place for place in range(7) if days >> place & 1):
        if parts and parts[-1][-1] == day - 1:
            parts[-1].append(day)
        else:
            parts.append([day])
    texts = [
        f"{DAYS[part[0]]}-{DAYS[part[-1]]}" if len(part) > 2 else ", ".join(DAYS[d] for d in part)
        for part in parts
    ]
    return ", ".join([*texts, *([DAYS[7]] if days & _HOLIDAY else [])])


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
