"""Stores delivered calls: cleaned, with their owner, once each, queued to be charged."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import now

from billing.models import ArchivedMonth
from calls.models import CallConflict, Switch
from calls.parsers.fields import NumberRules, clean_number, dialled_part
from calls.parsers.record import DAY_US, LineError, ParsedCall, line_error
from calls.services.identify import Owner, Owners, Sighting, number_rules
from softswitch.core.moments import from_microseconds, to_microseconds
from softswitch.core.partitions import ensure_months
from softswitch.core.reasons import Reason

MAX_CALLER = 64  # characters
ARCHIVED = Reason("of a month that is archived: restore it, and deliver the call again")

Row = tuple[Any, ...]


@dataclass(slots=True)
class StoreReport:
    """What became of delivered calls: stored, known already, contradicting, or refused."""

    new: int = 0
    repeated: int = 0
    conflicting: int = 0
    rejected: list[LineError] = field(default_factory=list)


# The columns of a delivered call, in the order in which they are sent to the database.
_COLUMNS = """
ordinal integer, setup_us bigint, answered_us bigint, ended_us bigint, duration_ms integer,
native_id text, leg text, caller_number text, called_raw text, auth_name text, source_ip inet,
sip_code smallint, hangup_cause smallint, pdd_ms integer, content_hash uuid,
customer_id bigint, account_id bigint, trunk_id bigint, called_number text, tech_prefix text
"""
_CREATE = f"""
CREATE TEMPORARY TABLE IF NOT EXISTS calls_incoming ({_COLUMNS}) ON COMMIT DELETE ROWS;
TRUNCATE calls_incoming
"""
_COPY = "COPY calls_incoming FROM STDIN"

# In the order of their identity, so that two deliveries of the same calls never wait for each
# other in a circle.
_STORE = """
WITH stored AS (
    INSERT INTO calls_call (
        setup_at, answered_at, ended_at, duration_ms, switch_id, native_id, leg, customer_id,
        account_id, trunk_id, caller_number, called_number, called_raw, auth_name, source_ip,
        tech_prefix, sip_code, hangup_cause, pdd_ms, content_hash, cdr_import_id)
    SELECT timestamptz 'epoch' + setup_us * interval '1 microsecond',
           timestamptz 'epoch' + answered_us * interval '1 microsecond',
           timestamptz 'epoch' + ended_us * interval '1 microsecond',
           duration_ms, %s, native_id, leg, customer_id, account_id, trunk_id, caller_number,
           called_number, called_raw, auth_name, source_ip, tech_prefix, sip_code, hangup_cause,
           pdd_ms, content_hash, %s
    FROM calls_incoming ORDER BY setup_us, native_id, leg, ordinal
    ON CONFLICT (setup_at, switch_id, native_id, leg) DO NOTHING
    RETURNING id, setup_at
), queued AS (
    INSERT INTO calls_pendingcall (call_id, setup_at) SELECT id, setup_at FROM stored
)
SELECT count(*) FROM stored
"""
# What an INSERT takes, and no partition: one that is being counted does not stop other months.
_LOCK = "LOCK TABLE ONLY calls_call IN ROW EXCLUSIVE MODE"
# LIMIT keeps this a search by identity for each call, whatever the planner knows of the rows.
_CONFLICTS = """
SELECT i.ordinal, i.content_hash, c.id, c.setup_at
FROM calls_incoming i JOIN LATERAL (
    SELECT id, setup_at, content_hash FROM calls_call
    WHERE setup_at = timestamptz 'epoch' + i.setup_us * interval '1 microsecond'
      AND switch_id = %s AND native_id = i.native_id AND leg = i.leg LIMIT 1
) c ON c.content_hash <> i.content_hash
ORDER BY c.id, i.ordinal
"""


def store_calls(
    *, switch: Switch, calls: Sequence[ParsedCall], cdr_import_id: int | None = None
) -> StoreReport:
    """Store a batch of calls as ``switch`` delivered them; at most some 10,000 at once.

    Atomic, and safe to repeat: a call whose identity is stored already is counted as repeated,
    or kept as a conflict if its contents differ, and changes nothing. New calls are queued to be
    charged in the same statement. Waits for other deliveries of the same calls. One of a month that
    is archived is rejected: whether it is stored is not known, and it may be charged already.
    """
    report = StoreReport()
    with transaction.atomic():
        rows = _rows(switch, calls, report)
        if not rows:
            return report
        ensure_months(["calls_call"], _months(rows))
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)
            with cursor.copy(_COPY) as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(_STORE, [switch.pk, cdr_import_id])
            (report.new,) = cursor.fetchone()
            if report.new < len(rows):
                cursor.execute(_CONFLICTS, [switch.pk])
                _keep_conflicts(cursor.fetchall(), calls, cdr_import_id, report)
    report.repeated = len(rows) - report.new - report.conflicting
    return report


def _rows(switch: Switch, calls: Sequence[ParsedCall], report: StoreReport) -> list[Row]:
    """The rows to send; a call that cannot be stored goes into the report instead."""
    rules = number_rules(switch)
    sightings = [Sighting(c.auth_name, c.source_ip, c.called, c.setup_us) for c in calls]
    owners = Owners(sightings, rules)
    latest = to_microseconds(now()) + DAY_US
    earliest = latest - (settings.CDR_MAX_AGE_DAYS + 1) * DAY_US
    archived = _archived_months()
    rows: list[Row] = []
    for ordinal, (call, sighting) in enumerate(zip(calls, sightings, strict=True)):
        reason = ""
        if not earliest <= call.setup_us <= latest:
            reason = _outside(call.setup_us, earliest)
        elif archived and _month(call.setup_us) in archived:
            reason = ARCHIVED
        if reason:
            error = line_error(call.line, "setup_at", reason, _as_text(call))
            report.rejected.append(error)
        else:
            caller = caller_of(call.caller, rules)
            rows.append(_row(ordinal, call, caller, owners.find(sighting)))
    return rows


def _row(ordinal: int, call: ParsedCall, caller: str, owner: Owner) -> Row:
    return (
        ordinal,
        call.setup_us,
        call.answered_us,
        call.ended_us,
        call.duration_ms,
        call.native_id,
        call.leg,
        caller,
        call.called,
        call.auth_name,
        call.source_ip or None,
        call.sip_code,
        call.hangup_cause,
        call.pdd_ms,
        content_hash(call),
        owner.customer_id,
        owner.account_id,
        owner.trunk_id,
        owner.called_number,
        owner.tech_prefix,
    )


def content_hash(call: ParsedCall) -> str:
    """32 hexadecimal digits of all that the switch said of a call; not of where it stood."""
    contents = repr(call[:-1]).encode()  # the last field is the line
    return hashlib.md5(contents, usedforsecurity=False).hexdigest()


def caller_of(raw: str, rules: NumberRules) -> str:
    """The calling number as digits, or what stands in its place, as far as it fits."""
    return clean_number(raw, rules).e164 or dialled_part(raw).strip()[:MAX_CALLER]


def _outside(setup_us: int, earliest: int) -> str:
    if setup_us < earliest:
        return Reason("older than %(days)s days", days=settings.CDR_MAX_AGE_DAYS)
    return Reason("in the future")


def _as_text(call: ParsedCall) -> str:
    return f"{call.native_id} {_moment(call.setup_us)} {call.caller} to {call.called}"


def _moment(at_us: int) -> str:
    return from_microseconds(at_us).isoformat()


def _months(rows: Iterable[Row]) -> set[date]:
    """The first days of the months, in UTC, in which the calls started."""
    days = {row[1] // DAY_US for row in rows}
    return {_month(day * DAY_US) for day in days}


def _month(moment_us: int) -> date:
    """The first day of the month, in UTC."""
    return from_microseconds(moment_us).date().replace(day=1)


def _archived_months() -> set[date]:
    """The months that take no calls; none is archived before the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
    return set(ArchivedMonth.objects.values_list("month", flat=True))


def _keep_conflicts(
    found: Iterable[tuple[Any, ...]],
    calls: Sequence[ParsedCall],
    cdr_import_id: int | None,
    report: StoreReport,
) -> None:
    """Keep what contradicts a stored call; the same contradiction once, however often it comes."""
    conflicts = [
        CallConflict(
            call_id=call_id,
            setup_at=setup_at,
            content_hash=digest,
            contents=_contents(calls[ordinal]),
            cdr_import_id=cdr_import_id,
        )
        for ordinal, digest, call_id, setup_at in found
    ]
    report.conflicting = len(conflicts)
    CallConflict.objects.bulk_create(conflicts, ignore_conflicts=True, batch_size=1000)


def _contents(call: ParsedCall) -> dict[str, object]:
    """The call as delivered, by name, times readable."""
    contents = {
        name: value
        for name, value in call._asdict().items()
        if name not in {"setup_us", "answered_us", "ended_us", "line"}
    }
    answered = None if call.answered_us is None else _moment(call.answered_us)
    times = {"setup_at": _moment(call.setup_us), "answered_at": answered}
    return {**contents, **times, "ended_at": _moment(call.ended_us)}
