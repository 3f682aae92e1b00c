"""Text values of one record to a checked `ParsedCall`: the rules all formats share."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from calls.parsers.causes import clean_result
from calls.parsers.clock import NEVER, Clock
from calls.parsers.fields import clean_address, duration_ms
from calls.parsers.record import (
    FieldError,
    LineError,
    ParsedCall,
    ParseOptions,
    line_error,
)
from calls.parsers.rows import Row
from softswitch.core.reasons import Reason

MAX_DURATION_MS = 7 * 86_400_000
SECOND_US = 1_000_000
LIMITS = {"native_id": 255, "leg": 64, "caller": 128, "called": 128, "auth_name": 80}
SHORT = min(LIMITS.values())

# The texts of one call, in the order of `Names`.
Texts: TypeAlias = tuple[str, str, str, str, str, str, str, str, str, str, str, str, str]
Times: TypeAlias = tuple[int, int | None, int, int]


class Names(NamedTuple):
    """The column each role of a call is read from, "" for none; named in error reports."""

    native_id: str = ""
    leg: str = ""
    setup_at: str = ""
    answered_at: str = ""
    ended_at: str = ""
    duration: str = ""
    caller: str = ""
    called: str = ""
    auth_name: str = ""
    source_ip: str = ""
    sip_code: str = ""
    hangup_cause: str = ""
    pdd: str = ""


class Picker:
    """Takes the texts of a call out of a row, given where each column stands."""

    def __init__(self, names: Names, columns: Sequence[str]) -> None:
        # Rows get an empty field at their end, which stands for every absent column.
        indexes = [columns.index(name) if name in columns else -1 for name in names]
        self._get = itemgetter(*indexes)

    def __call__(self, row: list[str]) -> Texts:
        """Return the texts; `row` gets an empty field at its end."""
        row.append("")
        texts: Texts = self._get(row)
        return texts


class Assembler:
    """Makes calls of texts. `unit` is that of bare durations, `pdd_unit` of bare delays."""

    def __init__(
        self, options: ParseOptions, names: Names, *, unit: str = "s", pdd_unit: str = "ms"
    ) -> None:
        self.clock = Clock(options.zone, options.now_us)
        self.names = names
        self._unit = options.duration_unit or unit
        self._pdd_unit = pdd_unit
        # Without a column for the answer, a duration says that there was one.
        self._is_answer_known = bool(names.answered_at)

    def call(self, line: int, texts: Texts) -> ParsedCall:
        """Return the call; raise FieldError if one of the texts cannot be used."""
        (native_id, leg, setup, answer, end, length, caller, called, auth, address, sip, cause,
         delay) = texts  # fmt: skip
        if not native_id or native_id.isspace():
            raise FieldError("native_id", Reason("empty"))
        if len(native_id) + len(leg) + len(caller) + len(called) + len(auth) > SHORT:
            _check_lengths(native_id, leg, caller, called, auth)
        setup_us, answered_us, ended_us, duration = self._times(setup, answer, end, length)
        hangup_cause, sip_code = clean_result(cause, sip)
        role = "source_ip"
        try:
            source_ip = clean_address(address) if address else ""
            role = "pdd"
            pdd_ms = duration_ms(delay, self._pdd_unit) if delay else None
        except ValueError as error:
            raise FieldError(role, error.args[0]) from None
        if pdd_ms is not None and pdd_ms > MAX_DURATION_MS:
            raise FieldError("pdd", Reason("longer than 7 days"))
        return ParsedCall(
            native_id, leg, setup_us, answered_us, ended_us, duration, caller, called, auth,
            source_ip, sip_code, hangup_cause, pdd_ms, line,
        )  # fmt: skip

    def error(self, line: int, error: FieldError, raw: str) -> LineError:
        """Return the report of a line, naming the column as the file does."""
        role = error.role
        name = str(getattr(self.names, role, "")) or role
        return line_error(line, name, error.reason, raw)

    def _times(self, setup: str, answer: str, end: str, length: str) -> Times:
        """Return set-up, answer and end in microseconds, and the duration in ms."""
        micros = self.clock.micros
        answered: int | None = None
        role = "duration"
        try:
            given = duration_ms(length, self._unit) if length else -1
            role = "answered_at"
            if answer not in NEVER:
                answered = micros(answer)
            role = "setup_at"
            began = micros(setup) if setup else answered
            role = "ended_at"
            ended = micros(end) if end not in NEVER else None
        except ValueError as error:
            raise FieldError(role, error.args[0]) from None
        if answered is None and given > 0:
            answered = self._answer_before(began, ended, given)
        if began is None or ended is None:
            began, ended = _filled(began, answered, ended, given)
        if ended < (answered or began) or (answered is not None and answered < began):
            answered, ended = self._in_order(began, (answer, answered), (end, ended))
        return began, answered, ended, self._duration(answered, (end, ended), given)

    def _answer_before(self, began: int | None, ended: int | None, given: int) -> int | None:
        """Return the answer a file implies that has durations but no answer times."""
        if self._is_answer_known:
            raise FieldError("duration", Reason("given, but the call has no answer time"))
        return ended - given * 1000 if ended is not None else began

    def _in_order(
        self, began: int, answer: tuple[str, int | None], end: tuple[str, int]
    ) -> tuple[int | None, int]:
        """Return answer and end, read as the later of two local times if only that fits."""
        answered, ended = answer[1], end[1]
        if answered is not None and answered < began:
            answered = self.clock.later(answer[0]) if answer[0] else began
            if answered < began:
                raise FieldError("answered_at", Reason("before the set-up"))
        if ended < (answered or began):
            ended = self.clock.later(end[0]) if end[0] else ended
        if ended < (answered or began):
            reason = Reason("before the answer") if answered else Reason("before the set-up")
            raise FieldError("ended_at", reason)
        return answered, ended

    def _duration(self, answered: int | None, end: tuple[str, int], given: int) -> int:
        """Return answer to end in ms: as delivered, or from the times where they are finer."""
        if answered is None:
            return 0
        ended = end[1]
        duration = given
        if given < 0:
            duration = (ended - answered + 500) // 1000
        elif given % 1000 == 0 and (answered % SECOND_US or ended % SECOND_US):
            exact = (ended - answered + 500) // 1000
            duration = exact if abs(exact - given) <= 1000 else given
        if duration > MAX_DURATION_MS:
            raise FieldError("duration", Reason("longer than 7 days"))
        return duration


def _check_lengths(*texts: str) -> None:
    """Raise FieldError for the first of the texts in LIMITS that is too long to be stored."""
    for (role, limit), text in zip(LIMITS.items(), texts, strict=True):
        if len(text) > limit:
            raise FieldError(role, Reason("longer than %(limit)s characters", limit=limit))


def _filled(
    began: int | None, answered: int | None, ended: int | None, given: int
) -> tuple[int, int]:
    """Return set-up and end, each from the other where a file lacks it."""
    if began is None:
        if ended is None:
            raise FieldError("setup_at", Reason("empty"))
        return ended, ended
    if ended is None:
        if answered is None:
            return began, began
        if given < 0:
            raise FieldError("ended_at", Reason("empty, and no duration"))
        return began, answered + given * 1000
    return began, ended


def assemble_rows(
    rows: Iterable[Row | LineError], pick: Picker, assembler: Assembler
) -> Iterator[ParsedCall | LineError]:
    """Yield the call or the error of each row of a file with a fixed layout."""
    make = assembler.call
    for row in rows:
        if isinstance(row, LineError):
            yield row
            continue
        line, fields, raw = row
        try:
            call = make(line, pick(fields))
        except FieldError as error:
            yield assembler.error(line, error, raw)
        else:
            yield call
