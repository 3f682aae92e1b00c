"""Lists of payments."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.choices import OnlineState
from billing.tables.money import EntryTable
from softswitch.core.tables import (
    Column,
    DateTimeColumn,
    LinkColumn,
    MoneyColumn,
    StatusColumn,
    Table,
    TextColumn,
)


class PaymentTable(EntryTable):
    """Money that was paid in, newest first; what was taken back of it stands there too."""

    amount = MoneyColumn(currency="balance__currency_id", verbose_name=_("Amount"))

    class Meta(EntryTable.Meta):
        exclude = ("balance_after",)


class OnlinePaymentTable(Table):
    """Payments through online providers, newest first."""

    customer = LinkColumn(
        "billing:online_detail",
        accessor="customer_name",
        pk="pk",
        verbose_name=_("Customer"),
        second="balance__account",
        narrow=("state",),
    )
    created_at = DateTimeColumn(verbose_name=_("Begun"), priority=1)
    provider = Column(verbose_name=_("Provider"), orderable=False, priority=3)
    is_automatic = Column(verbose_name=_("Automatic"), orderable=False, priority=3)
    state = StatusColumn(OnlineState, verbose_name=_("State"), priority=1)
    note = TextColumn(verbose_name=_("Notes"), orderable=False, priority=2)
    refunded = MoneyColumn(
        currency="currency_id", orderable=False, verbose_name=_("Given back"), priority=2
    )
    amount = MoneyColumn(currency="currency_id", orderable=False, verbose_name=_("Amount"))

    class Meta:
        order_by = "-created_at"

    def render_is_automatic(self, record: Any) -> str:
        return str(_("Yes") if record.is_automatic else _("No"))

    def render_note(self, value: str) -> SafeString:
        return format_html('<bdi title="{0}">{0}</bdi>', gettext(value))

    def value_note(self, value: str) -> str:
        return gettext(value)

    def value_is_automatic(self, record: Any) -> str:
        return self.render_is_automatic(record)
