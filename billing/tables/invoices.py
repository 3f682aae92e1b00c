"""The list of invoices and credit notes."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, OrderBy, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.choices import InvoiceKind, InvoiceState, InvoiceStatus, PeriodOutcome
from billing.selectors.balances import display_currency
from billing.selectors.invoices import may_bill, side_of
from billing.tables.money import by_payer
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import RowAction
from softswitch.core.money import ZERO
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateColumn,
    DateTimeColumn,
    LinkColumn,
    MoneyColumn,
    SelectColumn,
    StatusColumn,
    Table,
    TextColumn,
)


class PeriodColumn(Column):
    """The local days of a billing period; exports hold the first and the last."""

    css = "soft text-nowrap"

    def render(self, value: Any) -> str:
        return display.days_text(*value.days)

    def value(self, value: Any) -> str:
        first, last = value.days
        return f"{first} - {last}"


class PayerColumn(TextColumn):
    """Who pays; an account below its customer, so that neither is cut off by the other."""

    def render(self, value: str, record: Any) -> SafeString:  # type: ignore[override]
        if record.account is None:
            return super().render(value)
        customer = super().render(record.customer_name)
        return format_html('{}<span class="sub"><bdi>{}</bdi></span>', customer, record.account)


class DueColumn(DateColumn):
    """The day by which to pay, red where it has passed and something is open."""

    css = "num soft"

    def render(self, value: date, record: Any) -> SafeString:  # type: ignore[override]
        shown = super().render(value)
        is_late = record.status == InvoiceStatus.OVERDUE
        return format_html('<span class="neg">{}</span>', shown) if is_late else shown


class OpenInColumn(Column):
    """What is open in the viewer's display currency; ``prepare`` sets it on the record."""

    css = "num soft"

    def render(self, value: Decimal, table: "InvoiceTable") -> str:
        return display.amount_text(value, table.display.code)


# Whose the open amounts of a page are, where it shows more than one side.
SIDES = {
    "issued": _("to receive"),
    "received": _("to pay"),
    "below": _("between others"),
}


def _page_sum(name: str, currency: str) -> Callable[..., str]:
    """The sums of a column over the page, one per side; a dash where one would mix currencies."""

    def foot(table: "InvoiceTable") -> str:
        records = [row.record for row in table.paginated_rows]
        table.prepare(records)
        by_side: dict[str, list[Any]] = {side: [] for side in SIDES}
        for record in records:
            if getattr(record, name) != ZERO:
                by_side[side_of(record, table.actor)].append(record)
        sums = {
            SIDES[side]: _sum_text(table, rows, name, currency)
            for side, rows in by_side.items()
            if rows
        }
        if len(sums) < 2:
            return next(iter(sums.values()), display.DASH)
        return format_html_join(
            "", '{1}<span class="sub">{0}</span>', ((word, text) for word, text in sums.items())
        )

    return foot


def _sum_text(table: "InvoiceTable", records: list[Any], name: str, currency: str) -> str:
    codes = {table.code_of(record, currency) for record in records}
    amounts = [getattr(record, name) for record in records]
    if len(codes) != 1 or None in amounts:
        return display.DASH
    code = codes.pop()
    text = display.amount_text(sum(amounts, ZERO), code)
    return text if currency else format_html('{} <span class="cur">{}</span>', text, code)


def _page_label(table: "InvoiceTable") -> SafeString:
    """What the sums are of; the sums themselves where their columns have left."""
    narrow = _page_sum("converted", "display")(table)
    return format_html(
        '{}<span class="only-narrow">{} {}</span>',
        _("Open, this page"),
        narrow,
        format_html('<span class="cur">{}</span>', table.display.code),
    )


def _is_draft(record: Any, actor: Actor) -> bool:
    return record.state == InvoiceState.DRAFT and may_bill(actor, record)


def _is_issued(record: Any, actor: Actor) -> bool:
    is_invoice = record.kind == InvoiceKind.INVOICE
    return is_invoice and record.state == InvoiceState.ISSUED and may_bill(actor, record)


INVOICE_ACTIONS = (
    RowAction(
        _("Issue"), "billing:invoice_issue", "paper-airplane", "money.manage", shown=_is_draft
    ),
    RowAction(
        _("Credit note"),
        "billing:invoice_credit",
        "receipt-refund",
        "money.manage",
        more=True,
        shown=_is_issued,
    ),
    RowAction(
        _("Discard"),
        "billing:invoice_discard",
        "x-mark",
        "money.manage",
        danger=True,
        more=True,
        shown=_is_draft,
    ),
    RowAction(
        pgettext_lazy("button", "Void"),
        "billing:invoice_void",
        "no-symbol",
        "money.manage",
        danger=True,
        more=True,
        shown=_is_issued,
    ),
)


