"""Lists of rate sheets and of their rows."""

from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from softswitch.core.display import MINUS, number_text
from softswitch.core.tables import (
    Column,
    DateTimeColumn,
    LinkColumn,
    NumberColumn,
    PriceColumn,
    StatusColumn,
    Table,
    TelColumn,
    TextColumn,
)
from tariffs.choices import Change, ImportState

_CHANGES = {
    Change.NEW: "new",
    Change.INCREASED: "up",
    Change.DECREASED: "down",
    Change.CHANGED: "down",
    Change.UNCHANGED: "same",
    Change.CLOSED: "closed",
}


_ARROWS = {Change.INCREASED: "▲", Change.DECREASED: "▼"}


class RateImportTable(Table):
    file_name = LinkColumn("tariffs:import_detail", verbose_name=_("File"))
    created_at = DateTimeColumn(verbose_name=_("Uploaded"))
    rows_done = NumberColumn(verbose_name=_("Lines"), priority=1)
    state = StatusColumn(ImportState, verbose_name=_("State"))

    class Meta:
        order_by = "-created_at"


class ImportRowTable(Table):
    line = NumberColumn(verbose_name=_("Line"), priority=1, css="num muted")
    prefix = TelColumn(verbose_name=_("Prefix"), empty_values=(), css="tnum strong")
    destination = TextColumn(verbose_name=_("Destination"), css="name")
    price_before = PriceColumn(verbose_name=_("Price now"), priority=1)
    price_n = PriceColumn(verbose_name=_("New price"))
    change = Column(verbose_name=_("Change"), css="num")
    valid_from = DateTimeColumn(verbose_name=_("Valid from"), priority=2)

    class Meta:
        order_by = ("line", "prefix")

    def render_prefix(self, value: str) -> SafeString:
        return format_html('<span class="tel">{}</span>', value or _("Default"))

    def render_price_n(self, value: Decimal, record: Any, column: Any) -> Any:
        return "–" if record.change == Change.CLOSED else column.render(value)

    def value_price_n(self, value: Decimal) -> Decimal:
        return value

    def render_change(self, record: Any) -> SafeString:
        change = Change(record.change)
        text = _percent(record) if change in _ARROWS else change.label
        return format_html('<span class="change {}">{}</span>', _CHANGES[change], text)

    def value_change(self, value: str) -> str:
        return value


class ImportErrorTable(Table):
    line = NumberColumn(verbose_name=_("Line"), css="num muted")
    field = Column(verbose_name=_("Field"), priority=1)
    reason = Column(verbose_name=_("Reason"))
    raw = Column(verbose_name=_("In the file"), priority=2, css="mono raw")

    class Meta:
        order_by = ("line", "pk")


def _percent(record: Any) -> str:
    """``▲ +56.9 %``; without a number where nothing was charged before."""
    arrow = _ARROWS[Change(record.change)]
    if not record.price_before or record.price_n == record.price_before:
        return arrow
    percent = (record.price_n / record.price_before - 1) * 100
    sign = "+" if percent > 0 else MINUS
    return f"{arrow} {sign}{number_text(abs(percent), 1)} %"
