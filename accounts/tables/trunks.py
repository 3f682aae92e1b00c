"""The lists of trunks and hosts."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.choices import ResourceStatus
from accounts.models import Host, Trunk
from accounts.selectors.limits import host_limits
from accounts.tables.rows import is_near, may_activate, may_deactivate, may_edit
from billing.selectors.standing import call_standings
from softswitch.core import display
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    LinkColumn,
    NumberColumn,
    SelectColumn,
    StatusColumn,
    Table,
    TelColumn,
)

LIMIT = "num lim"  # a narrow number whose head may take two lines


class TrunkTable(Table):
    """Trunks of the actor's subtree."""

    select = SelectColumn()
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
        RowAction(_("Edit"), "accounts:trunk_edit", "pencil-square", "trunks.edit", shown=may_edit),
        RowAction(_("Add a host"), "accounts:host_create", "plus", "trunks.edit", shown=may_edit),
        RowAction(
            _("Activate"),
            "accounts:trunk_activate",
            "play",
            "trunks.edit",
            post=True,
            more=True,
            shown=may_activate,
        ),
        RowAction(
            _("Deactivate"),
            "accounts:trunk_deactivate",
            "pause",
            "trunks.edit",
            post=True,
            more=True,
            shown=may_deactivate,
        ),
        RowAction(
            _("Delete"),
            "accounts:trunk_archive",
            "x-mark",
            "trunks.delete",
            danger=True,
            more=True,
            shown=may_edit,
        ),
    )

    class Meta:
        model = Trunk
        fields = ()
        order_by = "name"


def may_edit_host(record: Host, actor: Any) -> bool:
    """Whether the row's host leads to a trunk that is the actor's to edit."""
    return is_near(record.trunk.customer, actor)


class EffectiveColumn(Column):
    """The smallest of the three limits; 0 where something keeps all calls away."""

    css = "num"
    empty_values = ()

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, accessor="limits", orderable=False, **kwargs)
        self.kind = kind

    def render(self, value: Any) -> SafeString | str:
        number = self.value(value)
        text = display.DASH if number is None else display.number_text(number)
        return format_html("<strong>{}</strong>", text)

    def value(self, value: Any) -> int | None:
        limit: int | None = getattr(value, self.kind).effective
        return limit if value.block is None else 0


class BlockColumn(Column):
    """What keeps all calls of a host away, such as an inactive customer; else "Active"."""

    empty_values = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, accessor="limits", orderable=False, **kwargs)

    def render(self, value: Any) -> SafeString:
        badge = value.block or ResourceStatus.ACTIVE
        return format_html('<span class="status {}">{}</span>', badge.tone, badge.label)

    def value(self, value: Any) -> str:
        return str((value.block or ResourceStatus.ACTIVE).label)


class HostColumn(TelColumn):
    """The address or network, its tech prefix under it."""

    def render(self, value: object, record: Any) -> SafeString:  # type: ignore[override]
        prefix = record.tech_prefix
        text = _("Tech prefix %(prefix)s") % {"prefix": prefix} if prefix else ""
        return format_html('<span class="tel">{}</span> <span class="sub">{}</span>', value, text)


class HostTable(Table):
    """Hosts with the limits of host, trunk and customer side by side."""

    hidden_by_default = ("tech_prefix",)  # it stands under the host

    network = HostColumn(verbose_name=_("Host"))
    tech_prefix = Column(verbose_name=_("Tech prefix"), priority=3)
    customer = LinkColumn(
        "customers:customer_detail",
        accessor="trunk__customer",
        pk="trunk__customer_id",
        verbose_name=_("Customer"),
        css="name",
        priority=1,
    )
    trunk = LinkColumn(
        "accounts:trunk_detail", pk="trunk_id", verbose_name=_("Trunk"), narrow=("status",)
    )
    status = BlockColumn(verbose_name=_("Status"), css="wrap", priority=1)
    customer_calls = NumberColumn(
        accessor="trunk__customer__call_limit",
        verbose_name=_("Customer calls"),
        css=LIMIT,
        priority=3,
    )
    trunk_calls = NumberColumn(
        accessor="trunk__call_limit", verbose_name=_("Trunk calls"), css=LIMIT, priority=3
    )
    call_limit = NumberColumn(verbose_name=_("Host calls"), css=LIMIT, priority=2)
    calls = EffectiveColumn("calls", verbose_name=_("Effective calls"), css=LIMIT)
    customer_cps = NumberColumn(
        accessor="trunk__customer__cps_limit",
        verbose_name=_("Customer CPS"),
        css=LIMIT,
        priority=3,
    )
    trunk_cps = NumberColumn(
        accessor="trunk__cps_limit", verbose_name=_("Trunk CPS"), css=LIMIT, priority=3
    )
    cps_limit = NumberColumn(verbose_name=_("Host CPS"), css=LIMIT, priority=3)
    cps = EffectiveColumn("cps", verbose_name=_("Effective CPS"), css=LIMIT, priority=3)
    actions = ActionsColumn(
        RowAction(
            _("Edit limits"),
            "accounts:host_limits",
            "adjustments-horizontal",
            "trunks.edit",
            shown=may_edit_host,
            in_place=True,
        ),
        RowAction(
            _("Edit"),
            "accounts:host_edit",
            "pencil-square",
            "trunks.edit",
            more=True,
            shown=may_edit_host,
        ),
        RowAction(
            _("Remove"),
            "accounts:host_remove",
            "x-mark",
            "trunks.edit",
            danger=True,
            more=True,
            shown=may_edit_host,
        ),
        name="network",
    )

    class Meta:
        model = Host
        fields = ()
        order_by = "network"

    def prepare(self, records: list[Any]) -> None:
        """The limits of each row, by the badges of their customers: two statements a page."""
        customers = {record.trunk.customer_id: record.trunk.customer for record in records}
        badges = call_standings(self.actor, list(customers.values()))
        for record in records:
            record.limits = host_limits(record, badges[record.trunk.customer_id])
