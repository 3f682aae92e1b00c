"""The usage of one customer on one day, by country, code name or code."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from calls.choices import ReportGroup
from calls.models import DailyReport
from calls.selectors.daily_calls import CodeSum, code_sums
from calls.selectors.report_rows import ReportRow
from calls.selectors.reports import ReportSearch, report
from customers.choices import UsageGrouping
from customers.tenancy import Actor
from softswitch.core.display import country_text
from softswitch.core.money import ZERO

# In the words of whoever reads it, as are the heads.
_country = lazy(country_text, str)
_GROUPS = {
    UsageGrouping.COUNTRY: ReportGroup.COUNTRY,
    UsageGrouping.CODE_NAME: ReportGroup.DESTINATION,
}
HEADS: dict[UsageGrouping, tuple[Any, ...]] = {
    UsageGrouping.COUNTRY: (_("Country"),),
    UsageGrouping.CODE_NAME: (_("Code name"), _("Country")),
    UsageGrouping.CODE: (_("Code"), _("Code name")),
}
SUM_HEADS = (_("Calls"), _("Connected"), _("Minutes"), _("Cost"))


@dataclass(frozen=True, slots=True)
class UsageRow:
    """The calls of one group; ``names`` are as many as the heads of the grouping."""

    names: tuple[Any, ...]
    calls: int
    connected: int
    minutes: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Usage:
    """All calls of the day and, the dearest first, those of each group that is shown."""

    calls: int
    connected: int
    minutes: Decimal
    cost: Decimal
    rows: list[UsageRow]


def usage_of(daily: DailyReport, grouping: UsageGrouping, *, non_zero_only: bool) -> Usage:
    """What the customer of a report used: billed minutes, and what it pays its owner for them.

    ``non_zero_only`` leaves out groups without a connected call; free ones count as connected.
    """
    if grouping == UsageGrouping.CODE:
        rows = [_of_code(one) for one in code_sums(daily)]
    else:
        rows = _of_report(daily, grouping)
    shown = [row for row in rows if row.connected or not non_zero_only]
    return Usage(
        calls=sum(row.calls for row in rows),
        connected=sum(row.connected for row in rows),
        minutes=sum((row.minutes for row in rows), ZERO),
        cost=sum((row.cost for row in rows), ZERO),
        rows=sorted(shown, key=_rank),
    )


def _rank(row: UsageRow) -> tuple[Decimal, int, list[str]]:
    return -row.cost, -row.calls, [str(name) for name in row.names]


def _of_report(daily: DailyReport, grouping: UsageGrouping) -> list[UsageRow]:
    """The owner's own report of what it sold to the customer."""
    owner = Actor(user=None, customer=daily.issuer)
    search = ReportSearch(
        group=_GROUPS[grouping],
        since=daily.since,
        until=daily.until,
        zone=str(daily.timezone),
        customer_id=daily.customer_id,
    )
    return [_row(found, grouping) for found in report(owner, search).rows]


def _row(found: ReportRow, grouping: UsageGrouping) -> UsageRow:
    names: tuple[Any, ...] = (_named_country(found.label),)
    if grouping == UsageGrouping.CODE_NAME:
        names = (found.label or _("Unknown"), _named_country(found.second))
    return UsageRow(
        names=names,
        calls=found.attempts,
        connected=found.answered,
        minutes=found.billed_minutes,
        cost=Decimal(sum(found.earned.values(), ZERO)),
    )


def _named_country(code: str) -> Any:
    return _country(code) if code else _("Unknown")


def _of_code(found: CodeSum) -> UsageRow:
    code = _("Unknown") if found.is_unknown else found.code or _("Default")
    minutes = Decimal(found.billed_seconds) / 60
    return UsageRow((code, found.name), found.calls, found.connected, minutes, found.amount)
