"""Saved what-ifs, and the rows of their answers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.choices import WhatIfState
from calls.models import WhatIf
from calls.selectors.what_if import ResultRow, may_change
from calls.tables.re_rating import MakerColumn
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateColumn,
    DateTimeColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    StatusColumn,
    Table,
    TextColumn,
)


def _is_own(record: WhatIf, actor: Actor) -> bool:
    return may_change(actor, record)


class WhatIfTable(Table):
    """Saved what-ifs, newest first."""

    name = LinkColumn("calls:what_if", verbose_name=_("Name"), narrow=("state",))
    seller = TextColumn(verbose_name=_("Seller"), accessor="seller__name", priority=2)
    customer = TextColumn(verbose_name=_("Customer"), accessor="customer__name", priority=3)
    since = DateColumn(verbose_name=_("From"), priority=1)
    until = DateColumn(verbose_name=_("Until"), priority=1)
    state = StatusColumn(WhatIfState, verbose_name=_("State"), priority=1)
    created_at = DateTimeColumn(verbose_name=_("Asked"), priority=2)
    who = MakerColumn(verbose_name=_("By"), orderable=False, priority=3)
    actions = ActionsColumn(
        RowAction(_("Compare"), "calls:what_if_compare", "scale", parameter="a"),
        RowAction(_("Rename"), "calls:what_if_rename", "pencil-square", shown=_is_own),
        RowAction(
            _("Delete"), "calls:what_if_delete", "trash", danger=True, more=True, shown=_is_own
        ),
    )

    class Meta:
        order_by = "-created_at"


def _foot(name: str) -> Callable[..., Any]:
    """What stands below a column: the figure ``name`` of the sum."""

    def foot(bound_column: Any, table: Any) -> Any:
        value = None if table.total is None else getattr(table.total, name)
        if value is None:
            return display.DASH
        column = bound_column.column
        return column.render(value, table.total) if name in AMOUNTS else column.render(value)

    return foot


class ChangeColumn(MoneyColumn):
    """A difference: its sign always shown, a loss in red."""

    def render(self, value: Decimal, record: Any) -> SafeString:
        text = display.amount_text(value, record.currency)
        if value > 0:
            return format_html("+{}", text)
        return format_html('<span class="neg">{}</span>' if value < 0 else "{}", text)


def _money(name: str, label: Any, priority: int = 0) -> MoneyColumn:
    return MoneyColumn(
        currency="currency",
        verbose_name=label,
        priority=priority,
        show_code=False,
        footer=_foot(name),
    )


def _change(name: str, label: Any, priority: int = 0) -> ChangeColumn:
    return ChangeColumn(
        currency="currency", verbose_name=label, priority=priority, footer=_foot(name)
    )


AMOUNTS = (
    "revenue_before",
    "revenue_after",
    "revenue_change",
    "cost_before",
    "cost_after",
    "margin_before",
    "margin_after",
    "margin_change",
)


class PartColumn(Column):
    """What a row is about, linked to what is behind it; a loss says so."""

    css = "name"

    def render(self, value: object, record: ResultRow, table: "ResultTable") -> SafeString:
        url = table.lead(record)
        text = format_html("<bdi>{}</bdi>", str(value) or _("Unknown or none"))
        if url:
            text = format_html('<a href="{}">{}</a>', url, text)
        if record.second:
            text = format_html('{}<span class="sub only-narrow">{}</span>', text, record.second)
        if record.becomes_loss and table.has_cost:
            text = format_html('{} <span class="status bad">{}</span>', text, _("Turns to a loss"))
        return text

    def value(self, value: object) -> str:
        return str(value)


class ResultTable(Table):
    """Calls with what they earned; without ``total`` nothing stands below."""

    total: ResultRow | None
    lead: Callable[[ResultRow], str] = staticmethod(lambda _row: "")
    has_cost = False

    label = PartColumn(verbose_name="", footer=_("All"), empty_values=(), order_by="rank")
    second = TextColumn(verbose_name="", priority=1)
    calls = NumberColumn(verbose_name=_("Calls"), priority=2, footer=_foot("calls"))
    minutes = NumberColumn(
        verbose_name=_("Minutes"), decimals=1, priority=3, footer=_foot("minutes")
    )
    revenue_before = _money("revenue_before", _("Revenue before"), priority=1)

    def ordered_queryset(self) -> Any:
        """The rows are a list, and sorted."""
        return self.data.data


class RevenueResultTable(ResultTable):
    """Sums before and after of a seller whose cost is not known."""

    revenue_after = _money("revenue_after", _("Revenue after"))
    revenue_change = _change("revenue_change", _("Revenue difference"))


class MarginResultTable(ResultTable):
    """Sums before and after with what is left."""

    has_cost = True

    revenue_after = _money("revenue_after", _("Revenue after"), priority=1)
    cost_before = _money("cost_before", _("Cost before"), priority=2)
    cost_after = _money("cost_after", _("Cost after"), priority=2)
    margin_before = _money("margin_before", _("Margin before"), priority=1)
    margin_after = _money("margin_after", _("Margin after"))
    margin_change = _change("margin_change", _("Margin difference"))


class UnratedResultTable(ResultTable):
    """Calls that the new terms cannot rate, with why."""

    why = Column(verbose_name=_("Reason"))


def result_table(*, shows_cost: bool, unrated: bool) -> type[ResultTable]:
    """The columns of an answer: with the cost where it is known."""
    if unrated:
        return UnratedResultTable
    return MarginResultTable if shows_cost else RevenueResultTable
