"""Compares staged lines with the rates of their tariff, in SQL over whole columns."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.timezone import now

from tariffs.choices import Change
from tariffs.models import RateImport, Tariff
from tariffs.selectors import is_in_use

# A date in the past means "at once" where calls have been priced; of several, the latest counts.
_SUPERSEDED = """
DELETE FROM tariffs_rateimportrow WHERE id IN (
    SELECT id FROM (
        SELECT id, valid_from,
               max(valid_from) FILTER (WHERE valid_from <= %(now)s)
                   OVER (PARTITION BY prefix) AS last
        FROM tariffs_rateimportrow WHERE rate_import_id = %(import)s
    ) dated WHERE valid_from < last)
"""
_AT_ONCE = """
UPDATE tariffs_rateimportrow SET valid_from = %(now)s
WHERE rate_import_id = %(import)s AND valid_from < %(now)s
"""
_ENDED = """
WITH ended AS (
    DELETE FROM tariffs_rateimportrow
    WHERE rate_import_id = %(import)s AND valid_till <= valid_from
    RETURNING line, prefix, destination, valid_till)
INSERT INTO tariffs_rateimporterror (rate_import_id, line, field, reason, raw)
SELECT %(import)s, line, 'valid_till', 'It ends before it could begin.',
       concat_ws(', ', prefix, destination, valid_till)
