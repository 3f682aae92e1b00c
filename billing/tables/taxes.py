"""The list of tax settings."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from softswitch.core.chrome import RowAction
from softswitch.core.display import listed
from softswitch.core.tables import ActionsColumn, Column, LinkColumn, NumberColumn, Table


class RatesColumn(Column):
    """The rates of a tax in their order: ``GST 5 %, PST 7 %``."""

    css = "soft"

    def render(self, record: Any) -> str:
        return listed(record.rates.all())

    def value(self, record: Any) -> str:
        return self.render(record)


class TaxTable(Table):
    """The tax settings of an owner, and how many chose them."""

    name = LinkColumn("billing:tax_edit", verbose_name=_("Name"), ignore_case=True)
    mode = Column(verbose_name=_("Tax"))
    rates = RatesColumn(accessor="pk", verbose_name=pgettext_lazy("tax", "Rates"), orderable=False)
    category = Column(verbose_name=_("Category"), priority=2)
    classes = NumberColumn(verbose_name=_("Chosen by classes"), priority=2)
    customers = NumberColumn(verbose_name=_("Chosen by customers"), priority=2)
    actions = ActionsColumn(
        RowAction(_("Edit"), "billing:tax_edit", "pencil-square"),
        RowAction(_("Delete"), "billing:tax_delete", "x-mark", danger=True, more=True),
    )

    class Meta:
        order_by = "name"
