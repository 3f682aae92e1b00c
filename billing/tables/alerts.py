"""The list of alert rules: what is in force for whom, and how far the alerts have come."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.choices import AlertLevel
from customers.choices import Frequency
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    StatusColumn,
    Table,
)


def is_direct(record: Any, actor: Actor) -> bool:
    """Whether the actor sets the rules of the row."""
    return bool(record.is_direct_of(actor))


class RuleColumn(Column):
    """Text that the table makes of the whole row."""

    css = "soft wraps"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, accessor="pk", orderable=False, **kwargs)


class AlertTable(Table):
    """Customers with alerts; rows need ``alert_rows``."""

    customer = LinkColumn(
        "customers:customer_detail",
        accessor="name",
        verbose_name=gettext_lazy("Customer"),
        narrow=("level",),
        ignore_case=True,
    )
    level = StatusColumn(
        AlertLevel, accessor="alert_level", verbose_name=gettext_lazy("State"), priority=1
    )
    available = MoneyColumn(
        currency="currency", is_balance=True, verbose_name=gettext_lazy("Available")
    )
    low_limit = MoneyColumn(currency="currency", verbose_name=gettext_lazy("Low below"))
    rule = RuleColumn(verbose_name=gettext_lazy("Told"), priority=2)
    low_since = DateTimeColumn(verbose_name=gettext_lazy("Low since"), priority=1)
    low_told_at = DateTimeColumn(verbose_name=gettext_lazy("Told last"), priority=2)
    low_told_days = NumberColumn(verbose_name=gettext_lazy("Days told"), priority=3)
    trunks_rule = RuleColumn(verbose_name=gettext_lazy("Trunks"), priority=3)
    trunks_disabled_at = DateTimeColumn(verbose_name=gettext_lazy("Trunks off since"), priority=2)
    empty_since = DateTimeColumn(verbose_name=gettext_lazy("Empty since"), priority=3)
    limits_rule = RuleColumn(verbose_name=gettext_lazy("Credit limit used"), priority=3)
    actions = ActionsColumn(
        RowAction(
            gettext_lazy("Edit rules"),
            "customers:customer_edit_notifications",
            "pencil-square",
            "customers.edit",
            shown=is_direct,
        ),
    )
    is_wide = True
    hidden_by_default = ("empty_since", "low_told_at", "low_told_days", "trunks_disabled_at")

    class Meta:
        order_by = "customer"

    def render_rule(self, record: Any) -> str:
        """``Daily at 09:00, Europe/Paris, at most 7 days``; nothing where nothing is low."""
        if record.low_limit is None:
            return _("Never")
        at, zone = record.tell_at, record.zone
        if record.frequency == Frequency.HOURLY:
            text = _("Hourly at minute %(minute)s") % {"minute": f"{at:%M}"}
        else:
            text = _("Daily at %(time)s, %(zone)s") % {"time": f"{at:%H:%M}", "zone": zone}
        if record.most_days is None:
            return text
        days = ngettext("at most %(count)s day", "at most %(count)s days", record.most_days)
        return display.listed((text, days % {"count": record.most_days}))

    value_rule = render_rule

    def render_trunks_rule(self, record: Any) -> str:
        """After how many days trunks are disabled, and since when they are."""
        if record.low_limit is None or record.trunks_after is None:
            return _("Never disabled")
        days = ngettext(
            "Disabled after %(count)s day", "Disabled after %(count)s days", record.trunks_after
        )
        text = days % {"count": record.trunks_after}
        if record.trunks_disabled_at is None:
            return text
        day = display.date_text(record.trunks_disabled_at)
        return _("%(rule)s (since %(day)s)") % {"rule": text, "day": day}

    value_trunks_rule = render_trunks_rule

    def render_limits_rule(self, record: Any) -> str:
        """The thresholds; the one that is passed is said."""
        steps = record.thresholds if record.is_on else None
        if not steps:
            return display.DASH
        text = display.listed(f"{step}%" for step in steps)
        if not record.credit_step:
            return text
        return _("%(steps)s (%(step)s%% passed)") % {"steps": text, "step": record.credit_step}

    value_limits_rule = render_limits_rule
