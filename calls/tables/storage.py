"""The months of the big tables as a list."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from calls.choices import MonthState
from softswitch.core.tables import Column, DateTimeColumn, NumberColumn, StatusColumn, Table


def _rows(name: str, label: Any, priority: int = 0) -> NumberColumn:
    return NumberColumn(accessor=f"rows__{name}", verbose_name=label, priority=priority)


class StorageTable(Table):
    """Months, with about how many rows each table has of them."""

    label = Column(verbose_name=_("Month (UTC)"), css="name")
    calls = _rows("calls", _("Calls"))
    charges = _rows("charges", _("Charges"), 1)
    entries = _rows("entries", _("Usage entries"), 2)
    sums = _rows("sums", _("Sums for reports"), 3)
    megabytes = NumberColumn(accessor="megabytes", order_by="size", verbose_name=_("Size, MB"))
    state = StatusColumn(MonthState, verbose_name=_("Status"))
    archived_at = DateTimeColumn(verbose_name=_("Archived"), priority=3)
    archived_by = Column(verbose_name=_("By"), priority=3)

    class Meta:
        order_by = "-label"
