"""CDR files as the demo's switches leave them: one a week, with the oddities of real ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from calls.services.demo.cdr_freeswitch import csv_rows, json_rows
from calls.services.demo.cdr_others import (
    GENERIC_HEAD,
    KAMAILIO_HEAD,
    asterisk_rows,
    generic_rows,
    kamailio_rows,
)
from calls.services.demo.cdr_rows import Row, Writing
from calls.services.demo.plan import DAYS
from calls.services.demo.sources import SWITCHES, SwitchPlan
from calls.services.demo.traffic import Attempt
from softswitch.core.moments import to_microseconds

OVERLAP = 12  # rows at the start of a file that the one before it has too
BAD_FILES = 3  # every third file ends in the middle of a line

RowWriter = Callable[[Writing, Attempt], Iterator[Row]]


class Layout(NamedTuple):
    """How a format becomes a file."""

    rows: RowWriter
    suffix: str
    head: str = ""
    line_end: str = "\n"
    mark: str = ""  # before all else
    overlap: int = OVERLAP


LAYOUTS = {
    "freeswitch_csv": Layout(csv_rows, "csv", overlap=0),  # could begin with another leg
    "freeswitch_json": Layout(json_rows, "json"),
    "asterisk_csv": Layout(asterisk_rows, "csv"),
    "kamailio_acc": Layout(kamailio_rows, "csv", head=KAMAILIO_HEAD, overlap=0),
    "generic_csv": Layout(
        generic_rows,
        "csv",
        head=GENERIC_HEAD,
        line_end="\r\n",
        mark="\N{ZERO WIDTH NO-BREAK SPACE}",
    ),
}


class CdrFile(NamedTuple):
    """A file of a switch: what it is called, and its bytes."""

    switch: SwitchPlan
    name: str
    contents: bytes


class Week(NamedTuple):
    """The files that the switches left at the end of a week."""

    ends_at: datetime
    files: list[CdrFile]


def write_weeks(calls: Sequence[Attempt], *, anchor: datetime, seed: int) -> Iterator[Week]:
    """Yield the files of each week before the anchor; a row stands where it was written."""
    ends = [anchor - timedelta(days=days) for days in range(0, DAYS, 7)][::-1]
    bounds = [0, *map(to_microseconds, ends)]
    weeks = [Week(end, []) for end in ends]
    for switch in SWITCHES:
        layout, writing = LAYOUTS[switch.format], Writing(switch, seed)
        own = (call for call in calls if call.source.switch == switch.name)
        rows = sorted(row for call in own for row in layout.rows(writing, call))
        before: list[Row] = []
        for number, (start, end) in enumerate(pairwise(bounds)):
            week = [row for row in rows if start <= row.written_us < end]
            name = f"{switch.name}-{ends[number]:%Y-%m-%d}.{layout.suffix}"
            repeated = before[-layout.overlap :] if layout.overlap else []
            contents = _file(layout, [*repeated, *week], is_cut=number % BAD_FILES == 1)
            weeks[number].files.append(CdrFile(switch, name, contents))
            before = week
    yield from weeks


def _file(layout: Layout, rows: Iterable[Row], *, is_cut: bool) -> bytes:
    """A head, rows, an empty line; a cut file ends in the middle of a row."""
    lines = [row.text for row in rows]
    head = [layout.head] if layout.head else []
    tail = [lines[-1][:40]] if is_cut and lines else [""]
    return (layout.mark + layout.line_end.join([*head, *lines, *tail])).encode()
