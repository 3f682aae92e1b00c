"""The lists of prepaid cards and of their batches."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.choices import CardState, ResourceStatus
from accounts.models import Account, CardBatch
from accounts.tables.rows import is_near
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    SelectColumn,
    StatusColumn,
    Table,
)


def may_block(record: Account, actor: Any) -> bool:
    """Whether the row's card is in use, and the actor's to block."""
    return record.status == ResourceStatus.ACTIVE and is_near(record.customer, actor)


def may_unblock(record: Account, actor: Any) -> bool:
    """Whether the row's card is blocked, and the actor's to let go."""
    return record.status != ResourceStatus.ACTIVE and is_near(record.customer, actor)


class CardBatchTable(Table):
    """Batches of prepaid cards of the actor's subtree."""

    name = LinkColumn("accounts:card_batch_detail", verbose_name=_("Batch"))
    customer = LinkColumn(
        "customers:customer_detail",
        pk="customer_id",
        verbose_name=_("Customer"),
        css="soft",
        priority=1,
    )
    count = NumberColumn(verbose_name=_("Cards"))
    value = MoneyColumn(currency="currency_id", verbose_name=_("Value of each"), priority=1)
    created_at = DateTimeColumn(verbose_name=_("Made"), priority=2)
    exported_at = DateTimeColumn(verbose_name=_("PINs exported"), priority=2)

    class Meta:
        model = CardBatch
        fields = ()
        order_by = "-created_at"


class PlainCardTable(Table):
    """Prepaid cards, for roles without money."""

    select = SelectColumn("auth_name")
    auth_name = LinkColumn(
        "accounts:account_detail",
        verbose_name=_("Number"),
        narrow=("card_state",),
        ignore_case=True,
    )
    batch = Column(verbose_name=_("Batch"), priority=2)
    first_used_at = DateTimeColumn(verbose_name=_("First use"), priority=2)
    expires_at = DateTimeColumn(verbose_name=_("Expires"), priority=2)
    card_state = StatusColumn(CardState, verbose_name=_("Status"), priority=1)
    actions = ActionsColumn(
        RowAction(
            _("Block"),
            "accounts:account_deactivate",
            "no-symbol",
            "accounts.edit",
            post=True,
            shown=may_block,
        ),
        RowAction(
            _("Unblock"),
            "accounts:account_activate",
            "play",
            "accounts.edit",
            post=True,
            shown=may_unblock,
        ),
        name="auth_name",
    )

    class Meta:
        model = Account
        fields = ()
        order_by = "auth_name"


class CardTable(PlainCardTable):
    """Prepaid cards with what is left on them."""

    balance = MoneyColumn(
        accessor="balance__amount",
        currency="balance__currency_id",
        is_balance=True,
        verbose_name=_("Available funds"),
        priority=1,
    )

    class Meta(PlainCardTable.Meta):
        sequence = (
            "select",
            "auth_name",
            "batch",
            "balance",
            "first_used_at",
            "expires_at",
            "card_state",
            "actions",
        )
