"""The lists of trunks and hosts."""

from django.utils.translation import gettext_lazy as _

from accounts.choices import ResourceStatus
from accounts.models import Host, Trunk
from accounts.tables.rows import is_near
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    LinkColumn,
    NumberColumn,
    StatusColumn,
    Table,
    TelColumn,
)


class TrunkTable(Table):
    """Trunks of the actor's subtree."""

    name = LinkColumn(
        "accounts:trunk_detail", verbose_name=_("Trunk"), narrow=("status",), ignore_case=True
    )
    customer = LinkColumn(
        "customers:customer_detail", pk="customer_id", verbose_name=_("Customer"), css="soft"
    )
    host_count = NumberColumn(verbose_name=_("Hosts"), priority=1)
    call_limit = NumberColumn(verbose_name=_("Call limit"), priority=2)
    cps_limit = NumberColumn(verbose_name=_("CPS limit"), priority=2)
    status = StatusColumn(ResourceStatus, verbose_name=_("Status"), priority=1)
    actions = ActionsColumn(
        RowAction(
            _("Edit"),
            "accounts:trunk_edit",
            "pencil-square",
            "trunks.edit",
            shown=lambda record, actor: is_near(record.customer, actor),
        )
    )

    class Meta:
        model = Trunk
        fields = ()
        order_by = "name"


class HostTable(Table):
    """Hosts with the limits of host, trunk and customer side by side."""

    network = TelColumn(verbose_name=_("Host"))
    tech_prefix = Column(verbose_name=_("Tech prefix"))
    customer = LinkColumn(
        "customers:customer_detail",
        accessor="trunk__customer",
        pk="trunk__customer_id",
        verbose_name=_("Customer"),
        css="soft",
        priority=1,
    )
    trunk = LinkColumn("accounts:trunk_detail", pk="trunk_id", verbose_name=_("Trunk"))
    status = StatusColumn(ResourceStatus, verbose_name=_("Status"), priority=1)
    customer_calls = NumberColumn(
        accessor="trunk__customer__call_limit", verbose_name=_("Customer calls"), priority=3
    )
    trunk_calls = NumberColumn(
        accessor="trunk__call_limit", verbose_name=_("Trunk calls"), priority=2
    )
    call_limit = NumberColumn(verbose_name=_("Host calls"), priority=2)
    cps_limit = NumberColumn(verbose_name=_("Host CPS"), priority=3)

    class Meta:
        model = Host
        fields = ()
        order_by = "network"
