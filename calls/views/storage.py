"""Storage: the months of the big tables, for who runs the system."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from calls.models import Call
from calls.selectors.storage import stored_months
from calls.tables import StorageTable
from softswitch.core.tables import Table
from softswitch.core.views import ListView
from softswitch.core.views.lists import hide_columns


class StorageView(ListView):
    """How many rows each month has, about, how large it is, and whether it is archived."""

    model = Call  # what the months hold most of
    permission = "system.settings"
    title = gettext_lazy("Storage")
    table_class = StorageTable
    empty_icon = "circle-stack"
    empty_title = gettext_lazy("Nothing is stored yet")

    @cached_property
    def found(self) -> Any:
        return stored_months()

    def get_table(self) -> Table:
        table = StorageTable(
            self.found,
            actor=self.actor,
            caption=str(self.get_title()),
            order_by=self.request.GET.get("sort"),
        )
        hide_columns(table, self.actor.user, self.view_name)
        return table

    def get_meta(self) -> str:
        kept = settings.CALL_RETENTION_MONTHS
        if not kept:
            return _("Rows are estimates. Calls and charges are kept for ever.")
        return ngettext(
            "Rows are estimates. Calls and charges are archived after %(months)s month.",
            "Rows are estimates. Calls and charges are archived after %(months)s months.",
            kept,
        ) % {"months": kept}
