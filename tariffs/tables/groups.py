"""Lists of destination groups."""

from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import RowAction
from softswitch.core.tables import ActionsColumn, Column, LinkColumn, NumberColumn, Table

SHOWN = 8


class DestinationGroupTable(Table):
    """Groups in the order in which they claim destinations; of long lists the first ones."""

    position = NumberColumn(verbose_name=_("Order"))
    name = LinkColumn("tariffs:group_edit", verbose_name=_("Name"), ignore_case=True)
    countries = Column(verbose_name=_("Countries"), orderable=False, css="mono")
    patterns = Column(verbose_name=_("Destinations"), orderable=False, priority=1)
    actions = ActionsColumn(
        RowAction(_("Edit"), "tariffs:group_edit", "pencil-square", "tariffs.edit"),
        RowAction(_("Delete"), "tariffs:group_delete", "x-mark", "tariffs.edit", danger=True),
    )

    class Meta:
        order_by = "position"

    def render_countries(self, value: list[str]) -> str:
        return _short(value)

    def value_countries(self, value: list[str]) -> str:
        return ", ".join(value)

    def render_patterns(self, value: list[str]) -> str:
        return _short(value)

    def value_patterns(self, value: list[str]) -> str:
        return ", ".join(value)


def _short(texts: list[str]) -> str:
    more = len(texts) - SHOWN
    shown = ", ".join(texts[:SHOWN])
    return f"{shown} +{more}" if more > 0 else shown
