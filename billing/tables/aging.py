"""The aging report as a list: who owes how much, for how long."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing.selectors.aging import AgingRow
from softswitch.core.display import DASH
from softswitch.core.tables import Column, MoneyColumn, Table


class PayerColumn(Column):
    """Who owes, linked to its invoices; an account under its customer's name."""

    css = "name"

    def render(self, record: AgingRow, table: "AgingTable") -> SafeString:
        text = format_html("<bdi>{}</bdi>", record.name)
        url = table.lead(record)
        if url:
            text = format_html('<a href="{}">{}</a>', url, text)
        if record.account:
            return format_html('{}<span class="sub"><bdi>{}</bdi></span>', text, record.account)
        return text

    def value(self, record: AgingRow) -> str:
        return f"{record.name}: {record.account}" if record.account else record.name


class OwedColumn(MoneyColumn):
    """What is owed of one age; a dash where nothing is, so that the rest stands out."""

    def render(self, value: Decimal, record: Any) -> SafeString:
        return super().render(value, record) if value else format_html("{}", DASH)


def _owed(place: int, label: Any, priority: int = 0) -> MoneyColumn:
    return OwedColumn(
        accessor=f"amounts__{place}",
        currency="currency",
        show_code=False,
        verbose_name=label,
        priority=priority,
    )


class AgingTable(Table):
    """A row per payer and currency."""

    lead: Callable[[AgingRow], str] = staticmethod(lambda _row: "")

    name = PayerColumn(verbose_name=_("Customer"))
    currency = Column(verbose_name=_("Currency"), priority=2)
    not_due = _owed(0, _("Not due"))
    days_30 = _owed(1, _("1–30 days"), 1)
    days_60 = _owed(2, _("31–60 days"), 1)
    days_90 = _owed(3, _("61–90 days"), 1)
    older = _owed(4, _("Over 90 days"))
    total = MoneyColumn(currency="currency", verbose_name=_("Total"))
    converted_total = MoneyColumn(
        currency="shown_in", verbose_name=_("In your currency"), priority=3
    )

    def ordered_queryset(self) -> Any:
        """The rows are a list, and sorted."""
        return self.data.data
