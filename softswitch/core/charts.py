"""Bars and steps as numbers for server-rendered SVG (components/chart.html).

The plot is 100 high, and 10 wide per bar or 1,000 wide in all for steps, stretched to any width;
text stays HTML around it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from softswitch.core.chrome import Text
from softswitch.core.display import DASH, date_text, number_text, price_text

STEP = 10  # width of a bar with its gaps
BAR = 7
NICE = (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10)  # a quarter of each is short to write
LINES = 4
WIDTH = 1_000


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
    line: str = ""


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
    """Bars of ``values`` with ``before`` as a dashed line, 0-based.

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
                height=f"{100 * value / top:.2f}",
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


def step_chart(label: Text, steps: Sequence[tuple[date, Decimal]], *, last: date) -> Chart:
    """A line that keeps each value from its day to the next, the newest one up to ``last``.

    ``steps`` are by day, oldest first, one at least. Not 0-based: a line tells changes, and those
    of a price are small beside it. The table is newest first.
    """
    first, values = steps[0][0], [float(value) for _day, value in steps]
    low, high = min(values), max(values)
    margin = (high - low) / 8 or high / 8 or 1
    low, span = max(0.0, low - margin), high + margin - max(0.0, low - margin)
    days = max(1, (last - first).days)

    def place(day: date) -> str:
        return f"{WIDTH * (day - first).days / days:.1f}"

    def height(value: float) -> str:
        return f"{100 - 100 * (value - low) / span:.2f}"

    path = f"M0 {height(values[0])}" + "".join(
        f"H{place(day)}V{height(value)}" for (day, _), value in zip(steps, values, strict=True)
    )
    return Chart(
        label=label,
        width=WIDTH,
        bars=[],
        before="",
        grid="".join(f"M0 {100 * i / LINES:g}H{WIDTH}" for i in range(LINES)),
        y_labels=[_told(low + span * (LINES - i) / LINES, 4) for i in range(LINES + 1)],
        x_labels=[date_text(first + (last - first) * i / LINES) for i in range(LINES + 1)],
        rows=[(date_text(day), price_text(value), "") for day, value in reversed(steps)],
        line=f"{path}H{WIDTH}",
    )


def _height(value: float, top: float) -> str:
    """Where ``value`` lies, from above."""
    return f"{100 - 100 * value / top:.2f}"


def _label(value: float) -> str:
    return number_text(Decimal(str(value)), 0 if value == int(value) else 2)


def _told(value: float, decimals: int) -> str:
    return number_text(Decimal(str(value)), decimals)


def _cell(values: Sequence[float], place: int, decimals: int) -> str:
    return _told(values[place], decimals) if place < len(values) else DASH
