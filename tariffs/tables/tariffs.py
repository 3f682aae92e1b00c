"""Lists of tariffs and of who pays by them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    LinkColumn,
    NumberColumn,
    Table,
    TextColumn,
)


def _is_own(record: Any, actor: Any) -> bool:
    return bool(record.owner_id == actor.customer_id)


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


class AssignmentTable(Table):
    customer = LinkColumn(
        "customers:customer_detail",
        accessor="customer__name",
        pk="customer_id",
        verbose_name=_("Customer"),
    )
    company = TextColumn(accessor="customer__company_name", verbose_name=_("Company"), priority=2)
    since = DateTimeColumn(accessor="valid_from", verbose_name=_("Since"))
