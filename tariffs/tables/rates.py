"""Rate tables, on the page and as sheets."""

from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    PriceColumn,
    Table,
    TelColumn,
    TextColumn,
)


def _is_own_and_open(record: Any, actor: Any) -> bool:
    is_open = record.valid_till is None or record.valid_till > timezone.now()
    return bool(is_open and record.tariff.owner_id == actor.customer_id)


class RateTable(Table):
    prefix = TelColumn(verbose_name=_("Prefix"), empty_values=(), css="tnum strong")
    destination = TextColumn(verbose_name=_("Destination"), css="name")
    country = TextColumn(verbose_name=_("Country"), priority=3)
    price_1 = PriceColumn(verbose_name=_("Price 1"))
    price_n = PriceColumn(verbose_name=_("Price N"), priority=1)
    interval = Column(
        accessor="interval_1", verbose_name=_("Interval, s"), orderable=False, priority=2, css="num"
    )
    profile = TextColumn(verbose_name=_("Profile"), order_by="profile__name", priority=2)
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
