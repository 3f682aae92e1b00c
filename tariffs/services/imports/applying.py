"""Applies a checked rate sheet to its tariff: all lines, in one transaction, once."""

from typing import Any

from django.db import connection, transaction
from django.utils.timezone import now

from softswitch.core.jobs import enqueue
from tariffs.choices import ImportState
from tariffs.models import RateImport, Tariff
from tariffs.selectors import is_in_use
from tariffs.services.imports.telling import tell_end
from tariffs.services.tariffs import touch

# A sheet holds rates of the whole day: rates with a time-of-day profile stay as they are.
# The lines that change something, with the moment from which they count.
_LINES = """
DROP TABLE IF EXISTS applied_lines;
CREATE TEMPORARY TABLE applied_lines ON COMMIT DROP AS
SELECT *, lead(start) OVER (PARTITION BY prefix ORDER BY start) AS next_start
FROM (
    SELECT prefix, destination, country, price_1, price_n, interval_1, interval_n, is_forbidden,
           grace_enabled, valid_till, change = 'closed' AS is_closed,
           greatest(valid_from, %(least)s) AS start
    FROM tariffs_rateimportrow WHERE rate_import_id = %(import)s AND change <> 'unchanged'
) dated
"""
_INDEX = "CREATE INDEX ON applied_lines (prefix); ANALYZE applied_lines"
# Announced rates that no call can have used: replaced by a line of the same start, or withdrawn.
# What is done to each rate is noted, so that it can be taken back (imports.undoing).
_WITHDRAW = """
WITH gone AS (
    DELETE FROM tariffs_rate r USING applied_lines s
    WHERE r.tariff_id = %(tariff)s AND r.prefix = s.prefix AND r.valid_from > %(least)s
      AND r.profile_id IS NULL
      AND (r.valid_from = s.start OR s.is_closed AND r.valid_from > s.start)
    RETURNING r.*
)
INSERT INTO tariffs_rateimporteffect (rate_import_id, rate_id, kind, till_before, row)
SELECT %(import)s, id, 'withdrawn', valid_till, to_jsonb(gone) FROM gone
"""
_CLOSE = """
WITH ended AS (
UPDATE tariffs_rate SET valid_till = ending.start
FROM (
    SELECT r.id, r.valid_till AS till_before, min(s.start) AS start
    FROM tariffs_rate r JOIN applied_lines s ON s.prefix = r.prefix
    WHERE r.tariff_id = %(tariff)s AND s.start > r.valid_from AND r.profile_id IS NULL
      AND (r.valid_till IS NULL OR r.valid_till > s.start)
    GROUP BY r.id
) ending
WHERE tariffs_rate.id = ending.id
RETURNING tariffs_rate.id, ending.till_before, ending.start
)
INSERT INTO tariffs_rateimporteffect (rate_import_id, rate_id, kind, till_before, till_after)
SELECT %(import)s, id, 'ended', till_before, start FROM ended
"""
# A new row ends where the next one of its prefix begins, in the sheet or in the tariff. (Asked
# line by line in the INSERT, the growing table would be read once per line.)
_NEXT = """
UPDATE applied_lines SET next_start = least(next_start, following.start)
FROM (
    SELECT s.prefix, s.start AS line_start, min(r.valid_from) AS start
    FROM applied_lines s JOIN tariffs_rate r ON r.prefix = s.prefix AND r.valid_from > s.start
    WHERE r.tariff_id = %(tariff)s AND r.profile_id IS NULL
    GROUP BY s.prefix, s.start
) following
WHERE applied_lines.prefix = following.prefix AND applied_lines.start = following.line_start
"""
_OPEN = """
WITH opened AS (
    INSERT INTO tariffs_rate (tariff_id, prefix, destination, country, price_1, price_n,
        interval_1, interval_n, is_forbidden, grace_enabled, valid_from, valid_till)
    SELECT %(tariff)s, prefix, destination, country, price_1, price_n, interval_1, interval_n,
           is_forbidden, grace_enabled, start, least(valid_till, next_start)
    FROM applied_lines
    WHERE NOT is_closed AND (valid_till IS NULL OR valid_till > start)
    RETURNING id, valid_till
)
INSERT INTO tariffs_rateimporteffect (rate_import_id, rate_id, kind, till_after)
SELECT %(import)s, id, 'opened', valid_till FROM opened
"""


def apply_import(import_id: int) -> None:
    """Apply an import in state ``applying``; in any other state nothing happens.

    One transaction under the lock of the tariff's row, then of the import's, so a second worker
    waits and finds it done. If the rates changed since the check, the sheet is checked again
    instead, and a person decides anew.
    """
    tariff_id = RateImport.objects.values_list("tariff_id", flat=True).get(pk=import_id)
    with transaction.atomic():
        tariff = Tariff.objects.select_for_update(no_key=True).get(pk=tariff_id)
        rate_import = RateImport.objects.select_for_update(of=("self",)).get(pk=import_id)
        if rate_import.state != ImportState.APPLYING:
            return
        if rate_import.revision_checked != tariff.rates_revision:
            rate_import.state = ImportState.UPLOADED
            rate_import.is_partial = rate_import.notifies = False
            enqueue("tariffs.check_import", import_id=import_id)
        else:
            _write(rate_import, tariff)
            touch(tariff)
            rate_import.state = ImportState.APPLIED
            rate_import.applied_at = now()
            if rate_import.notifies:
                enqueue("tariffs.notify_customers", import_id=import_id)
            rejected = rate_import.counts.get("rejected", 0)
            tell_end(rate_import=rate_import, state=ImportState.APPLIED, errors=rejected)
        rate_import.save()


def _write(rate_import: RateImport, tariff: Tariff) -> None:
    moment = now()
    values: dict[str, Any] = {
        "import": rate_import.pk,
        "tariff": tariff.pk,
        "least": moment if is_in_use(tariff) else "-infinity",
    }
    with connection.cursor() as cursor:
        for statement in (_LINES, _INDEX, _WITHDRAW, _CLOSE, _NEXT, _OPEN):
            cursor.execute(statement, values)
