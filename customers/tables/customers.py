"""The list of customers."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from billing.selectors.balances import display_currency, may_see_balances, mode_choices
from billing.selectors.overview import trunk_counts
from billing.selectors.standing import standings
from customers.choices import Kind, Standing, Status
from customers.models import Customer
from customers.selectors import sub_customer_counts
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    SelectColumn,
    StatusColumn,
    Table,
    TextColumn,
)


def is_direct(record: Customer, actor: Actor) -> bool:
    """Whether the row is the actor's own business: the others are read-only."""
    return record.is_direct_of(actor)


def is_off(record: Customer, actor: Actor) -> bool:
    """Whether the row can be activated."""
    return record.is_direct_of(actor) and record.status != Status.ACTIVE


def is_on(record: Customer, actor: Actor) -> bool:
    """Whether the row can be deactivated."""
    return record.is_direct_of(actor) and record.status == Status.ACTIVE


ROW_ACTIONS = (
    RowAction(
        _("Switch to this customer"),
        "customers:switch_to",
        "arrow-right-end-on-rectangle",
        post=True,
    ),
    RowAction(
        _("Edit"), "customers:customer_edit", "pencil-square", "customers.edit", shown=is_direct
    ),
    RowAction(
        _("Maintenance"),
        "billing:maintenance",
        "banknotes",
        "money.manage",
        more=True,
        shown=is_direct,
    ),
    RowAction(
        _("Activate"),
        "customers:customer_activate",
        "play",
        "customers.edit",
        post=True,
        more=True,
        shown=is_off,
    ),
    RowAction(
        _("Deactivate"),
        "customers:customer_deactivate",
        "pause",
        "customers.edit",
        post=True,
        more=True,
        shown=is_on,
    ),
    RowAction(
        _("Archive"),
        "customers:customer_archive",
        "x-mark",
        "customers.delete",
        danger=True,
        more=True,
        shown=is_direct,
    ),
)


class ConvertedColumn(Column):
    """The balance in the viewer's display currency; ``prepare`` sets it on the record."""

    css = "num soft"

    def render(self, value: Decimal, table: "CustomerTable") -> str:
        return display.amount_text(value, table.display.code)

    def value(self, value: Decimal) -> Decimal:
        return value


class TrunksColumn(NumberColumn):
    """How many trunks, linked to their list where there are any."""

    def render(self, value: int, record: Any = None) -> SafeString | str:
        if not value:
            return display.number_text(value)
        url = reverse("accounts:trunk_list") + "?" + urlencode({"customer": record.name})
        return format_html('<a href="{}">{}</a>', url, display.number_text(value))


class CustomerTable(Table):
    """Customers with their balances; rows need the columns of with_balances().

    Without the right to see balances the table has no column of money, nor an order by one.
    """

    MONEY = ("balance", "converted", "credit_limit")

    select = SelectColumn()
    name = LinkColumn(
        "customers:customer_detail",
        verbose_name=_("Name"),
        second="second_line",
        narrow=("standing",),
        ignore_case=True,
    )
    company_name = TextColumn(verbose_name=_("Company"), priority=3)
    terms = Column(accessor="terms", orderable=False, verbose_name=_("Terms"), priority=3)
    balance = MoneyColumn(currency="currency", is_balance=True, verbose_name=_("Balance"))
    converted = ConvertedColumn(accessor="converted", orderable=False, priority=3)
    credit_limit = MoneyColumn(
        currency="currency", verbose_name=_("Credit limit"), priority=2, empty_values=(None, 0)
    )
    trunks = TrunksColumn(
        accessor="trunk_count", orderable=False, verbose_name=_("Trunks"), priority=2
    )
    standing = StatusColumn(Standing, orderable=False, verbose_name=_("Status"), priority=1)
    actions = ActionsColumn(*ROW_ACTIONS)

    class Meta:
        order_by = "name"

    def __init__(self, data: Any, *, actor: Actor, **kwargs: Any) -> None:
        hidden = () if may_see_balances(actor) else self.MONEY
        super().__init__(data, actor=actor, exclude=hidden, **kwargs)
        self.display = display_currency(actor)
        self.modes = dict(mode_choices())
        if "converted" in self.columns:
            self.columns["converted"].column.verbose_name = _("In %(currency)s") % {
                "currency": self.display.code
            }

    def prepare(self, records: list[Any]) -> None:
        """Badges, counts and converted amounts of the shown rows, whatever their number at once."""
        ids = [record.pk for record in records]
        badges = standings(self.actor, records)
        customers, trunks = sub_customer_counts(ids), trunk_counts(ids)
        for record in records:
            record.standing = badges[record.pk]
            record.trunk_count = trunks.get(record.pk, 0)
            record.second_line = kind_line(record, customers.get(record.pk, 0))
            record.converted = self.display.convert(record.balance, record.currency)
            record.terms = self.modes.get(record.mode)

    def row_class(self, record: Any) -> str:
        return "" if record.status == Status.ACTIVE else "off"


def kind_line(customer: Customer, number: int) -> str:
    """``Reseller, 31 sub-customers``: the line under a customer's name."""
    kind = str(Kind(customer.kind).label)
    if not number:
        return kind
    return ngettext(
        "%(kind)s, %(number)s sub-customer", "%(kind)s, %(number)s sub-customers", number
    ) % {"kind": kind, "number": display.number_text(number)}
