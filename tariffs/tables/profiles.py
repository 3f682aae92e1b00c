"""Lists of time-of-day profiles."""

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import RowAction
from softswitch.core.tables import ActionsColumn, Column, LinkColumn, NumberColumn, Table


class ProfileTable(Table):
    name = LinkColumn("tariffs:profile_edit", verbose_name=_("Name"), ignore_case=True)
    times = Column(verbose_name=_("Times"), orderable=False, css="mono")
    holidays = NumberColumn(verbose_name=_("Holidays"), orderable=False, priority=1)
    uses = NumberColumn(verbose_name=_("Rates"))
    actions = ActionsColumn(
        RowAction(_("Edit"), "tariffs:profile_edit", "pencil-square", "tariffs.edit"),
        RowAction(_("Copy"), "tariffs:profile_copy", "document-duplicate", "tariffs.edit"),
        RowAction(
            _("Delete"), "tariffs:profile_delete", "x-mark", "tariffs.edit", danger=True, more=True
        ),
    )

    class Meta:
        order_by = "name"

    def render_times(self, value: str) -> SafeString:
        return format_html_join("", "<div>{}</div>", ((line,) for line in value.splitlines()))

    def value_times(self, value: str) -> str:
        return value.replace("\n", "; ")

    def render_holidays(self, value: list[object]) -> int:
        return len(value)

    def value_holidays(self, value: list[object]) -> str:
        return ", ".join(map(str, value))
