"""Calls as JSON objects with the column names of our own CSV."""

import json
from collections.abc import Iterable, Iterator, Mapping

from calls.parsers.assemble import Assembler, Names, Texts
from calls.parsers.generic_csv import COLUMNS, REQUIRED
from calls.parsers.record import FieldError, LineError, ParsedCall, ParseOptions
from softswitch.core.reasons import Reason

_NAMES = Names(*COLUMNS)


def parse_objects(
    objects: Iterable[object], options: ParseOptions
) -> Iterator[ParsedCall | LineError]:
    """Yield the call or the error of each object; its line is its place, from 1.

    Values are texts or numbers; null is the same as leaving a field out.
    """
    answered = Assembler(options, _NAMES, pdd_unit="s")
    # Where an object names no answer, a duration says that there was one.
    implied = Assembler(options, _NAMES._replace(answered_at=""), pdd_unit="s")
    for line, value in enumerate(objects, 1):
        try:
            texts = _texts(value)
            assembler = answered if texts[COLUMNS.index("answered_at")] else implied
            call = assembler.call(line, texts)
        except FieldError as error:
            yield answered.error(line, error, json.dumps(value))
        else:
            yield call


def _texts(value: object) -> Texts:
    if not isinstance(value, dict):
        raise FieldError("", Reason("not an object"))
    unknown = sorted(set(value) - set(COLUMNS))
    if unknown:
        raise FieldError(str(unknown[0])[:40], Reason("unknown field"))
    missing = [name for name in REQUIRED if value.get(name) is None]
    if missing:
        raise FieldError(missing[0], Reason("missing"))
    call_id, leg, setup, answer, end, length, caller, called, auth, ip, sip, cause, pdd = (
        _text(value, name) for name in COLUMNS
    )
    if not (end or length):
        raise FieldError("ended_at", Reason("missing, and no duration"))
    return call_id, leg, setup, answer, end, length, caller, called, auth, ip, sip, cause, pdd


def _text(value: Mapping[str, object], name: str) -> str:
    """A value as text fit to be stored; a number in the digits in which it was sent."""
    item = value.get(name)
    if item is None:
        return ""
    if isinstance(item, bool) or not isinstance(item, str | int | float):
        raise FieldError(name, Reason("neither text nor a number"))
    return str(item).encode("utf-8", "replace").decode().replace("\0", "").strip()
