"""Lists of ledger entries, periods, payment terms, invoice settings and imports of records."""

from datetime import datetime
from typing import Any

from django.db.models import OrderBy, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import override
from django.utils.translation import gettext_lazy as _

from billing.choices import ClosingState, DunningState, PeriodOutcome
from billing.selectors.balances import by_name
from billing.selectors.closing import closes_from
from billing.selectors.dunning import may_dun, next_steps
from customers.choices import ImportState
from softswitch.core import display
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateColumn,
    DateTimeColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    StatusColumn,
    Table,
    TextColumn,
)


def by_payer(
    table: Table, rows: QuerySet[Any], customer: str, *, is_descending: bool
) -> tuple[QuerySet[Any], bool]:
    """Sort by the name of who pays, as the viewer reads it."""
    name = by_name(table.actor, customer)
    return rows.order_by(OrderBy(name, descending=is_descending)), True


class PosterColumn(Column):
    """Who posted; "Your provider" for one above the viewer."""

    css = "soft text-nowrap"

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
    kind = Column(verbose_name=_("Kind"), css="text-nowrap")
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

    def order_customer(
        self,
        rows: QuerySet[Any],
        is_descending: bool,  # noqa: FBT001
    ) -> tuple[QuerySet[Any], bool]:
        return by_payer(self, rows, "customer", is_descending=is_descending)

    def order_kind(self, rows: QuerySet[Any], is_descending: bool) -> tuple[QuerySet[Any], bool]:  # noqa: FBT001
        """By the kind; entries of one kind by their time, as the index has them."""
        minus = "-" if is_descending else ""
        return rows.order_by(f"{minus}kind", f"{minus}posted_at"), True


class LocalColumn(Column):
    """A moment by the clocks of the billing time zone found at ``zone`` (an accessor)."""

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def render(self, value: datetime, record: Any) -> SafeString:
        with override(self.of(self.zone, record)):
            shown = display.datetime_text(value)
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


class PeriodTable(Table):
    """Billing periods, the one that ended last first."""

    customer = LinkColumn(
        "billing:balance_periods",
        accessor="customer_name",
        pk="balance_id",
        verbose_name=_("Customer"),
        second="balance__account",
        narrow=("outcome",),
    )
    starts_at = LocalColumn(zone="timezone", verbose_name=_("Start"), priority=2)
    ends_at = LocalColumn(zone="timezone", verbose_name=_("End"))
    timezone = TextColumn(verbose_name=_("Time zone"), orderable=False, priority=3)
    period_type = Column(verbose_name=_("Billing period"), orderable=False, priority=2)
    outcome = StatusColumn(
        PeriodOutcome, verbose_name=_("State"), orderable=False, empty_values=(), priority=1
    )
    closed_at = DateTimeColumn(verbose_name=_("Closed"), orderable=False, priority=2)
    unrated_calls = NumberColumn(verbose_name=_("Unrated calls"), orderable=False, priority=3)

    class Meta:
        order_by = "-ends_at"

    def order_customer(
        self,
        rows: QuerySet[Any],
        is_descending: bool,  # noqa: FBT001
    ) -> tuple[QuerySet[Any], bool]:
        return by_payer(self, rows, "balance__customer", is_descending=is_descending)


class ClosingTable(Table):
    """The period that each balance closes next, and what it waits for."""

    customer = LinkColumn(
        "billing:balance_periods",
        accessor="customer_name",
        verbose_name=_("Customer"),
        second="account",
        narrow=("state",),
    )
    closes_at = LocalColumn(zone="period_timezone", verbose_name=_("Period ends"))
    period_timezone = TextColumn(verbose_name=_("Time zone"), orderable=False, priority=3)
    period_type = Column(verbose_name=_("Billing period"), orderable=False, priority=2)
    state = StatusColumn(ClosingState, verbose_name=_("State"), orderable=False, priority=1)
    unrated_calls = NumberColumn(verbose_name=_("Unrated calls"), orderable=False, priority=2)
    closes_from = DateTimeColumn(
        verbose_name=_("Closes from"), orderable=False, empty_values=(), priority=1
    )

    class Meta:
        order_by = "closes_at"

    def order_customer(
        self,
        rows: QuerySet[Any],
        is_descending: bool,  # noqa: FBT001
    ) -> tuple[QuerySet[Any], bool]:
        return by_payer(self, rows, "customer", is_descending=is_descending)

    def value_closes_from(self, record: Any) -> datetime:
        """When the delay is over; where unrated calls hold it back, when that is, at the latest."""
        return closes_from(record)

    def render_closes_from(self, record: Any) -> str:
        return display.datetime_text(closes_from(record))


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


class NextStepColumn(Column):
    """What happens next if nothing is paid, and on which local day; ``prepare`` sets it."""

    css = "soft"

    def render(self, value: Any) -> str:
        return display.listed((value.kind.label, display.date_text(value.on)))

    def value(self, value: Any) -> str:
        return self.render(value)


def may_dun_row(record: Any, actor: Any) -> bool:
    """Whether the actor decides about the row."""
    return may_dun(actor, record)


def may_lift(record: Any, actor: Any) -> bool:
    """Whether calls are stopped or put off, and the actor may let them go on."""
    return may_dun(actor, record) and record.state != DunningState.OVERDUE


def may_suspend(record: Any, actor: Any) -> bool:
    """Whether calls go on, and the actor may stop them."""
    return may_dun(actor, record) and record.state != DunningState.SUSPENDED


class DunningTable(Table):
    """Balances that are overdue or suspended, the oldest debt first; rows need ``dunned``."""

    name = LinkColumn(
        "billing:dunning_detail",
        accessor="customer__name",
        pk="pk",
        verbose_name=_("Customer"),
        second="account",
        narrow=("state",),
    )
    state = StatusColumn(DunningState, verbose_name=_("State"), priority=1)
    overdue_amount = MoneyColumn(currency="currency_id", verbose_name=_("Overdue"))
    overdue_count = NumberColumn(verbose_name=_("Invoices"), priority=2)
    overdue_since = DateColumn(verbose_name=_("Due since"), priority=1)
    since = DateTimeColumn(verbose_name=_("Suspended since"), priority=2)
    promised_until = DateColumn(verbose_name=_("Promised until"), priority=2)
    next_step = NextStepColumn(verbose_name=_("Next step"), orderable=False, priority=3)
    actions = ActionsColumn(
        RowAction(
            _("Promise to pay"),
            "billing:dunning_promise",
            "calendar-days",
            right="money.manage",
            shown=may_dun_row,
        ),
        RowAction(_("Lift"), "billing:dunning_lift", "play", right="money.manage", shown=may_lift),
        RowAction(
            _("Suspend now"),
            "billing:dunning_suspend",
            "pause",
            right="money.manage",
            shown=may_suspend,
            more=True,
        ),
        name="customer__name",
    )

    class Meta:
        order_by = "overdue_since"

    def prepare(self, records: list[Any]) -> None:
        """The next step of each row, in six statements a page."""
        planned = next_steps(records)
        for record in records:
            record.next_step = planned.get(record.pk)
