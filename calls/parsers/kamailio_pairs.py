"""INVITE and BYE of a call brought together, in any order and across files."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from calls.parsers.assemble import MAX_DURATION_MS
from calls.parsers.record import FieldError, LineError, OpenCall, ParsedCall, ParseReport
from softswitch.core.reasons import Reason

MAX_HELD = 500_000  # halves waiting at once; bounds memory whatever the file holds
REMEMBERED = 20_000  # finished calls, so that a repeated row is known as such
NORMAL_CLEARING = 16
ANSWERED = 200

Key: TypeAlias = tuple[str, str, str]


class Pairs:
    """Halves that wait for the other one: those of this file and those carried to it."""

    def __init__(self, carry: Iterable[OpenCall], report: ParseReport) -> None:
        self._report = report
        self._invites: OrderedDict[Key, OpenCall] = OrderedDict()
        self._byes: OrderedDict[Key, OpenCall] = OrderedDict()
        self._done: OrderedDict[Key, None] = OrderedDict()
        self._latest = 0
        for half in carry:  # the lines of a carried half are those of another file
            waiting = self._invites if half.method == "INVITE" else self._byes
            waiting[_key(half)] = half._replace(line=0)

    def invite(self, half: OpenCall) -> ParsedCall | None:
        """Take an answered INVITE; return the call if its BYE is there already."""
        self._latest = max(self._latest, half.time_us)
        key = _key(half)
        if key in self._invites or key in self._done:
            self._report.skipped["repeated INVITE"] += 1  # or one within the call
            return None
        bye = self._byes.pop(key, None)
        if bye is None:
            self._invites[key] = half
            return None
        return self._completed(key, half, bye, half.line)

    def bye(self, half: OpenCall) -> ParsedCall | None:
        """Take a BYE; return the call if its INVITE is there already."""
        self._latest = max(self._latest, half.time_us)
        key = _key(half)
        if key in self._byes or key in self._done:
            self._report.skipped["repeated BYE"] += 1
            return None
        invite = self._invites.pop(key, None)
        if invite is None:
            self._byes[key] = half
            return None
        return self._completed(key, invite, half, half.line)

    def _completed(self, key: Key, invite: OpenCall, bye: OpenCall, line: int) -> ParsedCall:
        """Return the call; `line` is that of the half that came second."""
        if (bye.line if line == invite.line else invite.line) > 0:
            self._report.skipped["joined to the other row of its call"] += 1
        self._done[key] = None
        if len(self._done) > REMEMBERED:
            self._done.popitem(last=False)
        # In the hour that clocks repeat, the BYE may be the later of its two readings.
        ended_us = bye.time_us if bye.time_us >= invite.time_us else bye.later_us
        duration = (ended_us - invite.time_us + 500) // 1000
        if duration < 0:
            raise FieldError("time", Reason("the BYE is before its INVITE"))
        if duration > MAX_DURATION_MS:
            raise FieldError("time", Reason("the call is longer than 7 days"))
        return ParsedCall(
            invite.call_id, invite.to_tag[:64], invite.time_us, invite.time_us, ended_us,
            duration, invite.caller, invite.called, invite.auth_name, invite.source_ip,
            ANSWERED, NORMAL_CLEARING, None, line,
        )  # fmt: skip

    def expired(self) -> list[ParsedCall | LineError]:
        """Return errors for the oldest halves that can no longer become a call, or are too many."""
        oldest = self._latest - MAX_DURATION_MS * 1000
        given_up: list[ParsedCall | LineError] = []
        for waiting in (self._invites, self._byes):
            while waiting:
                half = next(iter(waiting.values()))
                if half.time_us >= oldest and len(waiting) <= MAX_HELD:
                    break
                waiting.popitem(last=False)
                if half.line:
                    given_up.append(_alone(half, is_last=True))
                else:
                    self._report.expired += 1
        return given_up

    def finish(self) -> Iterator[LineError]:
        """Yield an error for each half of this file that is left; put all left in the report."""
        for waiting in (self._invites, self._byes):
            for half in waiting.values():
                self._report.leftovers.append(half)
                if half.line:
                    yield _alone(half, is_last=False)


def _key(half: OpenCall) -> Key:
    """Return what both halves of a call share: a BYE of the called party swaps the tags."""
    first, second = sorted((half.from_tag, half.to_tag))
    return half.call_id, first, second


def _alone(half: OpenCall, *, is_last: bool) -> LineError:
    missing = "BYE" if half.method == "INVITE" else "INVITE"
    if is_last:
        reason = Reason("no %(method)s and no longer waited for", method=missing)
    else:
        reason = Reason("no %(method)s in this file, kept for the next", method=missing)
    return LineError(half.line, "method", reason, half.raw)
