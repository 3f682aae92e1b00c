"""The history of automatic reports: which a viewer sees, and what it may do with them."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from billing.models import Balance
from calls.choices import REPORT_RIGHTS, CdrImportState, DailyReportState, ReportKind
from calls.models import CdrImport, DailyReport, PendingCall
from customers.selectors.names import shown_name
from customers.tenancy import Actor


def with_names(rows: QuerySet[DailyReport], actor: Actor) -> QuerySet[Any]:
    """``rows`` with ``customer_name``: what the actor may read of whom a report is about."""
    return rows.annotate(customer_name=shown_name(actor, then="until"))


def may_send_again(report: DailyReport, actor: Actor) -> bool:
    """Whether the actor's customer told the report, and may see it and settle who is told what."""
    is_own = report.issuer_id == actor.customer_id and actor.can("customers.edit")
    is_seen = actor.can(REPORT_RIGHTS[ReportKind(report.kind)])
    return is_own and is_seen and report.state != DailyReportState.WAITING


def has_file(report: DailyReport) -> bool:
    """Whether there is something to download: a kept file, or a list of calls that is read."""
    is_told = report.state in (DailyReportState.SENT, DailyReportState.UNADDRESSED)
    return report.file_id is not None or (is_told and report.kind == ReportKind.CDRS)


def addresses_shown(report: DailyReport, actor: Actor) -> list[str]:
    """Where a report went: a customer reads its own addresses, not those of its provider."""
    if report.customer_id == actor.customer_id:
        return report.recipients
    return [*report.recipients, *report.own_recipients]


def currency_of(report: DailyReport) -> str:
    """The currency between the two parties of a report, also once they have parted."""
    rows = Balance.objects.filter(customer=report.customer_id, account=None)
    pair = rows.filter(issuer=report.issuer_id).order_by("-opened_at")
    return str(pair.values_list("currency_id", flat=True)[0])


def last_planned(reports: Collection[DailyReport]) -> QuerySet[DailyReport]:
    """The last report that there is of each customer and kind of ``reports``, before all of these.

    Those of the same customer must be later than any that there is.
    """
    rows = DailyReport.objects.filter(customer__in={report.customer_id for report in reports})
    by_kind = rows.filter(kind__in={report.kind for report in reports})
    found: QuerySet[DailyReport] = by_kind.order_by("customer", "kind", "-day")
    return found.distinct("customer", "kind")


def told_closing(report: DailyReport, balance: Balance) -> Decimal | None:
    """What the balance was told to be when the day before closed; None where that was not told."""
    rows = DailyReport.objects.filter(customer=report.customer_id, issuer=report.issuer_id)
    before = rows.filter(kind=report.kind, until=report.since, until__gt=balance.opened_at)
    closing: Decimal | None = before.values_list("closing", flat=True).first()
    return closing


def first_unread() -> datetime | None:
    """When the first CDR file came in that is not read yet."""
    states = (CdrImportState.WAITING, CdrImportState.RUNNING)
    rows = CdrImport.objects.filter(state__in=states)
    found: datetime | None = rows.aggregate(first=Min("created_at"))["first"]
    return found


def first_uncharged() -> datetime | None:
    """When the first call was set up that waits to be charged."""
    found: datetime | None = PendingCall.objects.aggregate(first=Min("setup_at"))["first"]
    return found


def due_reports(
    *,
    moment: datetime,
    charged_to: datetime | None,
    read_to: datetime | None,
    planned_before: datetime,
) -> QuerySet[DailyReport]:
    """Reports to tell at ``moment``, the earliest first: of each customer and kind the next one.

    Those of days up to ``charged_to`` (None: all calls are charged) that were planned before
    ``read_to``, when the first file came in that is not read (None: all are), and those that have
    waited since ``planned_before``. So files that go on coming hold none back.
    """
    waiting = DailyReport.objects.filter(state=DailyReportState.WAITING)
    earlier = waiting.filter(
        customer=OuterRef("customer"), kind=OuterRef("kind"), day__lt=OuterRef("day")
    )
    due = waiting.filter(~Exists(earlier), due_at__lte=moment)
    long_planned = Q(planned_at__lt=planned_before)
    if charged_to is not None:
        due = due.filter(Q(until__lte=charged_to) | long_planned)
    if read_to is not None:
        due = due.filter(Q(planned_at__lt=read_to) | long_planned)
    rows: QuerySet[DailyReport] = due.order_by("due_at", "pk")
    return rows
