"""Lists of ledger entries, payment terms, invoice settings and imports of records."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.choices import OnlineState
from customers.choices import ImportState
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    StatusColumn,
    Table,
    TextColumn,
)


class PosterColumn(Column):
    """Who posted; "Your provider" for one above the viewer."""

    css = "soft"

    def render(self, record: Any) -> str:
        return poster(record.who, is_above=record.is_above)

    def value(self, record: Any) -> str:
        return self.render(record)


def poster(who: str, *, is_above: bool) -> str:
    """Who posted an entry, in words: a name, "Your provider", or the system."""
    return str(_("Your provider")) if is_above else who or str(_("System"))


class FormerBalanceTable(Table):
    """Closed balances, each with its statement."""

    customer = LinkColumn(
        "billing:former_ledger", accessor="customer_name", pk="pk", verbose_name=_("Customer")
    )
    opened_at = DateTimeColumn(verbose_name=_("Opened"), priority=2)
    closed_at = DateTimeColumn(verbose_name=_("Closed"), priority=1)
    amount = MoneyColumn(
        currency="currency_id", verbose_name=_("Balance"), is_balance=True, orderable=False
    )

    class Meta:
        order_by = "-closed_at"


class EntryTable(Table):
    """What people and rules posted, newest first; calls stand on the statements."""

    customer = LinkColumn(
        "billing:entry_detail",
        accessor="customer_name",
        pk="pk",
        verbose_name=_("Customer"),
        second="account",
        narrow=("posted_at",),
    )
    posted_at = DateTimeColumn(verbose_name=_("Posted"), priority=1)
    kind = Column(verbose_name=_("Kind"))
    notes = TextColumn(verbose_name=_("Notes"), priority=2)
    who = PosterColumn(accessor="pk", orderable=False, verbose_name=_("By"), priority=3)
    original_amount = MoneyColumn(
        currency="original_currency_id", orderable=False, verbose_name=_("Entered"), priority=3
    )
    amount = MoneyColumn(currency="balance__currency_id", orderable=False, verbose_name=_("Amount"))
    balance_after = MoneyColumn(
        currency="balance__currency_id",
        orderable=False,
        verbose_name=_("Balance after"),
        priority=2,
    )

    class Meta:
        order_by = "-posted_at"


class PaymentTable(Table):
    """Money that was paid in, newest first; what was taken back of it stands there too."""

    customer = LinkColumn(
        "billing:entry_detail",
        accessor="customer_name",
        pk="pk",
        verbose_name=_("Customer"),
        second="account",
        narrow=("posted_at",),
    )
    posted_at = DateTimeColumn(verbose_name=_("Posted"), priority=1)
    kind = Column(verbose_name=_("Kind"))
    notes = TextColumn(verbose_name=_("Notes"), priority=2)
    who = PosterColumn(accessor="pk", orderable=False, verbose_name=_("By"), priority=3)
    original_amount = MoneyColumn(
        currency="original_currency_id", orderable=False, verbose_name=_("Entered"), priority=3
    )
    amount = MoneyColumn(currency="balance__currency_id", verbose_name=_("Amount"))

    class Meta:
        order_by = "-posted_at"


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

    def value_is_automatic(self, record: Any) -> str:
        return self.render_is_automatic(record)


class PaymentTermTable(Table):
    """The payment terms of an owner, and how many chose them."""

    name = LinkColumn("billing:payment_term_edit", verbose_name=_("Name"), ignore_case=True)
    period_type = Column(verbose_name=_("Billing period"))
    due_days = NumberColumn(verbose_name=_("Days until due"))
    grace_days = NumberColumn(verbose_name=_("Grace days"), priority=1)
    classes = NumberColumn(verbose_name=_("Chosen by classes"), priority=2)
    customers = NumberColumn(verbose_name=_("Chosen by customers"), priority=2)
    actions = ActionsColumn(
        RowAction(_("Edit"), "billing:payment_term_edit", "pencil-square"),
        RowAction(_("Delete"), "billing:payment_term_delete", "x-mark", danger=True, more=True),
    )

    class Meta:
        order_by = "name"


class InvoiceSettingsTable(Table):
    """The invoice settings of an owner, and how many chose them."""

    name = LinkColumn("billing:invoice_settings_edit", verbose_name=_("Name"), ignore_case=True)
    series = Column(verbose_name=_("Number series"))
    invoice_format = Column(verbose_name=_("Format"), priority=1)
    rate_value = Column(verbose_name=_("Rate value"), priority=2)
    rate_decimals = NumberColumn(verbose_name=_("Rate decimals"), priority=3)
    classes = NumberColumn(verbose_name=_("Chosen by classes"), priority=2)
    customers = NumberColumn(verbose_name=_("Chosen by customers"), priority=2)
    actions = ActionsColumn(
        RowAction(_("Edit"), "billing:invoice_settings_edit", "pencil-square"),
        RowAction(_("Delete"), "billing:invoice_settings_delete", "x-mark", danger=True, more=True),
    )

    class Meta:
        order_by = "name"


class UploaderColumn(Column):
    """Who uploaded a file; "Your provider" for one above the viewer."""

    css = "soft"

    def render(self, record: Any) -> str:
        return poster(record.uploader, is_above=record.is_above)

    def value(self, record: Any) -> str:
        return self.render(record)


class RecordImportTable(Table):
    """Files of customers or accounts, newest first."""

    filename = LinkColumn("billing:record_import_detail", verbose_name=_("File"), narrow=("state",))
    total = NumberColumn(verbose_name=_("Rows"))
    wrong = NumberColumn(verbose_name=_("Errors"), priority=2)
    state = StatusColumn(ImportState, verbose_name=_("State"), priority=1)
    uploader = UploaderColumn(
        verbose_name=_("Uploaded by"), orderable=False, empty_values=(), priority=2
    )
    created_at = DateTimeColumn(verbose_name=_("Uploaded"), priority=1)
    finished_at = DateTimeColumn(verbose_name=_("Applied"), priority=3)

    class Meta:
        order_by = "-created_at"
