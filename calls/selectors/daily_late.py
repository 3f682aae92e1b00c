"""The calls of told days that came later: what automatic reports did not know yet."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.db import connection
from django.db.models import Sum

from billing.models import Balance, UsageEntry
from calls.choices import DailyReportState, Grain, ReportKind
from calls.models import DailyReport

# What charging adds up, by quarters of an hour as days begin in every zone: of a day few rows,
# where its calls may be a million.
_SUM = """
SELECT coalesce(sum(t.attempts), 0) FROM {table} t
WHERE t.issuer_id = w.issuer AND t.customer_id = w.customer
  AND t.slot >= w.since AND t.slot < w.until
"""
_COUNTS = f"""
SELECT w.customer, w.issuer, w.since, w.until,
    ({_SUM.format(table="calls_traffic")} AND t.grain = {Grain.PLAIN:d})
    + ({_SUM.format(table="calls_trafficdelta")})
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])
    w (customer, issuer, since, until)
"""  # noqa: S608 - fixed texts


def later_calls(reports: Iterable[DailyReport]) -> dict[int, int]:
    """How many calls came after each of ``reports`` was told, where any did.

    Two statements at most, whatever their number.
    """
    states = (DailyReportState.SENT, DailyReportState.UNADDRESSED)
    told = [one for one in reports if one.state in states and one.calls is not None]
    money = [one for one in told if one.kind == ReportKind.BALANCE]
    known = _charged([one for one in told if one.kind != ReportKind.BALANCE]) | _posted(money)
    late = {one.pk: known.get(one.pk, 0) - (one.calls or 0) for one in told}
    return {pk: count for pk, count in late.items() if count > 0}


def _charged(reports: Sequence[DailyReport]) -> dict[int, int]:
    """Calls by their set-up, as usage and CDR files count them."""
    if not reports:
        return {}
    # Each once, however many reports are about it.
    stretches = {_stretch(report) for report in reports}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [list(column) for column in zip(*stretches, strict=True)])
        counts = {tuple(row[:4]): int(row[4]) for row in cursor.fetchall()}
    return {report.pk: counts[_stretch(report)] for report in reports}


def _stretch(report: DailyReport) -> tuple[object, ...]:
    return report.customer_id, report.issuer_id, report.since, report.until


def _posted(reports: Sequence[DailyReport]) -> dict[int, int]:
    """Calls by the local day of their end, as statements add them up."""
    if not reports:
        return {}
    balances = Balance.objects.filter(
        customer__in={report.customer_id for report in reports}, account=None
    )
    rows = UsageEntry.objects.filter(
        balance__in=balances, usage_on__in={report.day for report in reports}
    )
    sums = rows.values_list("customer_id", "issuer_id", "usage_on").annotate(number=Sum("calls"))
    counts = defaultdict[tuple[int, int, date], int](int)
    counts.update({(customer, issuer, day): count for customer, issuer, day, count in sums})
    return {
        report.pk: counts[report.customer_id, report.issuer_id, report.day] for report in reports
    }
