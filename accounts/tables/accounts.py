"""The list of accounts."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.choices import AccountKind, AccountState, Charging
from accounts.models import Account
from accounts.selectors.charging import tariff_names
from accounts.tables.rows import is_near, may_activate, may_deactivate, may_edit
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    SelectColumn,
    StatusColumn,
    Table,
    TextColumn,
)


def has_sip_password(record: Account, actor: Any) -> bool:
    """Whether the row's SIP password can be changed here; nobody changes one while switched."""
    is_sip = record.kind == AccountKind.SIP
    return is_sip and not actor.is_switched and is_near(record.customer, actor)


def has_own_money(record: Any, actor: Any) -> bool:
    """Whether the row is charged by itself, by the actor's own customer."""
    return is_own(record, actor) and record.charging == Charging.BY_ITSELF


def is_own(record: Account, actor: Any) -> bool:
    """Whether the row's account is the actor's own customer's."""
    return bool(record.customer_id == actor.customer_id)


class PlainAccountTable(Table):
    """Accounts of the actor's subtree, for roles without money."""

    select = SelectColumn("auth_name")
    auth_name = LinkColumn(
        "accounts:account_detail",
        verbose_name=_("Auth name"),
        second="name",
        narrow=("state",),
        ignore_case=True,
    )
    customer = LinkColumn(
        "customers:customer_detail",
        pk="customer_id",
        verbose_name=_("Customer"),
        css="soft party",
        priority=1,
    )
    kind = Column(verbose_name=_("Kind"), css="soft text-nowrap", priority=3)
    charging = StatusColumn(Charging, verbose_name=pgettext_lazy("account", "Charged"), priority=2)
    tariff = TextColumn(accessor="tariff_id", verbose_name=_("Tariff"), priority=3, orderable=False)
    max_sessions = NumberColumn(verbose_name=_("Max sessions"), priority=3)
    cps_limit = NumberColumn(verbose_name=_("CPS limit"), priority=3)
    state = StatusColumn(AccountState, verbose_name=_("Status"), priority=1)
    actions = ActionsColumn(
        RowAction(
            _("Edit"), "accounts:account_edit", "pencil-square", "accounts.edit", shown=may_edit
        ),
        RowAction(
            _("Maintenance"),
            "billing:account_maintenance",
            "banknotes",
            "money.manage",
            shown=has_own_money,
        ),
        RowAction(
            _("Activate"),
            "accounts:account_activate",
            "play",
            "accounts.edit",
            post=True,
            more=True,
            shown=may_activate,
        ),
        RowAction(
            _("Deactivate"),
            "accounts:account_deactivate",
            "pause",
            "accounts.edit",
            post=True,
            more=True,
            shown=may_deactivate,
        ),
        RowAction(
            _("Charging"),
            "accounts:account_charging",
            "currency-dollar",
            "money.manage",
            more=True,
            shown=is_own,
        ),
        RowAction(
            _("Change SIP password"),
            "accounts:account_password",
            "key",
            "accounts.edit",
            more=True,
            shown=has_sip_password,
        ),
        RowAction(
            _("Delete"),
            "accounts:account_archive",
            "x-mark",
            "accounts.delete",
            danger=True,
            more=True,
            shown=may_edit,
        ),
        name="auth_name",
    )

    class Meta:
        model = Account
        fields = ()
        order_by = "auth_name"

    def prepare(self, records: list[Any]) -> None:
        """Which of the tariffs the actor may read the names of: one statement a page."""
        ids = {record.tariff_id for record in records if record.tariff_id}
        self.tariff_names = tariff_names(self.actor, ids)

    def render_tariff(self, value: int) -> str:
        return str(self.value_tariff(value))

    def value_tariff(self, value: int) -> Any:
        return self.tariff_names.get(value, _("The customer's rates"))


class AccountTable(PlainAccountTable):
    """Accounts with the balance of those that have one."""

    balance = MoneyColumn(
        accessor="balance__amount",
        currency="balance__currency_id",
        is_balance=True,
        verbose_name=_("Balance"),
        priority=1,
    )

    class Meta(PlainAccountTable.Meta):
        sequence = (
            "select",
            "auth_name",
            "customer",
            "kind",
            "charging",
            "tariff",
            "balance",
            "max_sessions",
            "cps_limit",
            "state",
            "actions",
        )
