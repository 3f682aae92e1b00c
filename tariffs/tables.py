"""Lists of tariffs, rates, rate sheets and exchange rates."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import RowAction
from softswitch.core.display import MINUS, number_text
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateColumn,
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


def _is_own(record: Any, actor: Any) -> bool:
    return bool(record.owner_id == actor.customer_id)


def _is_own_and_open(record: Any, actor: Any) -> bool:
    is_open = record.valid_till is None or record.valid_till > timezone.now()
    return bool(is_open and record.tariff.owner_id == actor.customer_id)


class TariffTable(Table):
    name = LinkColumn(
        "tariffs:tariff_detail", verbose_name=_("Name"), narrow=("customers",), ignore_case=True
    )
    currency = TextColumn(accessor="currency_id", verbose_name=_("Currency"), css="soft")
    owner = TextColumn(accessor="owner__name", verbose_name=_("Owner"), priority=1)
    customers = NumberColumn(verbose_name=_("Customers"), priority=1)
    is_default = Column(verbose_name=_("Default"), priority=2)
    loss_protection = TextColumn(
        accessor="get_loss_protection_display",
        order_by="loss_protection",
        verbose_name=_("Loss protection"),
        priority=3,
    )
    actions = ActionsColumn(
        RowAction(_("Edit"), "tariffs:tariff_edit", "pencil-square", "tariffs.edit", shown=_is_own),
        RowAction(
            _("Import rates"),
            "tariffs:import_create",
            "arrow-up-tray",
            "tariffs.edit",
            shown=_is_own,
        ),
        RowAction(
            _("Archive"),
            "tariffs:tariff_archive",
            "trash",
            "tariffs.delete",
            danger=True,
            more=True,
            shown=_is_own,
        ),
    )

    class Meta:
        order_by = "name"

    def render_is_default(self, value: object) -> Any:
        return _("Default") if value else "–"

    def value_is_default(self, value: object) -> str:
        return "yes" if value else "no"


class RateTable(Table):
    prefix = TelColumn(verbose_name=_("Prefix"), empty_values=(), css="tnum strong")
    destination = TextColumn(verbose_name=_("Destination"), css="name")
    country = TextColumn(verbose_name=_("Country"), priority=3)
    price_1 = PriceColumn(verbose_name=_("Price 1"))
    price_n = PriceColumn(verbose_name=_("Price N"), priority=1)
    interval = Column(
        accessor="interval_1", verbose_name=_("Interval, s"), orderable=False, priority=2, css="num"
    )
    valid_from = DateTimeColumn(verbose_name=_("Valid from"), priority=2)
    valid_till = DateTimeColumn(verbose_name=_("Valid till"), priority=3)
    state = Column(accessor="valid_from", verbose_name=_("State"), orderable=False, priority=1)
    actions = ActionsColumn(
        RowAction(
            _("Change price"),
            "tariffs:rate_change",
            "pencil-square",
            "tariffs.edit",
            shown=_is_own_and_open,
        ),
        RowAction(
            _("Close"),
            "tariffs:rate_close",
            "x-mark",
            "tariffs.edit",
            danger=True,
            more=True,
            shown=_is_own_and_open,
        ),
        name="prefix",
    )

    class Meta:
        order_by = "prefix"

    def render_prefix(self, value: str) -> SafeString:
        return format_html('<span class="tel">{}</span>', value or _("Default"))

    def render_interval(self, record: Any) -> str:
        return f"{record.interval_1}/{record.interval_n}"

    def render_state(self, record: Any) -> SafeString:
        tone, label = _state(record)
        return format_html('<span class="status {}">{}</span>', tone, label)

    def row_class(self, record: Any) -> str:
        return "off" if _state(record)[0] == "off" else ""


def _state(record: Any) -> tuple[str, Any]:
    at = timezone.now()
    if record.valid_till is not None and record.valid_till <= at:
        return "off", _("Closed")
    if record.is_forbidden:
        return "stop", _("Forbidden")
    return ("info", _("Future")) if record.valid_from > at else ("ok", _("Current"))


class OwnRateTable(RateTable):
    """What the viewer's customer pays: nothing to change."""

    actions = None  # type: ignore[assignment] # tables2's way to drop an inherited column


class RateSheet(Table):
    """Rates as the importer reads them back; the heads are names that it knows, not translated."""

    prefix = Column(verbose_name="Prefix", empty_values=())
    destination = Column(verbose_name="Destination")
    country = Column(verbose_name="Country")
    price_1 = Column(verbose_name="Price 1")
    price_n = Column(verbose_name="Price N")
    interval_1 = Column(verbose_name="Interval 1")
    interval_n = Column(verbose_name="Interval N")
    is_forbidden = Column(verbose_name="Forbidden")
    grace_enabled = Column(verbose_name="Grace")
    valid_from = Column(verbose_name="Valid from")
    valid_till = Column(verbose_name="Valid till")

    class Meta:
        order_by = ("prefix", "valid_from")

    def value_prefix(self, value: str) -> str:
        return value or "default"

    def value_is_forbidden(self, value: object) -> str:
        return "yes" if value else "no"

    def value_grace_enabled(self, value: object) -> str:
        return "yes" if value else "no"

    def value_valid_from(self, record: Any) -> str:
        return timezone.localtime(record.valid_from, record.tariff.timezone).isoformat()

    def value_valid_till(self, record: Any) -> str:
        return timezone.localtime(record.valid_till, record.tariff.timezone).isoformat()


class AssignmentTable(Table):
    customer = LinkColumn(
        "customers:customer_detail",
        accessor="customer__name",
        pk="customer_id",
        verbose_name=_("Customer"),
    )
    company = TextColumn(accessor="customer__company_name", verbose_name=_("Company"), priority=2)
    since = DateTimeColumn(accessor="valid_from", verbose_name=_("Since"))


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


def _percent(record: Any) -> str:
    """``▲ +56.9 %``; without a number where nothing was charged before."""
    arrow = _ARROWS[Change(record.change)]
    if not record.price_before or record.price_n == record.price_before:
        return arrow
    percent = (record.price_n / record.price_before - 1) * 100
    sign = "+" if percent > 0 else MINUS
    return f"{arrow} {sign}{number_text(abs(percent), 1)} %"


class ExchangeRateTable(Table):
    currency = Column(accessor="currency_id", verbose_name=_("Currency"), css="strong")
    valid_on = DateColumn(verbose_name=_("Valid from"))
    rate = PriceColumn(verbose_name=_("Rate"))
    source = TextColumn(verbose_name=_("Source"), priority=1)
    created_at = DateTimeColumn(verbose_name=_("Entered"), priority=2)

    class Meta:
        order_by = ("-valid_on", "-created_at")
