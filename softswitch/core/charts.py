"""Charts as numbers for server-rendered SVG (components/chart.html and step_chart.html).

The plot is 100 high, stretched to any width; text stays HTML around it. A bar takes 10 of the
width, time all of WIDTH.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from softswitch.core.chrome import Text
from softswitch.core.display import DASH, date_text, number_text, price_text

STEP = 10  # width of a bar with its gaps
BAR = 7
NICE = (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10)  # a quarter of each is short to write
LINES = 4
WIDTH = 1_000  # of a chart over time


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``is_part`` is paler: its period has not ended."""

    x: str
    y: str
    height: str
    title: str
    is_part: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart ready to draw; ``rows`` are (label, value, value before) for the table below it."""

    label: Text
    width: int
    bars: list[Bar]
    before: str
    grid: str
    y_labels: list[str]
    x_labels: list[str]
    rows: list[tuple[str, str, str]]


def nice_ceiling(value: float) -> float:
    """The least of NICE times a power of ten that is not below ``value``."""
    if value <= 0:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return float(next(step * power for step in NICE if step * power >= value))


def bar_chart(
    label: Text,
    names: Sequence[str],
    values: Sequence[float],
    before: Sequence[float] = (),
    *,
    unit: Text = "",
    part: int | None = None,
    decimals: int = 0,
) -> Chart:
    """Bars of ``values`` with ``before`` as a dashed line, 0-based; what is below 0 is only told.

    ``names`` has one entry per place and one more for the end; ``values`` may end earlier.
    ``part`` is the place whose period has not ended, ``decimals`` how exactly a bar is told.
    """
    top = nice_ceiling(max([*values, *before], default=0))
    places = len(names) - 1
    points = [f"{i * STEP + STEP / 2:g} {_height(v, top)}" for i, v in enumerate(before)]
    return Chart(
        label=label,
        width=places * STEP,
        bars=[
            Bar(
                x=f"{place * STEP + (STEP - BAR) / 2:g}",
                y=_height(value, top),
                height=f"{100 * max(value, 0) / top:.2f}",
                title=f"{names[place]}: {_told(value, decimals)} {unit}",
                is_part=place == part,
            )
            for place, value in enumerate(values)
        ],
        before="M" + "L".join(points) if any(before) else "",
        grid="".join(f"M0 {100 * i / LINES:g}H{places * STEP}" for i in range(LINES)),
        y_labels=[_label(top * (LINES - i) / LINES) for i in range(LINES + 1)],
        x_labels=[names[round(places * i / LINES)] for i in range(LINES + 1)],
        rows=[
            (names[i], _cell(values, i, decimals or 1), _cell(before, i, decimals or 1))
            for i in range(max(len(values), len(before)))
        ],
    )


def _height(value: float, top: float) -> str:
    """Where ``value`` lies, from above; what is below 0 lies at 0."""
    return f"{100 - 100 * max(value, 0) / top:.2f}"


def _label(value: float) -> str:
    return number_text(Decimal(str(value)), 0 if value == int(value) else 2)


def _told(value: float, decimals: int) -> str:
    return number_text(Decimal(str(value)), decimals)


def _cell(values: Sequence[float], place: int, decimals: int) -> str:
    return _told(values[place], decimals) if place < len(values) else DASH


@dataclass(frozen=True, slots=True)
class Step:
    """A value from ``start`` up to ``end``."""

    start: dt.datetime
    end: dt.datetime
    value: Decimal


@dataclass(frozen=True, slots=True)
class StepChart:
    """Values in the course of time, as the path of each series."""

    label: Text
    width: int
    paths: list[str]
    grid: str
    y_labels: list[str]
    x_labels: list[str]


def step_chart(label: Text, *series: Sequence[Step], from_zero: bool = True) -> StepChart:
    """One line per series; steps in the order of time, with a gap where they do not meet.

    Not ``from_zero``, the plot ends a little below the least value: for what changes by percents.
    Prices on the left, the days from the first start to the last end below.
    """
    steps = [step for one in series for step in one]
    first, last = min(step.start for step in steps), max(step.end for step in steps)
    span = (last - first) or dt.timedelta(days=1)
    values = [float(step.value) for step in steps]
    low, top = (0.0, nice_ceiling(max(values))) if from_zero else _around(values)
    return StepChart(
        label=label,
        width=WIDTH,
        paths=[_path(one, first, span, (low, top)) for one in series],
        grid="".join(f"M0 {100 * i / LINES:g}H{WIDTH}" for i in range(LINES)),
        y_labels=[
            price_text(_plain(low + (top - low) * (LINES - i) / LINES)) for i in range(LINES + 1)
        ],
        x_labels=[date_text(first + span * i / LINES) for i in range(LINES + 1)],
    )


def _around(values: Sequence[float]) -> tuple[float, float]:
    """Where the plot of ``values`` (above 0) begins and ends, to four decimals."""
    low, high = min(values), max(values)
    margin = (high - low) / 8 or high / 8
    return max(0.0, round(low - margin, 4)), round(high + margin, 4)


def _path(
    steps: Sequence[Step], first: dt.datetime, span: dt.timedelta, scale: tuple[float, float]
) -> str:
    parts = []
    low, top = scale
    reached: dt.datetime | None = None
    for step in steps:
        y = _height(float(step.value) - low, top - low)
        begin, end = (f"{WIDTH * ((at - first) / span):g}" for at in (step.start, step.end))
        parts.append((f"V{y}" if step.start == reached else f"M{begin} {y}") + f"H{end}")
        reached = step.end
    return "".join(parts)


def _plain(value: float) -> Decimal:
    """A label's value without what binary fractions add to it."""
    return Decimal(f"{value:.8f}")
