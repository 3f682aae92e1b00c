"""Lists of tariffs and of who pays by them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import RowAction
from softswitch.core.display import number_text
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    LinkColumn,
    NumberColumn,
    Table,
    TextColumn,
)
from tariffs.selectors import open_rate_counts


def _is_own(record: Any, actor: Any) -> bool:
    return bool(record.owner_id == actor.customer_id)


class TariffTable(Table):
    name = LinkColumn(
        "tariffs:tariff_detail", verbose_name=_("Name"), narrow=("customers",), ignore_case=True
    )
    currency = TextColumn(accessor="currency_id", verbose_name=_("Currency"), css="soft")
    owner = TextColumn(accessor="owner__name", verbose_name=_("Owner"), priority=1)
    rates = Column(accessor="pk", verbose_name=_("Rates"), orderable=False, priority=1, css="num")
    customers = NumberColumn(verbose_name=_("Customers"), priority=1)
    changed_at = DateTimeColumn(verbose_name=_("Last change"), priority=2)
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
        RowAction(_("Copy"), "tariffs:tariff_copy", "square-2-stack", "tariffs.add", more=True),
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

    def prepare(self, records: list[Any]) -> None:
        """How many current and future rates each has, in one statement."""
        self.counts = open_rate_counts([record.pk for record in records])

    def render_rates(self, record: Any) -> str:
        count, is_more = self.counts[record.pk]
        return number_text(count) + ("+" if is_more else "")

    def value_rates(self, record: Any) -> str:
        count, is_more = self.counts[record.pk]
        return f"{count}+" if is_more else str(count)

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


class AccountPayerTable(Table):
    auth_name = LinkColumn("accounts:account_detail", verbose_name=_("Account"), second="name")
    customer = LinkColumn(
        "customers:customer_detail",
        accessor="customer__name",
        pk="customer_id",
        verbose_name=_("Customer"),
        css="soft",
    )
    since = DateTimeColumn(verbose_name=_("Since"), priority=1)

    class Meta:
        order_by = "auth_name"
