"""A rate sheet that is not applied yet, as its tariff would stand with it."""

from datetime import datetime

from django.db.models import Max, QuerySet
from django.utils.timezone import now

from tariffs.choices import ImportState
from tariffs.models import RateImport
from tariffs.rating.book import RateColumns
from tariffs.rating.keys import KEY_DIGITS
from tariffs.selectors.tariffs import is_in_use
from tariffs.selectors.terms import columns_of

DRAFT_STATES = (ImportState.READY, ImportState.REJECTED)

# What applying would leave in force at a moment (tariffs.services.imports.applying): of each prefix
# the last line that has begun, unless a rate announced after it has begun too, and so ended it. A
# line that closes takes rates announced after it along.
_DRAFT = """
WITH lines AS (
    SELECT DISTINCT ON (prefix) *, greatest(valid_from, %(least)s) AS start
    FROM tariffs_rateimportrow
    WHERE rate_import_id = %(import)s AND change <> 'unchanged'
        AND greatest(valid_from, %(least)s) <= %(at)s
    ORDER BY prefix, greatest(valid_from, %(least)s) DESC
), closing AS (
    SELECT prefix, min(greatest(valid_from, %(least)s)) AS start
    FROM tariffs_rateimportrow WHERE rate_import_id = %(import)s AND change = 'closed'
    GROUP BY prefix
), kept AS (
    SELECT r.* FROM tariffs_rate r
    LEFT JOIN lines l ON l.prefix = r.prefix LEFT JOIN closing c ON c.prefix = r.prefix
    WHERE r.tariff_id = %(tariff)s AND r.valid_from <= %(at)s
        AND (r.valid_till IS NULL OR r.valid_till > %(at)s)
        AND (r.profile_id IS NOT NULL OR l.prefix IS NULL
            OR r.valid_from > l.start AND (c.start IS NULL OR r.valid_from <= c.start))
), whole AS (
    SELECT id, prefix, price_1, price_n, interval_1, interval_n, is_forbidden, grace_enabled,
        profile_id, valid_from
    FROM kept
    UNION ALL
    SELECT 0, prefix, price_1, price_n, interval_1, interval_n, is_forbidden, grace_enabled,
        NULL, start
    FROM lines l
    WHERE change <> 'closed' AND (valid_till IS NULL OR valid_till > %(at)s)
        AND NOT EXISTS (SELECT FROM tariffs_rate r LEFT JOIN closing c ON c.prefix = r.prefix
            WHERE r.tariff_id = %(tariff)s AND r.prefix = l.prefix AND r.profile_id IS NULL
                AND r.valid_from > l.start AND r.valid_from <= %(at)s
                AND (c.start IS NULL OR r.valid_from <= c.start))
)
SELECT id, convert_to(rpad(prefix, %(digits)s), 'UTF8'), (price_1 * 1e8)::bigint,
    (price_n * 1e8)::bigint, interval_1, interval_n, is_forbidden, grace_enabled, valid_from,
    'infinity'::timestamptz, coalesce(profile_id, 0)
FROM whole WHERE length(prefix) <= %(digits)s ORDER BY prefix, valid_from, id
"""


def is_draft(rate_import: RateImport) -> bool:
    """Whether a sheet has been previewed and neither applied nor given up."""
    return rate_import.state in DRAFT_STATES and bool(rate_import.counts)


def drafts(rows: QuerySet[RateImport]) -> QuerySet[RateImport]:
    """Of ``rows`` the sheets that are drafts."""
    found = rows.filter(state__in=DRAFT_STATES, tariff__archived_at=None)
    return found.exclude(counts={}).select_related("tariff").order_by("-pk")


def full_force_at(rate_import: RateImport) -> datetime:
    """When all lines of a sheet would have begun, if it were applied now."""
    last: datetime | None = rate_import.rows.exclude(change="unchanged").aggregate(
        last=Max("valid_from")
    )["last"]
    return max(last or now(), now())


def draft_columns(rate_import: RateImport, at: datetime) -> RateColumns:
    """The rates of a sheet's tariff that would be in force at ``at`` if it were applied now.

    Nothing is written. ``ids`` are 0 for what the sheet would open, and all rows are open-ended:
    they are only right for calls of ``at``.
    """
    tariff = rate_import.tariff
    values = {
        "import": rate_import.pk,
        "tariff": tariff.pk,
        "least": min(now(), at) if is_in_use(tariff) else "-infinity",
        "at": at,
        "digits": KEY_DIGITS,
    }
    return columns_of(_DRAFT, values, tariff.pk)
