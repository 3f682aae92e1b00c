"""Rate tables, on the page and as sheets."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import RowAction
from softswitch.core.display import (
    DASH,
    MINUS,
    country_text,
    date_text,
    datetime_text,
    number_text,
)
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    PriceColumn,
    SelectColumn,
    Table,
    TelColumn,
    TextColumn,
)
from tariffs.selectors import is_in_use


class MomentColumn(DateTimeColumn):
    """When a rate begins or ends: the day alone where that is its first instant."""

    def render(self, value: dt.datetime) -> SafeString:
        local = timezone.localtime(value)
        is_day = local.time() == dt.time()
        shown = date_text(value) if is_day else datetime_text(value)
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


def _is_own(record: Any, actor: Any) -> bool:
    return bool(record.tariff.owner_id == actor.customer_id)


def _is_own_and_open(record: Any, actor: Any) -> bool:
    is_open = record.valid_till is None or record.valid_till > timezone.now()
    return is_open and _is_own(record, actor)


def _is_own_and_unpriced(record: Any, actor: Any) -> bool:
    return _is_own(record, actor) and record.is_unpriced


class RateTable(Table):
    select = SelectColumn("prefix")
    prefix = TelColumn(verbose_name=_("Prefix"), empty_values=(), css="tnum strong")
    destination = TextColumn(verbose_name=_("Destination"), css="name")
    country = TextColumn(
        verbose_name=_("Country"), order_by=("country", "prefix"), priority=3, css="brief soft"
    )
    price_1 = PriceColumn(verbose_name=_("Price 1"))
    price_n = PriceColumn(verbose_name=_("Price N"), priority=1)
    interval = Column(
        accessor="interval_1",
        verbose_name=_("Interval, s"),
        orderable=False,
        priority=2,
        css="num soft",
    )
    profile = TextColumn(
        verbose_name=_("Profile"), order_by="profile__name", priority=2, css="brief soft"
    )
    valid_from = MomentColumn(verbose_name=_("Valid from"), priority=2, css="num")
    valid_till = MomentColumn(verbose_name=_("Valid till"), priority=3, css="num")
    state = Column(accessor="valid_from", verbose_name=_("State"), orderable=False, priority=1)
    actions = ActionsColumn(
        RowAction(
            _("Change price"),
            "tariffs:rate_edit",
            "pencil-square",
            "tariffs.edit",
            shown=_is_own_and_open,
            in_place=True,
        ),
        RowAction(_("History"), "tariffs:rate_history", "clock", "tariffs.view"),
        RowAction(
            _("New price"),
            "tariffs:rate_change",
            "plus",
            "tariffs.edit",
            more=True,
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
        RowAction(
            _("Delete"),
            "tariffs:rate_delete",
            "trash",
            "tariffs.edit",
            danger=True,
            more=True,
            shown=_is_own_and_unpriced,
        ),
        name="prefix",
    )

    class Meta:
        order_by = "prefix"

    @classmethod
    def optional_columns(cls) -> list[str]:
        """All but the prefix."""
        return [name for name in super().optional_columns() if name != "prefix"]

    def prepare(self, records: list[Any]) -> None:
        """Which rows have priced nothing yet; all are of one tariff."""
        is_used = bool(records) and is_in_use(records[0].tariff)
        at = timezone.now()
        for record in records:
            record.is_unpriced = not is_used or record.valid_from > at

    def render_prefix(self, value: str) -> SafeString:
        return format_html('<span class="tel">{}</span>', value or _("Default"))

    def render_destination(self, value: str, record: Any) -> SafeString:
        if not record.grace_enabled:
            return format_html("<bdi>{}</bdi>", value)
        return format_html('<bdi>{}</bdi> <span class="tag">{}</span>', value, _("grace"))

    def render_country(self, value: str) -> SafeString:
        text = country_text(value)
        return format_html('<bdi title="{}">{}</bdi>', text, text)

    def render_profile(self, value: Any) -> SafeString:
        """The name, and the times on pointing at it: a payer needs them to check a charge."""
        return format_html('<bdi title="{}">{}</bdi>', value.times, value)

    def value_profile(self, value: Any) -> str:
        return str(value)

    def render_interval(self, record: Any) -> str:
        return f"{record.interval_1}/{record.interval_n}"

    def render_state(self, record: Any) -> SafeString:
        tone, label = _state(record)
        return format_html('<span class="status {}">{}</span>', tone, label)

    def row_class(self, record: Any) -> str:
        return "off" if _state(record)[0] == "off" else ""


def _state(record: Any) -> tuple[str, Any]:
    """The tone and the name of what a row is now."""
    at = timezone.now()
    if record.valid_till is not None and record.valid_till <= at:
        return "off", _("Closed")
    if record.is_forbidden:
        return "stop", _("Forbidden")
    return ("info", _("Future")) if record.valid_from > at else ("ok", _("Current"))


class OwnRateTable(RateTable):
    """What the viewer's customer pays: nothing to change."""

    select = None  # type: ignore[assignment] # tables2's way to drop an inherited column
    actions = None  # type: ignore[assignment]

    def prepare(self, records: list[Any]) -> None:
        """Nothing beside the rows."""


class RateHistoryTable(RateTable):
    """All rows of one prefix, with how much price N differs from that of the row before."""

    select = None  # type: ignore[assignment]
    actions = None  # type: ignore[assignment]
    change = Column(accessor="price_before", verbose_name=_("Change"), orderable=False, css="num")

    class Meta:
        order_by = "-valid_from"
        sequence = (
            "prefix",
            "destination",
            "country",
            "price_1",
            "price_n",
            "change",
            "interval",
            "valid_from",
            "valid_till",
            "state",
        )

    def prepare(self, records: list[Any]) -> None:
        """Nothing beside the rows."""

    def value_change(self, value: Any, record: Any) -> Any:
        """The difference in percent; None where nothing was charged before."""
        return 100 * (record.price_n - value) / value if value else None

    def render_change(self, value: Any, record: Any) -> SafeString | str:
        percent = self.value_change(value, record)
        if percent is None:
            return DASH
        tone, arrow = ("up", "▲ +") if percent > 0 else ("down", f"▼ {MINUS}")
        if not percent:
            tone, arrow = "same", ""
        text = f"{arrow}{number_text(abs(percent), 1)} %"
        return format_html('<span class="change {}">{}</span>', tone, text)


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
    profile = Column(verbose_name="Profile")
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

    def value_profile(self, value: Any) -> str:
        return str(value)

    def value_valid_from(self, record: Any) -> str:
        return timezone.localtime(record.valid_from, record.tariff.timezone).isoformat()

    def value_valid_till(self, record: Any) -> str:
        return timezone.localtime(record.valid_till, record.tariff.timezone).isoformat()