FROM ended
"""
# One prefix and start in several lines: the same again is one line, anything else a conflict.
_DOUBLES = """
WITH doubles AS (
    SELECT id, line, prefix, destination, price_1, price_n,
           row_number() OVER same AS nth,
           min(said) OVER same <> max(said) OVER same AS is_conflict,
           left(string_agg(line::text, ', ') OVER same, 120) AS lines
    FROM (
        SELECT *, concat_ws('|', price_1, price_n, interval_1, interval_n, is_forbidden,
                            grace_enabled, valid_till, change) AS said,
               count(*) OVER (PARTITION BY prefix, valid_from) AS times
        FROM tariffs_rateimportrow WHERE rate_import_id = %(import)s
    ) counted
    WHERE times > 1
    WINDOW same AS (PARTITION BY prefix, valid_from ORDER BY line, id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), removed AS (
    DELETE FROM tariffs_rateimportrow
    WHERE id IN (SELECT id FROM doubles WHERE is_conflict OR nth > 1)
)
INSERT INTO tariffs_rateimporterror (rate_import_id, line, field, reason, raw)
SELECT %(import)s, line, 'prefix',
       concat('Prefix ', prefix, ' is given several times, differently: lines ', lines, '.'),
       left(concat_ws(', ', destination, prefix, trim_scale(price_1), trim_scale(price_n)), 500)
FROM doubles WHERE is_conflict
"""
# What the sheet leaves open (no interval column, no name) stays as it is in the tariff. A line is
# compared with what is in force when it begins: a rate of the tariff, or the line of the sheet
# before it, if any line of the prefix so far changes something and no later rate follows that.
_CHANGES = """
WITH met AS (
    SELECT s.id, s.prefix, s.valid_from, s.valid_till, s.price_1, s.price_n, s.is_forbidden,
           s.change = 'closed' AS is_closed, filled.*, r.valid_from AS rate_from,
           r.price_1 AS rate_1, r.price_n AS rate_n, r.is_forbidden AS rate_forbidden,
           concat_ws('|', s.price_1, s.price_n, s.is_forbidden, s.grace_enabled, filled) AS said,
           concat_ws('|', r.price_1, r.price_n, r.is_forbidden, r.grace_enabled,
                     (r.interval_1, r.interval_n, r.destination, r.country)) AS rate_said,
           s.valid_till IS NULL OR s.valid_till IS NOT DISTINCT FROM r.valid_till AS ends_alike
    FROM tariffs_rateimportrow s
    LEFT JOIN LATERAL (
        SELECT * FROM tariffs_rate
        WHERE tariff_id = %(tariff)s AND prefix = s.prefix AND valid_from <= s.valid_from
          AND profile_id IS NULL
          AND (valid_till IS NULL OR valid_till > s.valid_from)
        ORDER BY valid_from DESC LIMIT 1
    ) r ON true
    CROSS JOIN LATERAL (SELECT
        coalesce(nullif(s.interval_1, 0), r.interval_1, 1) AS interval_1,
        coalesce(nullif(s.interval_n, 0), r.interval_n, 1) AS interval_n,
        coalesce(nullif(s.destination, ''), r.destination, '') AS destination,
        coalesce(nullif(s.country, ''), r.country, '') AS country
    ) filled
    WHERE s.rate_import_id = %(import)s
), judged AS (
    SELECT *, CASE WHEN is_closed THEN coalesce(NOT lag(is_closed) OVER line, false)
                                       OR rate_from IS NOT NULL
                   ELSE rate_from IS NULL OR said <> rate_said OR NOT ends_alike END AS changes
    FROM met WINDOW line AS (PARTITION BY prefix ORDER BY valid_from)
), queued AS (
    SELECT *, lag(id) OVER line AS last_id, lag(is_closed) OVER line AS last_closed,
           lag(valid_till) OVER line AS last_till, lag(said) OVER line AS last_said,
           lag(price_1) OVER line AS last_1, lag(price_n) OVER line AS last_n,
           lag(is_forbidden) OVER line AS last_forbidden,
           coalesce(max(valid_from) FILTER (WHERE changes) OVER earlier >= rate_from
                    OR bool_or(changes AND is_closed) OVER earlier,
                    rate_from IS NULL AND bool_or(changes) OVER earlier, false) AS follows
    FROM judged
    WINDOW line AS (PARTITION BY prefix ORDER BY valid_from),
           earlier AS (line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), compared AS (
    SELECT *, CASE WHEN NOT follows THEN rate_1 WHEN is_open THEN last_1 END AS first_before,
           CASE WHEN NOT follows THEN rate_n WHEN is_open THEN last_n END AS price_before,
           CASE WHEN follows THEN last_forbidden ELSE rate_forbidden END AS was_forbidden,
           CASE WHEN follows THEN said = last_said AND valid_till IS NOT DISTINCT FROM last_till
                ELSE said = rate_said AND ends_alike END AS is_same
    FROM queued, LATERAL (
        SELECT NOT last_closed AND (last_till IS NULL OR last_till > valid_from) AS is_open
    ) last
)
UPDATE tariffs_rateimportrow staged SET
    interval_1 = compared.interval_1, interval_n = compared.interval_n,
    destination = compared.destination, country = compared.country,
    price_before = compared.price_before,
    change = CASE
        WHEN is_closed AND compared.price_before IS NULL THEN 'unchanged'
        WHEN is_closed THEN 'closed'
        WHEN compared.price_before IS NULL THEN 'new'
        WHEN staged.is_forbidden <> was_forbidden THEN 'changed'
        WHEN (staged.price_n, staged.price_1) > (compared.price_before, first_before)
            THEN 'increased'
        WHEN (staged.price_n, staged.price_1) < (compared.price_before, first_before)
            THEN 'decreased'
        WHEN is_same THEN 'unchanged'
        ELSE 'changed' END
FROM compared WHERE staged.id = compared.id
"""
# A complete sheet closes what it does not hold: one line, numbered 0, for each rate that ends.
_CLOSED = """
INSERT INTO tariffs_rateimportrow (rate_import_id, line, change, prefix, destination, country,
    price_1, price_n, interval_1, interval_n, is_forbidden, grace_enabled, valid_from,
    price_before)
SELECT DISTINCT ON (prefix) %(import)s, 0, 'closed', prefix, destination, country, price_1,
       price_n, interval_1, interval_n, is_forbidden, grace_enabled, %(start)s, price_n
FROM tariffs_rate r
WHERE tariff_id = %(tariff)s AND (valid_till IS NULL OR valid_till > %(start)s)
  AND profile_id IS NULL
  AND NOT EXISTS (SELECT FROM tariffs_rateimportrow s
                  WHERE s.rate_import_id = %(import)s AND s.prefix = r.prefix)
ORDER BY prefix, valid_from
"""
_COUNTS = """
SELECT change, count(*) FROM tariffs_rateimportrow WHERE rate_import_id = %s GROUP BY change
"""


def compare(rate_import: RateImport, tariff: Tariff) -> dict[str, int]:
    """Say of each staged line what it does to ``tariff``; the number of lines by change.

    Runs in the caller's transaction, which holds the tariff's lock. Lines that contradict each
    other become rejected ones: ``rejected`` in the result.
    """
    moment = now()
    values: dict[str, Any] = {
        "import": rate_import.pk,
        "tariff": tariff.pk,
        "now": moment,
        "start": _start_of(rate_import, moment),
    }
    with connection.cursor() as cursor:
        if is_in_use(tariff):
            cursor.execute(_SUPERSEDED, values)
            cursor.execute(_AT_ONCE, values)
        cursor.execute(_ENDED, values)
        cursor.execute(_DOUBLES, values)
        cursor.execute(_CHANGES, values)
        if rate_import.is_full_replacement:
            cursor.execute(_CLOSED, values)
        cursor.execute(_COUNTS, [rate_import.pk])
        found: dict[str, Any] = dict(cursor.fetchall())
    counts = {change: int(found.get(change, 0)) for change in Change.values}
    return counts | {"rejected": rate_import.errors.count()}


def _start_of(rate_import: RateImport, moment: datetime) -> datetime:
    """When a complete sheet takes effect as a whole."""
    return max(rate_import.effective_at or moment, moment)
