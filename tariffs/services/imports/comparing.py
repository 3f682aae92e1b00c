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
# What the sheet leaves open (no interval column, no name) stays as it is in the tariff.
_CHANGES = """
UPDATE tariffs_rateimportrow staged SET
    interval_1 = found.interval_1, interval_n = found.interval_n,
    destination = found.destination, country = found.country,
    price_before = found.price_before,
    change = CASE
        WHEN staged.change = 'closed' AND found.price_before IS NULL THEN 'unchanged'
        WHEN staged.change = 'closed' THEN 'closed'
        WHEN found.price_before IS NULL THEN 'new'
        WHEN staged.is_forbidden <> found.was_forbidden THEN 'changed'
        WHEN (staged.price_n, staged.price_1) > (found.price_before, found.first_before)
            THEN 'increased'
        WHEN (staged.price_n, staged.price_1) < (found.price_before, found.first_before)
            THEN 'decreased'
        WHEN found.is_same THEN 'unchanged'
        ELSE 'changed' END
FROM (
    SELECT s.id, r.price_n AS price_before, r.price_1 AS first_before,
           r.is_forbidden AS was_forbidden,
           coalesce(nullif(s.interval_1, 0), r.interval_1, 1) AS interval_1,
           coalesce(nullif(s.interval_n, 0), r.interval_n, 1) AS interval_n,
           coalesce(nullif(s.destination, ''), r.destination, '') AS destination,
           coalesce(nullif(s.country, ''), r.country, '') AS country,
           s.interval_1 IN (0, r.interval_1) AND s.interval_n IN (0, r.interval_n)
           AND s.destination IN ('', r.destination) AND s.country IN ('', r.country)
           AND s.grace_enabled = r.grace_enabled
           AND (s.valid_till IS NULL OR s.valid_till IS NOT DISTINCT FROM r.valid_till) AS is_same
    FROM tariffs_rateimportrow s
    LEFT JOIN LATERAL (
        SELECT * FROM tariffs_rate
        WHERE tariff_id = %(tariff)s AND prefix = s.prefix AND valid_from <= s.valid_from
          AND profile_id IS NULL
          AND (valid_till IS NULL OR valid_till > s.valid_from)
        ORDER BY valid_from DESC LIMIT 1
    ) r ON true
    WHERE s.rate_import_id = %(import)s
) found
WHERE staged.id = found.id
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
