"""JSON objects out of a stream: one per line, concatenated, pretty-printed or in one array."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from calls.parsers.record import Source
from calls.parsers.sources import text_blocks
from softswitch.core.reasons import Reason

MAX_OBJECT = 1 << 22  # characters
NEAR_END = 16  # an error so close to the end of what is read may be cured by reading on

_BETWEEN = re.compile(r"[\s,\[\]]*")
_NEXT_OBJECT = re.compile(r"(?:\n|\}\s*,?)\s*(?=\{)")


class Found(NamedTuple):
    """An object, or rubbish in its place with the reason."""

    line: int
    value: dict[str, object] | None
    reason: str
    raw: str


class ObjectReader:
    """Objects of a source. What is read and not yet decoded never exceeds MAX_OBJECT much."""

    def __init__(self, source: Source) -> None:
        self._blocks = text_blocks(source)
        self._decoder = json.JSONDecoder()
        self._text = ""
        self._at = 0  # where the next object starts in the text
        self._line = 1
        self._ended = False

    def __iter__(self) -> Iterator[Found]:
        """Yield objects, and rubbish up to where the next object seems to start."""
        while self._skip_between():
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if self._may_go_on(error) and self._read_more():
                    continue
                yield self._damaged(error)
                continue
            found = value if isinstance(value, dict) else None
            if found is None and end >= len(self._text) - NEAR_END and self._read_more():
                continue  # a number or word that the next block may continue
            yield Found(
                self._line, found, "" if found is not None else Reason("no JSON object"),
                self._text[self._at : self._at + 500],
            )  # fmt: skip
            self._advance(end)

    def _skip_between(self) -> bool:
        """Move to the next object; False at the end of the stream."""
        while True:
            found = _BETWEEN.match(self._text, self._at)
            self._advance(found.end() if found else self._at)
            if self._at < len(self._text):
                return True
            if not self._read_more():
                return False

    def _advance(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _read_more(self) -> bool:
        """Append a block to what is left of the text; False at the end of the stream."""
        parts, size = [self._text[self._at :]], 0
        # Doubling keeps the work linear for an object larger than a block.
        while size <= len(parts[0]):
            block = next(self._blocks, None)
            if block is None:
                break
            parts.append(block)
            size += len(block)
        self._text, self._at = "".join(parts), 0
        return size > 0

    def _may_go_on(self, error: Exception) -> bool:
        """Tell whether an object is not wrong but merely not read to its end."""
        if not isinstance(error, json.JSONDecodeError) or len(self._text) - self._at > MAX_OBJECT:
            return False
        return error.msg.startswith("Unterminated") or error.pos >= len(self._text) - NEAR_END

    def _damaged(self, error: Exception) -> Found:
        """Return the rubbish, having moved to where the next object seems to start."""
        line, text, start = self._line, self._text, self._at
        raw = text[start : start + 500]
        position = error.pos if isinstance(error, json.JSONDecodeError) else start
        newline = text.rfind("\n", start, max(position, start))
        # The error may show only in the line below the broken one, which itself is good.
        search_from = newline if newline >= 0 and not text[newline:position].strip() else position
        while (found := _NEXT_OBJECT.search(self._text, search_from)) is None:
            self._advance(max(len(self._text) - NEAR_END, self._at))
            search_from = self._at
            if not self._read_more():
                self._advance(len(self._text))
                break
            search_from = 0
        else:
            self._advance(found.end())
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return Found(line, None, reason, raw)
