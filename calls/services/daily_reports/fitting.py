"""Fits planned days to what is: who may have their reports, and where the last told day ended."""

from collections.abc import Collection
from datetime import datetime

from calls.choices import REPORT_RIGHTS, ReportKind
from calls.models import DailyReport
from calls.selectors.daily_days import DAY
from calls.selectors.daily_reports import last_planned
from customers.selectors.rights import holding


def fitted(reports: Collection[DailyReport]) -> list[DailyReport]:
    """Those of new ``reports``, each customer's by day, that are to be told; joined to each other.

    A provider gets by mail only what it may see on its pages: without the right its days are left
    out. Two statements whatever their number.
    """
    asked = {(report.issuer_id, REPORT_RIGHTS[ReportKind(report.kind)]) for report in reports}
    held = holding(asked)
    return _joined(
        [
            report
            for report in reports
            if (report.issuer_id, REPORT_RIGHTS[ReportKind(report.kind)]) in held
        ]
    )


def _joined(reports: Collection[DailyReport]) -> list[DailyReport]:
    """Each day begins where the one before it ended, in whatever zone that was.

    So the first one after a change of the zone is longer or shorter: no call is in no report, and
    none in two. A day of which the one before has taken all is left out.
    """
    last = {(row.customer_id, row.kind): row for row in last_planned(reports)}
    found = []
    for report in reports:
        key = (report.customer_id, str(report.kind))
        before = last.get(key)
        if before is not None:
            report.since = _begin(report, before)
        if report.since < report.until:
            found.append(report)
            last[key] = report
    return found


def _begin(report: DailyReport, before: DailyReport) -> datetime:
    """Nobody is told what lies between two days that do not follow each other."""
    if report.day - before.day == DAY:
        return before.until
    return max(report.since, before.until)
