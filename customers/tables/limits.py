"""The list of customers' limits."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.selectors.balances import may_see_balances
from billing.selectors.overview import trunk_counts
from customers.choices import Status
from customers.tables.customers import TrunksColumn
from customers.tables.row_actions import is_direct
from customers.tenancy import Actor
from softswitch.core.chrome import RowAction
from softswitch.core.tables import ActionsColumn, LinkColumn, MoneyColumn, NumberColumn, Table


class LimitTable(Table):
    """Customers with what limits them; rows need the columns of with_balances().

    Without the right to see balances there is no credit limit.
    """

    customer = LinkColumn(
        "customers:customer_detail",
        accessor="name",
        verbose_name=_("Customer"),
        narrow=("credit_limit",),
        ignore_case=True,
    )
    trunks = TrunksColumn(
        accessor="trunk_count", orderable=False, verbose_name=_("Trunks"), priority=1
    )
    credit_limit = MoneyColumn(currency="currency", verbose_name=_("Credit limit"), priority=1)
    call_limit = NumberColumn(verbose_name=_("Call limit"))
    cps_limit = NumberColumn(verbose_name=_("CPS limit"))
    actions = ActionsColumn(
        RowAction(
            _("Edit limits"),
            "customers:limit_edit",
            "pencil-square",
            "limits.edit",
            shown=is_direct,
            in_place=True,
        ),
    )

    class Meta:
        order_by = "customer"

    def __init__(self, data: Any, *, actor: Actor, **kwargs: Any) -> None:
        hidden = () if may_see_balances(actor) else ("credit_limit",)
        super().__init__(data, actor=actor, exclude=hidden, **kwargs)

    def prepare(self, records: list[Any]) -> None:
        """The number of trunks of each row, in one statement."""
        trunks = trunk_counts([record.pk for record in records])
        for record in records:
            record.trunk_count = trunks.get(record.pk, 0)

    def row_class(self, record: Any) -> str:
        return "" if record.status == Status.ACTIVE else "off"
