"""Signed links to the calls of a day that are too many for a letter: no login, for some days."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from calls.choices import DailyReportState, ReportKind
from calls.models import DailyReport
from softswitch.core.signed_links import signed_pk, signed_url

_SALT = "calls.daily_report"


def report_url(report: DailyReport, form: str) -> str:
    """Where whoever has the link reads the calls of a report for REPORT_LINK_DAYS, as CSV or XLSX.

    ``form`` is in the address, so that a link goes on giving what was asked for.
    """
    return f"{signed_url('calls:report_by_link', report.pk, salt=_SALT)}?format={form}"


def report_of_link(token: str) -> DailyReport | None:
    """The report that a token of ``report_url`` names; None if it is none of ours.

    Raises SignatureExpired for one that was good once.
    """
    pk = signed_pk(token, salt=_SALT, days=settings.REPORT_LINK_DAYS)
    if pk is None:
        return None
    told = (DailyReportState.SENT, DailyReportState.UNADDRESSED)
    rows = DailyReport.objects.filter(pk=pk, kind=ReportKind.CDRS, state__in=told)
    found: DailyReport | None = with_parties(rows).select_related("file").first()
    return found


def with_parties(rows: QuerySet[DailyReport]) -> QuerySet[Any]:
    """``rows`` with who tells and whom it is about."""
    return rows.select_related("issuer", "customer")
