"""Reads stored calls as columns, and takes those that wait to be charged out of their queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from softswitch.core.columns import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    MOMENT,
    Array,
    Columns,
    Int64s,
    read_columns,
    text,
    texts_of,
)
from tariffs.rating.keys import KEY_DIGITS, keys_of_texts

# Another worker's calls are skipped. A row leaves the queue in the transaction that charges it,
# so that whatever ends a worker leaves its calls waiting. A call of a switch whose clock is ahead
# waits until it has begun: till then somebody may still change what it will cost.
_PICK = """
WITH picked AS (
    DELETE FROM calls_pendingcall WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM calls_pendingcall WHERE setup_at <= clock_timestamp()
        ORDER BY call_id LIMIT %s FOR UPDATE SKIP LOCKED
    )) RETURNING call_id, setup_at
)
"""
# Answered, busy, no answer or rejected by the user, by SIP code or Q.850 cause (ITU-T E.425, NER).
IS_REACHED = """(answered_at IS NOT NULL AND duration_ms > 0
    OR coalesce(sip_code IN (480, 486, 487, 603), false)
    OR coalesce(hangup_cause IN (17, 18, 19, 21), false))"""
_CALLS = """
SELECT id, setup_at, ended_at, answered_at IS NOT NULL AND duration_ms > 0, duration_ms,
    coalesce(customer_id, 0), coalesce(account_id, 0), coalesce(trunk_id, 0), {is_reached},
    coalesce(pdd_ms, -1),
    substr(convert_to(rpad(called_number, %s), 'UTF8'), 1, %s)
FROM calls_call c WHERE {which}
"""
# Ids alone are unique; the bounds leave out the other months.
_PICKED = """id = ANY(ARRAY(SELECT call_id FROM picked))
AND setup_at BETWEEN (SELECT min(setup_at) FROM picked) AND (SELECT max(setup_at) FROM picked)
"""
_COLUMNS = {
    "ids": BIGINT,
    "setup_at": MOMENT,
    "ended_at": MOMENT,
    "is_answered": BOOLEAN,
    "duration_ms": INTEGER,
    "customers": BIGINT,
    "accounts": BIGINT,
    "trunks": BIGINT,
    "is_reached": BOOLEAN,
    "pdd_ms": INTEGER,
    "number": text(KEY_DIGITS),
}


@dataclass(frozen=True, slots=True, eq=False)
class Calls(Columns):
    """Calls as columns in order of ``ids``; ``keys`` are those of the called numbers.

    Moments are microseconds since 1970 UTC; an unknown customer, no account and no trunk are 0, an
    unknown PDD is -1. ``is_reached`` as in NER: the network did its part, whoever did not answer.
    """

    ids: Int64s
    setup_at: Int64s
    ended_at: Int64s
    is_answered: Array
    duration_ms: Int64s
    customers: Int64s
    accounts: Int64s
    trunks: Int64s
    is_reached: Array
    pdd_ms: Int64s
    keys: Int64s


def pick(limit: int) -> Calls:
    """Take up to ``limit`` calls that no other worker holds, oldest first; of the transaction."""
    return _read(_PICKED, [limit, KEY_DIGITS, KEY_DIGITS], before=_PICK)


def stored_calls(which: str, parameters: Sequence[Any]) -> Calls:
    """The calls ``c`` that fulfil a condition in SQL, which may end in ORDER BY and LIMIT."""
    return _read(which, [KEY_DIGITS, KEY_DIGITS, *parameters])


def _read(which: str, parameters: Sequence[Any], before: str = "") -> Calls:
    query = _CALLS.format(is_reached=IS_REACHED, which=which)
    found = read_columns(query, parameters, _COLUMNS, before=before)
    keys = keys_of_texts(texts_of(found.pop("number")).tolist())
    calls = Calls(keys=keys, **found)
    return calls.where(calls.ids.argsort())
