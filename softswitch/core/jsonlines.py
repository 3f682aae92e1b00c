"""Command-line doors: JSON lines in, one JSON answer per line out, in the same order."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import BinaryIO, Protocol, TypeVar

# Python's own int() and Decimal() also take spaces, underscores and the digits of all scripts.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)
_LONGEST_NUMBER = 100  # characters
_LARGEST_EXPONENT = 60  # keeps exact arithmetic small, whatever a line says

Choice = TypeVar("Choice", bound=StrEnum)


class Sink(Protocol):
    """Where the answers go: a text stream, or the standard output of a command."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


class LineError(ValueError):
    """What is wrong with a line, in words for whoever sent it."""


class _NumberText(str):
    """A number as it stood in the JSON text, told apart from a string."""

    __slots__ = ()


class Fields:
    """The members of one JSON object, read by name and strictly.

    Each reader raises LineError naming the member when it is missing (and has no default) or is
    of another type. `finish` refuses members that nobody has read, here and in inner objects.
    """

    def __init__(self, value: object, name: str = "the line") -> None:
        if not isinstance(value, dict):
            raise LineError(f"{name} must be an object")
        self._values: dict[str, object] = value
        self._unread = set(self._values)
        self._inner: list[Fields] = []

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def decimal(self, name: str, default: Decimal | None = None) -> Decimal:
        """Read a finite number, given as a JSON number or as a string, exactly."""
        if default is not None and name not in self:
            return default
        return _to_decimal(name, self._take(name))

    def integer(self, name: str, default: int | None = None) -> int:
        """Read a whole number, given as a JSON number or as a string."""
        if default is not None and name not in self:
            return default
        value, divisor = _to_decimal(name, self._take(name)).as_integer_ratio()
        if divisor != 1:
            raise LineError(f"{name} must be a whole number")
        return value

    def boolean(self, name: str, *, default: bool | None = None) -> bool:
        """Read true or false; no number or string stands for them."""
        if default is not None and name not in self:
            return default
        value = self._take(name)
        if not isinstance(value, bool):
            raise LineError(f"{name} must be true or false")
        return value

    def text(self, name: str) -> str:
        """Read a string."""
        return _to_text(name, self._take(name))

    def texts(self, name: str) -> list[str]:
        """Read a list of strings."""
        value = self._take(name)
        if not isinstance(value, list):
            raise LineError(f"{name} must be a list")
        return [_to_text(f"{name}[{index}]", item) for index, item in enumerate(value)]

    def choice(self, name: str, kind: type[Choice], default: Choice | None = None) -> Choice:
        """Read one of the values of `kind`."""
        if default is not None and name not in self:
            return default
        value = self.text(name)
        if value not in list(kind):
            raise LineError(f"{name} must be one of {', '.join(kind)}")
        return kind(value)

    def inner(self, name: str) -> "Fields":
        """Read an object, whose members are checked by the same `finish`."""
        fields = Fields(self._take(name), name)
        self._inner.append(fields)
        return fields

    def finish(self) -> None:
        """Raise LineError naming the members that nobody has read."""
        if self._unread:
            raise LineError(f"unknown: {', '.join(sorted(self._unread))}")
        for fields in self._inner:
            fields.finish()

    def _take(self, name: str) -> object:
        if name not in self._values:
            raise LineError(f"{name} is missing")
        self._unread.discard(name)
        return self._values[name]


def answer_lines(
    source: BinaryIO, sink: Sink, answer: Callable[[Fields], Mapping[str, object]]
) -> None:
    """Write the answer to each line of `source` to `sink`, at once, so that a pipe can converse.

    A line that is not a JSON object in UTF-8, has unknown members, or for which `answer` raises
    ValueError, gets `{"error": ...}`; the run goes on. Memory does not grow with the input.
    """
    for line in source:
        sink.write(json.dumps(_answer_line(line, answer)) + "\n")
        sink.flush()


def _answer_line(
    line: bytes, answer: Callable[[Fields], Mapping[str, object]]
) -> Mapping[str, object]:
    try:
        fields = Fields(_decode(line))
        result = answer(fields)
        fields.finish()
    except ValueError as error:
        return {"error": str(error)}
    return result


def _decode(line: bytes) -> object:
    try:
        value: object = _DECODER.decode(line.decode("utf-8-sig").rstrip())
    except UnicodeDecodeError as error:
        raise LineError("the line is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise LineError(f"the line is not JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise LineError("the line is nested too deeply") from error
    return value


def _refuse_constant(name: str) -> object:
    raise LineError(f"{name} is not a number in JSON")


_DECODER = json.JSONDecoder(
    parse_float=_NumberText, parse_int=_NumberText, parse_constant=_refuse_constant
)


def _to_decimal(name: str, value: object) -> Decimal:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise LineError(f"{name} must be a number")
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    is_small = isinstance(exponent, int) and exponent >= -_LARGEST_EXPONENT
    if len(value) > _LONGEST_NUMBER or not is_small or number.adjusted() > _LARGEST_EXPONENT:
        raise LineError(f"{name} is out of range")
    return number


def _to_text(name: str, value: object) -> str:
    if not isinstance(value, str) or isinstance(value, _NumberText):
        raise LineError(f"{name} must be a string")
    return value
