"""The history of automatic reports."""

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from calls.choices import DailyReportState, ReportKind
from calls.models import DailyReport
from calls.selectors.daily_late import later_calls
from calls.selectors.daily_reports import addresses_shown, has_file, may_send_again
from softswitch.core.chrome import RowAction
from softswitch.core.display import DASH, number_text
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateColumn,
    DateTimeColumn,
    NumberColumn,
    StatusColumn,
    Table,
    TextColumn,
)


class RecipientsColumn(Column):
    """The addresses that a report went to, as far as the viewer may read them."""

    def render(self, record: Any, table: "DailyReportTable") -> SafeString | str:
        shown = ([one] for one in addresses_shown(record, table.actor))
        return format_html_join(SafeString("<br>"), "<bdi>{}</bdi>", shown) or DASH

    def value(self, value: Any, record: Any = None, table: Any = None) -> str:
        return ", ".join(addresses_shown(record, table.actor))


class StateColumn(StatusColumn):
    """How far it came, and why no further; whether its day has changed since then."""

    def render(self, record: Any, bound_column: Any) -> SafeString:
        badge = super().render(record, bound_column)
        note = record.failure or _later(record.later)
        if not note:
            return badge
        return format_html('{}<span class="sub">{}</span>', badge, note)


def _later(count: int) -> str:
    if not count:
        return ""
    words = ngettext("%(count)s call came later", "%(count)s calls came later", count)
    return words % {"count": number_text(count)}


class DailyReportTable(Table):
    """Automatic reports, the newest day first."""

    day = DateColumn(verbose_name=_("Day"))
    customer = TextColumn(accessor="customer_name", verbose_name=_("Customer"), css="name")
    kind = Column(verbose_name=_("Report"))
    timezone = TextColumn(verbose_name=_("Time zone"), priority=3)
    calls = NumberColumn(verbose_name=_("Calls"), priority=2)
    recipients = RecipientsColumn(
        accessor="pk", orderable=False, verbose_name=_("Sent to"), priority=2
    )
    due_at = DateTimeColumn(verbose_name=_("Due"), priority=3)
    sent_at = DateTimeColumn(verbose_name=_("Sent"), priority=1)
    times_sent = NumberColumn(verbose_name=_("Times sent"), priority=3)
    state = StateColumn(DailyReportState, verbose_name=_("State"))
    actions = ActionsColumn(
        RowAction(
            _("Download"),
            "calls:daily_report_file",
            "arrow-down-tray",
            shown=lambda record, _actor: has_file(record),
        ),
        RowAction(
            _("Send again"),
            "calls:daily_report_send",
            "arrow-path",
            post=True,
            shown=may_send_again,
        ),
        name="label",
    )

    hidden_by_default = ("timezone", "due_at", "times_sent")

    class Meta:
        model = DailyReport
        fields = ()
        order_by = "-day"

    def prepare(self, records: list[Any]) -> None:
        late = later_calls(records)
        for record in records:
            record.later = late.get(record.pk, 0)
            record.label = f"{ReportKind(record.kind).label} {record.day}"
