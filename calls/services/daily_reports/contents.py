"""Computes what an automatic report says: the fields of its letter, and its file."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.text import slugify
from django.utils.timezone import override as zone_override
from django.utils.translation import gettext as _
from django.utils.translation import override

from billing.models import Balance
from billing.selectors.day_sums import day_sums
from calls.choices import ReportKind
from calls.models import DailyReport
from calls.selectors.daily_calls import call_heads, count_calls, day_lines
from calls.selectors.daily_links import report_url
from calls.selectors.daily_reports import told_closing
from calls.selectors.daily_usage import HEADS, SUM_HEADS, UsageRow, usage_of
from calls.selectors.storage import archived_between
from customers.choices import CdrFileFormat, UsageGrouping
from customers.selectors.names import name_then
from customers.selectors.parameters import Resolved, parameters_of
from notifications.values import Link, Money, Table, Value
from softswitch.core.errors import DomainError
from softswitch.core.exports import XLSX_TYPE, csv_lines, write_xlsx

# Letters show so many rows; what has more is attached as a file, too.
SHOWN_ROWS = 50
CSV_TYPE = "text/csv"


@dataclass(frozen=True, slots=True)
class File:
    """A file of a report, in the language of the customer and the zone of the day."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """What a report says; ``file`` is None for calls that are too many to be kept twice.

    ``closing`` is the balance at the end of the day, of a balance summary.
    """

    values: dict[str, Value]
    calls: int
    file: File | None
    is_attached: bool
    closing: Decimal | None = None


def content_of(report: DailyReport) -> Content:
    """The report as the day stands now.

    Raises DomainError ``archived`` where calls of the day are archived, ``no_balance`` where the
    customer has left this owner.
    """
    if archived_between(report.since, report.until):
        raise DomainError("archived", _("The calls of this day are archived."))
    balance = Balance.objects.of_customers().select_related("issuer")
    found = balance.filter(customer=report.customer_id, issuer=report.issuer_id).first()
    if found is None:
        raise DomainError("no_balance", _("The customer has left."))
    terms = parameters_of([report.customer_id])[report.customer_id]
    with override(report.customer.language), zone_override(ZoneInfo(str(report.timezone))):
        if report.kind == ReportKind.USAGE:
            return _usage(report, found.currency_id, terms)
        if report.kind == ReportKind.BALANCE:
            return _balance(report, found)
        return _calls(report, found.currency_id, terms)


def _usage(report: DailyReport, currency: str, terms: Resolved) -> Content:
    grouping = UsageGrouping(terms["usage_grouping"])
    usage = usage_of(report, grouping, non_zero_only=terms["usage_non_zero_only"])
    head = (*HEADS[grouping], *SUM_HEADS)
    shown = tuple(_shown(row, currency) for row in usage.rows[:SHOWN_ROWS])
    heads = [*map(str, head[:-1]), f"{head[-1]}, {currency}"]
    lines = [
        [*map(str, row.names), row.calls, row.connected, _tenths(row.minutes), row.cost]
        for row in usage.rows
    ]
    values: dict[str, Value] = {
        "report.day": report.day,
        "report.calls": usage.calls,
        "report.connected": usage.connected,
        "report.minutes": _tenths(usage.minutes),
        "report.cost": Money(usage.cost, currency),
        "summary": Table(head, shown) if shown else None,
    }
    file = _csv(report, "usage", heads, lines)
    return Content(values, usage.calls, file, is_attached=len(usage.rows) > SHOWN_ROWS)


def _shown(row: UsageRow, currency: str) -> tuple[Value, ...]:
    cost = Money(row.cost, currency)
    return (*row.names, row.calls, row.connected, _tenths(row.minutes), cost)


def _tenths(minutes: Decimal) -> Decimal:
    return round(minutes, 1)


def _balance(report: DailyReport, balance: Balance) -> Content:
    """The day as the ledger has it, from where the day before was told to have closed.

    What calls of earlier days have cost since then stands on a line of its own.
    """
    sums = day_sums(balance, report.day)
    told = told_closing(report, balance)
    opening = sums.opening if told is None else told
    late = sums.opening - opening
    amounts = {
        "opening": (_("Opening balance"), opening),
        "late": (_("Late charges of earlier days"), late),
        "used": (_("Used"), sums.used),
        "payments": (_("Payments"), sums.payments),
        "other": (_("Other"), sums.other),
        "closing": (_("Closing balance"), sums.closing),
        "credit_limit": (_("Credit limit"), sums.credit_limit),
        "available": (_("Credit left"), sums.available),
    }
    heads = [_("Day"), _("Currency"), *(label for label, _amount in amounts.values())]
    line = [report.day, sums.currency, *(amount for _label, amount in amounts.values())]
    money = {name: Money(amount, sums.currency) for name, (_label, amount) in amounts.items()}
    values: dict[str, Value] = {"report.day": report.day, **money}
    values["late"] = money["late"] if late else None
    file = _csv(report, "balance", heads, [line])
    return Content(values, sums.calls, file, is_attached=False, closing=sums.closing)


def _calls(report: DailyReport, currency: str, terms: Resolved) -> Content:
    calls = count_calls(report)
    is_small = calls <= settings.REPORT_ATTACHED_CALLS
    form = CdrFileFormat(terms["cdr_format"])
    link = None if is_small else Link(report_url(report, form))
    values: dict[str, Value] = {
        "report.day": report.day,
        "report.calls": calls,
        "file_link": link,
        "link_days": settings.REPORT_LINK_DAYS,
    }
    file = call_file(report, currency, form) if is_small else None
    return Content(values, calls, file, is_attached=is_small)


def call_file(report: DailyReport, currency: str, form: CdrFileFormat) -> File:
    """The calls of a report as a file; for few calls, as it is made in memory."""
    heads = call_heads(currency)
    if form == CdrFileFormat.CSV:
        return _csv(report, "calls", heads, day_lines(report, is_text=True))
    with tempfile.TemporaryFile() as file:
        write_xlsx(file, heads, day_lines(report, is_text=False))
        file.seek(0)
        return File(file_name(report, "calls", "xlsx"), XLSX_TYPE, file.read())


def _csv(report: DailyReport, topic: str, heads: list[str], lines: Iterable[list[Any]]) -> File:
    return File(file_name(report, topic, "csv"), CSV_TYPE, b"".join(csv_lines(heads, lines)))


def file_name(
    report: DailyReport, topic: str, form: str, *, told_at: datetime | None = None
) -> str:
    """``calder-voice-calls-2026-11-18.csv``: told at a moment before, by the name of then."""
    name = name_then(report.customer, told_at) if told_at else report.customer.name
    return f"{slugify(name)[:60]}-{topic}-{report.day}.{form}".lstrip("-")
