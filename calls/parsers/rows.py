"""Lines to rows of a CSV file, where one bad line never takes its neighbours with it."""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeAlias

from calls.parsers.record import LineError, ParseReport, Source, line_error
from calls.parsers.sources import MAX_LINE, text_lines
from softswitch.core.reasons import Reason

MAX_JOINED = 32  # lines a quoted field may span

Row: TypeAlias = tuple[int, list[str], str]  # line number, fields, line as read


class RowReader:
    """Rows of a source; blank and comment lines are counted, bad ones come as LineError.

    `widths` are the column counts accepted, empty for any. It may be set between two rows,
    which is how a header decides. `prepare` may rewrite a line before it is split.
    """

    def __init__(
        self,
        source: Source,
        report: ParseReport,
        *,
        delimiter: str = ",",
        prepare: Callable[[str], str] | None = None,
    ) -> None:
        self.report = report
        self.widths: frozenset[int] = frozenset()
        self._lines = text_lines(source)
        self._back: deque[str] = deque()  # lines of a failed join, to be read once more
        self._line = 0
        self._box: deque[str] = deque()
        self._prepare = prepare
        self.set_delimiter(delimiter)

    def set_delimiter(self, delimiter: str) -> None:
        """Split on `delimiter` from the next line on."""
        self._delimiter = delimiter
        # The reader takes its lines out of the box; an empty box means a quote still open.
        self._split = csv.reader(
            iter(self._box.popleft, None), delimiter=delimiter, skipinitialspace=True
        )

    def peek(self) -> str:
        """Return the first line that is neither blank nor a comment, or "", without taking it."""
        seen: list[str] = []
        for line in self._lines:
            seen.append(line)
            if line.strip() and line[0] != "#":
                break
        self._back.extend(seen)
        return seen[-1] if seen and not seen[-1].startswith("#") else ""

    def _next_line(self) -> str | None:
        """Return the next physical line, or None at the end."""
        if self._back:
            return self._back.popleft()
        return next(self._lines, None)

    def __iter__(self) -> Iterator[Row | LineError]:
        """Yield a row or an error for each line that should hold data."""
        box, report, back, lines, prepare = (
            self._box, self.report, self._back, self._lines, self._prepare,
        )  # fmt: skip
        while (line := back.popleft() if back else next(lines, None)) is not None:
            self._line = number = self._line + 1
            report.lines = number
            if not line or line[0] == "#":
                report.skipped["comment" if line else "blank"] += 1
                continue
            box.append(prepare(line) if prepare else line)
            try:
                fields = next(self._split)
            except IndexError:
                yield self._joined(number, line)
                continue
            except csv.Error as error:
                box.clear()
                yield line_error(number, "", str(error), line)
                continue
            if (self.widths and len(fields) not in self.widths) or len(line) > MAX_LINE:
                yield from self._misfit(number, fields, line)
            else:
                yield number, fields, line

    def _misfit(self, number: int, fields: list[str], line: str) -> Iterator[LineError]:
        """Count a line of white space, report one that is too long or has other columns."""
        if not line.strip():
            self.report.skipped["blank"] += 1
        elif len(line) > MAX_LINE:
            yield line_error(
                number, "", Reason("longer than %(limit)s characters", limit=MAX_LINE), line
            )
        else:
            expected = " / ".join(str(width) for width in sorted(self.widths))
            reason = Reason(
                "%(count)s columns, expected %(expected)s", count=len(fields), expected=expected
            )
            yield line_error(number, "", reason, line)

    def _joined(self, number: int, line: str) -> Row | LineError:
        """Close an open quote with the lines that follow, or give them back and report it."""
        taken: list[str] = []
        text = self._prepare(line) if self._prepare else line
        while len(taken) < MAX_JOINED and len(text) <= MAX_LINE:
            following = self._next_line()
            if following is None:
                break
            taken.append(following)
            text += "\n" + following
            fields = self._split_whole(text)
            if fields is None:
                continue
            if not fields or (self.widths and len(fields) not in self.widths):
                break
            self._line += len(taken)
            self.report.lines = self._line
            self.report.skipped["continuation of the line above"] += len(taken)
            return number, fields, line
        self._back.extendleft(reversed(taken))
        return line_error(number, "", Reason("a quote is never closed"), line)

    def _split_whole(self, text: str) -> list[str] | None:
        """Return the fields of `text`, [] if it is damaged, None if a quote is still open."""
        lines = iter([part + "\n" for part in text.split("\n")])
        strict = csv.reader(lines, delimiter=self._delimiter, skipinitialspace=True, strict=True)
        try:
            fields = next(strict)
        except csv.Error as error:
            return None if "unexpected end" in str(error) else []
        return [] if next(lines, "") else fields


def delimiter_of(line: str) -> str:
    """Return the separator a line uses most: comma, semicolon, pipe or tab."""
    return max(",;|\t", key=line.count)
