"""Stores calls of test data by one statement per batch, as ingestion leaves them: to be charged."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from calls.models import Switch
from calls.services.test_data.world import Callers
from softswitch.core.partitions import coming_months, ensure_months

BATCH = 100_000
LONGEST = timedelta(hours=2)
# Of a day's calls, by hour (UTC).
_HOURS = (6, 4, 3, 3, 4, 8, 18, 38, 70, 92, 100, 98, 86, 88, 96, 94, 88, 78, 62, 50, 40, 30, 18, 10)
# SIP code and Q.850 cause of calls that nobody answered: busy, no answer, given up, and so on.
_SIP_CODES = (486, 486, 486, 480, 480, 487, 487, 404, 503, 603)
_CAUSES = (17, 17, 17, 18, 19, 16, 16, 1, 41, 21)
# In the order of time: the share of the span that is passed grows with n, within a day it passes
# as the hours weigh. Powers of random() give the first customers and destinations most calls.
_STORE = """
WITH drawn AS (
    SELECT n, (n + random()) / %(calls)s * %(days)s AS passed,
        1 + floor(%(callers)s * power(random(), %(skew)s))::int AS caller,
        floor(%(ring)s * power(random(), %(skew)s))::int
            + %(ring)s * floor(random() * (%(prefixes_size)s / %(ring)s))::int AS place,
        random() < %(unanswered)s AS is_unanswered, 1 + floor(random() * 10)::int AS failure,
        (1000 - ln(1 - random()) * %(mean_ms)s)::int AS lasted
    FROM generate_series(%(first)s, %(last)s) n
), timed AS (
    SELECT drawn.*, width_bucket(passed - floor(passed), %(bounds)s::double precision[]) AS hour
    FROM drawn
), call AS (
    SELECT timed.*,
        %(since)s::timestamptz + (floor(passed) * 24 + hour - 1
            + (passed - floor(passed) - (%(bounds)s::double precision[])[hour])
                / (%(shares)s::double precision[])[hour]) * interval '1 hour' AS at,
        CASE WHEN is_unanswered THEN 0 ELSE least(lasted, %(longest_ms)s) END AS ms,
        interval '1 ms' * (800 + lasted %% 4000) AS pdd
    FROM timed
), stored AS (
    INSERT INTO calls_call (setup_at, answered_at, ended_at, switch_id, customer_id, trunk_id,
        duration_ms, pdd_ms, sip_code, hangup_cause, content_hash, native_id, leg, caller_number,
        called_number, called_raw, auth_name, tech_prefix)
    SELECT at, CASE WHEN ms > 0 THEN at + pdd + interval '4 s' END,
        at + pdd + interval '4 s' + ms * interval '1 ms', %(switch)s,
        (%(customers)s::bigint[])[caller], (%(trunks)s::bigint[])[caller], ms,
        800 + lasted %% 4000,
        CASE WHEN ms > 0 THEN 200 ELSE (%(sip_codes)s::int[])[failure] END,
        CASE WHEN ms > 0 THEN 16 ELSE (%(causes)s::int[])[failure] END, gen_random_uuid(),
        %(run)s || '-' || n, '', '1202555' || lpad((caller %% 10000)::text, 4, '0'),
        number, number, '', ''
    FROM call
    JOIN unnest(%(prefixes)s::text[]) WITH ORDINALITY p (prefix, place) ON p.place = call.place + 1,
    LATERAL (SELECT left(prefix || lpad(lasted::text || n::text, 8, '7'), 15) AS number) dialled
    ORDER BY at RETURNING id, setup_at
), queued AS (
    INSERT INTO calls_pendingcall (call_id, setup_at) SELECT id, setup_at FROM stored
)
SELECT count(*) FROM stored
"""


@dataclass(frozen=True, slots=True)
class Traffic:
    """So many ``calls`` from ``since`` (midnight, UTC) to ``until``, more by day than by night.

    ``prefixes`` are those of the rates, in turns of ``ring`` destinations; the larger ``skew``, the
    more calls come from the first customers and go to the first destinations (1: all alike).
    ``unanswered`` is a share.
    """

    calls: int
    since: datetime
    until: datetime
    prefixes: list[str]
    ring: int = 1
    skew: float = 1.0
    unanswered: float = 0.05
    mean_seconds: int = 150

    @property
    def days(self) -> float:
        """How many days' traffic passes: a day that is not over has had the share of its hours."""
        whole, rest = divmod(self.until - self.since, timedelta(days=1))
        hour, part = divmod(rest, timedelta(hours=1))
        return whole + (sum(_HOURS[:hour]) + _HOURS[hour] * (part / timedelta(hours=1))) / sum(
            _HOURS
        )


def ensure_call_months(traffic: Traffic) -> None:
    """Make the months of these calls ready."""
    since, until = traffic.since, traffic.until
    ahead = 12 * (until.year - since.year) + until.month - since.month
    ensure_months(["calls_call"], coming_months(since.date(), ahead))


def store_batch(traffic: Traffic, callers: Callers, *, switch: Switch, run: str, first: int) -> int:
    """Store the calls from number ``first`` on, BATCH at most, in one transaction; how many.

    ``run`` tells their native ids from those of other runs; all else but ids and hashes is the same
    whenever it is called.
    """
    last = min(first + BATCH, traffic.calls) - 1
    values = _values(traffic, callers)
    values |= {"first": first, "last": last, "switch": switch.pk, "run": run}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [1 / (2 + first // BATCH)])
        cursor.execute(_STORE, values)
        return int(cursor.fetchone()[0])


def _values(traffic: Traffic, callers: Callers) -> dict[str, Any]:
    whole = sum(_HOURS)
    return {
        "calls": traffic.calls,
        "since": traffic.since,
        "days": traffic.days,
        "prefixes": traffic.prefixes,
        "prefixes_size": len(traffic.prefixes),
        "ring": traffic.ring,
        "skew": traffic.skew,
        "unanswered": traffic.unanswered,
        "mean_ms": 1000 * traffic.mean_seconds,
        "longest_ms": LONGEST // timedelta(milliseconds=1),
        "callers": len(callers.customers),
        "customers": callers.customers,
        "trunks": callers.trunks,
        "bounds": [sum(_HOURS[:hour]) / whole for hour in range(len(_HOURS))],
        "shares": [weight / whole for weight in _HOURS],
        "sip_codes": list(_SIP_CODES),
        "causes": list(_CAUSES),
    }
