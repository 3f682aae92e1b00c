"""The rows of a report with their sum; the columns depend on who looks and whose report it is."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing.selectors.balances import may_see_balances
from calls.selectors.report_rows import ReportRow
from calls.selectors.sellers import is_seller
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.tables import Column, DurationColumn, MoneyColumn, NumberColumn, Table

EXPORTED_DECIMALS = 3


def _foot(name: str) -> Callable[..., Any]:
    """What stands below a column: the figure ``name`` of the sum."""

    def foot(bound_column: Any, table: Any) -> Any:
        value = getattr(table.total, name)
        if value is None:
            return display.DASH
        column = bound_column.column
        return column.render(value, table.total) if name in MONEY else column.render(value)

    return foot


MONEY = {"revenue", "cost", "margin"}


class GroupColumn(Column):
    """What a row is about, linked to what is behind it."""

    css = "name"

    def render(self, value: object, record: ReportRow, table: "ReportTable") -> SafeString:
        url, label = table.lead(record), str(value) or display.DASH
        text = format_html("<bdi>{}</bdi>", label)
        if url:
            text = format_html('<a href="{}">{}</a>', url, text)
        if record.second:
            return format_html('{}<span class="sub">{}</span>', text, record.second)
        return text

    def value(self, value: object) -> str:
        return str(value)


class RatioColumn(NumberColumn):
    """A measure that is computed: exports hold three decimals."""

    def value(self, value: Decimal) -> Decimal:
        return round(value, EXPORTED_DECIMALS)


class SecondsColumn(DurationColumn):
    """An average number of seconds."""

    def value(self, value: Decimal) -> Decimal:
        return round(value, EXPORTED_DECIMALS)


def _ratio(name: str, label: Any, *, priority: int = 0, decimals: int = 1) -> RatioColumn:
    return RatioColumn(verbose_name=label, decimals=decimals, priority=priority, footer=_foot(name))


def _money(name: str, label: Any, priority: int = 0) -> MoneyColumn:
    return MoneyColumn(
        currency="currency", verbose_name=label, priority=priority, footer=_foot(name)
    )


class ReportTable(Table):
    """Traffic without any money."""

    is_wide = True

    total: ReportRow
    lead: Callable[[ReportRow], str] = staticmethod(lambda _row: "")

    label = GroupColumn(verbose_name="", footer=_("All"), empty_values=(), order_by="rank")
    attempts = NumberColumn(verbose_name=_("Attempts"), footer=_foot("attempts"))
    answered = NumberColumn(verbose_name=_("Answered"), priority=2, footer=_foot("answered"))
    asr = _ratio("asr", _("ASR, %"), priority=1)
    ner = _ratio("ner", _("NER, %"), priority=3)
    acd = SecondsColumn(verbose_name=_("ACD"), priority=2, footer=_foot("acd"))
    pdd = _ratio("pdd", _("PDD, s"), priority=3)
    minutes = _ratio("minutes", _("Minutes"))
    billed_minutes = _ratio("billed_minutes", _("Billed"), priority=3)

    def ordered_queryset(self) -> Any:
        """The rows are a list, and sorted."""
        return self.data.data


class ChargesTable(ReportTable):
    """Traffic with what the viewer's customer pays for it."""

    cost = _money("cost", _("Charges"))


class RevenueTable(ReportTable):
    """Traffic with what customers pay for it: of Root, which itself pays nobody."""

    revenue = _money("revenue", _("Revenue"))


class MarginTable(ReportTable):
    """Traffic with what customers pay for it, what it costs, and what is left."""

    revenue = _money("revenue", _("Revenue"))
    cost = _money("cost", _("Cost"), priority=2)
    margin = _money("margin", _("Margin"))
    margin_percent = _ratio("margin_percent", _("Margin, %"), priority=1)


MONEY_TABLES = (ChargesTable, RevenueTable, MarginTable)


def report_table(actor: Actor, customer: Customer) -> type[ReportTable]:
    """The columns of a report about ``customer``; amounts only for who may see balances.

    What the actor's own customer pays needs the right to see CDRs, too, as its charges do.
    """
    if not may_see_balances(actor):
        return ReportTable
    sees_cost = customer.pk != actor.customer_id or actor.can("cdrs.view")
    if not is_seller(customer):
        return ChargesTable if sees_cost else ReportTable
    return RevenueTable if customer.is_root or not sees_cost else MarginTable
