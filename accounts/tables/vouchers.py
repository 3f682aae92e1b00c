"""The lists of vouchers and of their batches."""

from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.choices import VoucherStatus
from accounts.models import Voucher, VoucherBatch
from accounts.selectors.vouchers import state_of_unused, voucher_counts
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    DateTimeColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    SelectColumn,
    StatusColumn,
    Table,
    TelColumn,
)


def is_own(customer_id: int, actor: Any) -> bool:
    """Whether vouchers of a customer are the actor's own to change."""
    return bool(customer_id == actor.customer_id)


class VoucherBatchTable(Table):
    """Batches of the actor's subtree, with how many vouchers of each stand where."""

    name = LinkColumn("accounts:voucher_batch_detail", verbose_name=_("Batch"), ignore_case=True)
    customer = LinkColumn(
        "customers:customer_detail",
        pk="customer_id",
        verbose_name=_("Customer"),
        css="soft",
        priority=3,
    )
    value = MoneyColumn(currency="currency_id", verbose_name=_("Value"))
    count = NumberColumn(verbose_name=_("Vouchers"), priority=2)
    unused = NumberColumn(
        accessor="counts__unused", orderable=False, verbose_name=_("Unused"), priority=1
    )
    used = NumberColumn(
        accessor="counts__used", orderable=False, verbose_name=_("Used"), priority=1
    )
    blocked = NumberColumn(
        accessor="counts__blocked", orderable=False, verbose_name=_("Blocked"), priority=3
    )
    state = StatusColumn(VoucherStatus, orderable=False, verbose_name=_("Status"), priority=1)
    expires_at = DateTimeColumn(verbose_name=_("Expires"), priority=2)
    exported_at = DateTimeColumn(verbose_name=_("PINs exported"), priority=3)

    class Meta:
        model = VoucherBatch
        fields = ()
        order_by = "-pk"

    def prepare(self, records: list[Any]) -> None:
        """The counts and the state of the unused vouchers, read at once."""
        counts, moment = voucher_counts([batch.pk for batch in records]), now()
        for batch in records:
            batch.counts = counts[batch.pk]
            batch.state = state_of_unused(batch, moment)


class VoucherTable(Table):
    """Vouchers by their serials; never their PINs."""

    select = SelectColumn("serial")
    serial = TelColumn(verbose_name=_("Serial"))
    batch = LinkColumn(
        "accounts:voucher_batch_detail", pk="batch_id", verbose_name=_("Batch"), css="trunc soft"
    )
    value = MoneyColumn(
        accessor="batch__value",
        currency="batch__currency_id",
        orderable=False,
        verbose_name=_("Value"),
        priority=1,
    )
    state = StatusColumn(VoucherStatus, orderable=False, verbose_name=_("Status"))
    expires_at = DateTimeColumn(
        accessor="batch__expires_at", orderable=False, verbose_name=_("Expires"), priority=3
    )
    used_at = DateTimeColumn(verbose_name=_("Used"), priority=2)
    payer = LinkColumn(
        "billing:entry_detail",
        pk="entry_id",
        orderable=False,
        verbose_name=_("Paid in by"),
        css="soft",
        priority=1,
    )
    actions = ActionsColumn(
        RowAction(
            _("Block"),
            "accounts:voucher_block",
            "no-symbol",
            "vouchers.edit",
            post=True,
            danger=True,
            shown=lambda row, actor: (
                row.status == VoucherStatus.ACTIVE and is_own(row.batch.customer_id, actor)
            ),
        ),
        RowAction(
            _("Unblock"),
            "accounts:voucher_unblock",
            "check-circle",
            "vouchers.edit",
            post=True,
            shown=lambda row, actor: (
                row.status == VoucherStatus.BLOCKED and is_own(row.batch.customer_id, actor)
            ),
        ),
        name="serial",
    )

    class Meta:
        model = Voucher
        fields = ()
        order_by = "serial"


class BatchVoucherTable(VoucherTable):
    """The vouchers of one batch, which the page names."""

    class Meta(VoucherTable.Meta):
        exclude = ("batch", "value", "expires_at")
