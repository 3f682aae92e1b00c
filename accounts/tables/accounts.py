"""The list of accounts."""

from django.utils.translation import gettext_lazy as _

from accounts.choices import Charging, ResourceStatus
from accounts.models import Account
from accounts.tables.rows import is_near
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    LinkColumn,
    NumberColumn,
    StatusColumn,
    Table,
)


class AccountTable(Table):
    """Accounts of the actor's subtree."""

    auth_name = LinkColumn(
        "accounts:account_detail",
        verbose_name=_("Auth name"),
        second="name",
        narrow=("status",),
        ignore_case=True,
    )
    customer = LinkColumn(
        "customers:customer_detail", pk="customer_id", verbose_name=_("Customer"), css="soft"
    )
    charging = StatusColumn(Charging, verbose_name=_("Charged"), priority=2)
    max_sessions = NumberColumn(verbose_name=_("Max sessions"), priority=3)
    cps_limit = NumberColumn(verbose_name=_("CPS limit"), priority=3)
    status = StatusColumn(ResourceStatus, verbose_name=_("Status"), priority=1)
    actions = ActionsColumn(
        RowAction(
            _("Edit"),
            "accounts:account_edit",
            "pencil-square",
            "accounts.edit",
            shown=lambda record, actor: is_near(record.customer, actor),
        ),
        name="auth_name",
    )

    class Meta:
        model = Account
        fields = ()
        order_by = "auth_name"
