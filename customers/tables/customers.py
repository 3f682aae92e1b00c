"""The list of customers."""

from decimal import Decimal
from typing import Any

from django.db.models import F, OrderBy, QuerySet
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from billing.selectors.balances import display_currency, may_see_balances, mode_choices
from billing.selectors.listing import by_converted, by_standing, by_trunks
from billing.selectors.overview import trunk_counts
from billing.selectors.standing import standings
from customers.choices import Kind, Standing, Status
from customers.models import Customer
from customers.selectors import sub_customer_counts
from customers.tables.row_actions import ROW_ACTIONS
from customers.tenancy import Actor
from softswitch.core import display
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

Ordered = tuple[QuerySet[Any], bool]


class ConvertedColumn(Column):
    """The balance in the viewer's display currency; ``prepare`` sets it on the record."""

    css = "num soft"

    def render(self, value: Decimal, table: "CustomerTable") -> str:
        return display.amount_text(value, table.display.code)

    def value(self, value: Decimal) -> Decimal:
        return value


class TrunksColumn(NumberColumn):
    """How many trunks, linked to their list where there are any that the viewer may see."""

    def render(self, value: int, record: Any, table: Table) -> SafeString | str:  # type: ignore[override]
        if not value or not table.actor.can("trunks.view"):
            return display.number_text(value)
        url = reverse("accounts:trunks_of", args=[record.pk])
        return format_html('<a href="{}">{}</a>', url, display.number_text(value))


class CustomerTable(Table):
    """Customers with their balances; rows need the columns of with_balances().

    Without the right to see balances the table has no column of money, nor an order by one.
    """

    MONEY = ("balance", "converted", "credit_limit", "converted_credit")

    select = SelectColumn()
    name = LinkColumn(
        "customers:customer_detail",
        verbose_name=_("Name"),
        second="second_line",
        narrow=("standing",),
        ignore_case=True,
    )
    company_name = TextColumn(verbose_name=_("Company"), priority=3)
    terms = Column(accessor="terms", order_by="mode", verbose_name=_("Terms"), priority=3)
    balance = MoneyColumn(currency="currency", is_balance=True, verbose_name=_("Balance"))
    converted = ConvertedColumn(accessor="converted", priority=2)
    credit_limit = MoneyColumn(
        currency="currency", verbose_name=_("Credit limit"), priority=2, empty_values=(None, 0)
    )
    converted_credit = ConvertedColumn(
        accessor="converted_credit", orderable=False, priority=3, empty_values=(None, 0)
    )
    trunks = TrunksColumn(accessor="trunk_count", verbose_name=_("Trunks"), priority=2)
    standing = StatusColumn(Standing, verbose_name=_("Status"), priority=1)
    actions = ActionsColumn(*ROW_ACTIONS)

    class Meta:
        order_by = "name"

    def __init__(self, data: Any, *, actor: Actor, **kwargs: Any) -> None:
        hidden = () if may_see_balances(actor) else self.MONEY
        self.display = display_currency(actor)
        super().__init__(data, actor=actor, exclude=hidden, **kwargs)
        self.modes = dict(mode_choices())
        heads = {"converted": _("In %(code)s"), "converted_credit": _("Credit in %(code)s")}
        for name, head in heads.items():
            if name in self.columns:
                self.columns[name].column.verbose_name = head % {"code": self.display.code}

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
            record.converted_credit = self.display.convert(record.credit_limit, record.currency)
            record.terms = self.modes.get(record.mode)

    def order_company_name(self, rows: QuerySet[Any], is_descending: bool) -> Ordered:  # noqa: FBT001
        """By what is read, "apple" before "Banana"; the names of a search have the index."""
        company = OrderBy(Lower("search__company_name"), descending=is_descending)
        return rows.order_by(company), True

    def order_converted(self, rows: QuerySet[Any], is_descending: bool) -> Ordered:  # noqa: FBT001
        """At today's rates; what has none comes last."""
        amount = OrderBy(F("converted_in_order"), descending=is_descending, nulls_last=True)
        return by_converted(rows, self.display).order_by(amount), True

    def order_trunks(self, rows: QuerySet[Any], is_descending: bool) -> Ordered:  # noqa: FBT001
        sign = "-" if is_descending else ""
        return by_trunks(rows).order_by(f"{sign}trunks_in_order"), True

    def order_standing(self, rows: QuerySet[Any], is_descending: bool) -> Ordered:  # noqa: FBT001
        sign = "-" if is_descending else ""
        return by_standing(rows).order_by(f"{sign}standing_in_order"), True

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