class InvoiceTable(Table):
    """Invoices and credit notes, drafts first, then the newest; a credit note counts below 0."""

    hidden_by_default = ("issuer", "issued_on")

    select = SelectColumn("label")
    number = LinkColumn(
        "billing:invoice_detail",
        accessor="title",
        order_by="number",
        pk="pk",
        verbose_name=_("Number"),
        second="kind_line",
        narrow=("customer", "status"),
        footer=_page_label,
    )
    customer = PayerColumn(
        accessor="payer", order_by="customer_name", verbose_name=_("Customer"), priority=1
    )
    issuer = TextColumn(
        accessor="issuer_text", orderable=False, verbose_name=_("Issued by"), priority=3
    )
    # The day of issue has the same order, and an index.
    period = PeriodColumn(orderable=False, verbose_name=_("Period"), priority=3)
    issued_on = DateColumn(order_by="issued_at", verbose_name=_("Issued"), priority=3)
    due_on = DueColumn(verbose_name=_("Due"), priority=2)
    total = MoneyColumn(
        accessor="signed_total",
        order_by="total",
        currency="currency_id",
        verbose_name=_("Total"),
    )
    open_amount = MoneyColumn(
        currency="currency_id",
        verbose_name=pgettext_lazy("amount", "Open"),
        priority=2,
        empty_values=(None, ZERO),
        footer=_page_sum("open_amount", ""),
    )
    converted = OpenInColumn(
        orderable=False,
        priority=3,
        empty_values=(None, ZERO),
        footer=_page_sum("converted", "display"),
    )
    status = StatusColumn(InvoiceStatus, orderable=False, verbose_name=_("Status"), priority=1)
    actions = ActionsColumn(*INVOICE_ACTIONS, name="label")

    class Meta:
        order_by = "-issued_on"

    def __init__(self, data: Any, *, actor: Actor, **kwargs: Any) -> None:
        self.display = display_currency(actor)
        super().__init__(data, actor=actor, **kwargs)
        head = _("Open, %(code)s") % {"code": self.display.code}
        self.columns["converted"].column.verbose_name = head

    def prepare(self, records: list[Any]) -> None:
        for record in records:
            is_credit = record.kind == InvoiceKind.CREDIT_NOTE
            record.title = record.number or str(_("Not numbered"))
            record.kind_line = record.get_kind_display() if is_credit else ""
            record.payer = payer_text(record, record.account)
            record.label = display.listed((record.title, record.payer))
            record.issuer_text = record.issuer_name or str(_("Your provider"))
            record.signed_total = -record.total if is_credit else record.total
            record.converted = self.display.convert(record.open_amount, record.currency_id)

    def code_of(self, record: Any, currency: str) -> str:
        """The currency in which a column of ``record`` is added up."""
        return self.display.code if currency else record.currency_id

    def order_customer(
        self,
        rows: QuerySet[Any],
        is_descending: bool,  # noqa: FBT001
    ) -> tuple[QuerySet[Any], bool]:
        return by_payer(self, rows, "customer", is_descending=is_descending)

    def order_number(self, rows: QuerySet[Any], is_descending: bool) -> tuple[QuerySet[Any], bool]:  # noqa: FBT001
        """By the number; drafts, which have none, stand together."""
        return rows.order_by(OrderBy(F("number"), descending=is_descending)), True

    def row_class(self, record: Any) -> str:
        return "off" if record.state == InvoiceState.VOID else ""


class UnbilledTable(Table):
    """Closed periods that no invoice bills, the latest first."""

    select = SelectColumn("payer")
    customer = Column(
        accessor="payer", order_by="customer_name", verbose_name=_("Customer"), css="name"
    )
    period = PeriodColumn(accessor="itself", order_by="starts_at", verbose_name=_("Period"))
    period_type = Column(verbose_name=_("Billing period"), priority=2)
    closed_at = DateTimeColumn(verbose_name=_("Closed"), priority=1)
    outcome = StatusColumn(PeriodOutcome, orderable=False, verbose_name=_("Outcome"), priority=2)
    actions = ActionsColumn(
        RowAction(
            _("Make a draft"), "billing:invoice_draft", "document-plus", "money.manage", post=True
        ),
        name="payer",
    )

    class Meta:
        order_by = "-closed_at"

    def order_customer(
        self,
        rows: QuerySet[Any],
        is_descending: bool,  # noqa: FBT001
    ) -> tuple[QuerySet[Any], bool]:
        return by_payer(self, rows, "balance__customer", is_descending=is_descending)

    def prepare(self, records: list[Any]) -> None:
        for record in records:
            record.payer = payer_text(record, record.balance.account)
            record.itself = record


def payer_text(record: Any, account: object) -> str:
    """Who pays, as the viewer may read it: the customer, or its account."""
    name = str(record.customer_name)
    return name if account is None else display.listed((name, account))
