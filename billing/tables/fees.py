"""The list of the fees of one balance."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.choices import FeeKind
from billing.selectors.fees import may_bill
from softswitch.core import display
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    Table,
)


class YesColumn(Column):
    """Yes or no, said in words."""

    def render(self, value: bool) -> str:  # noqa: FBT001 - django-tables2's own
        return str(_("Yes") if value else _("No"))

    def value(self, value: bool) -> str:  # noqa: FBT001
        return self.render(value)


class QuantityColumn(NumberColumn):
    """How many, with the decimals that there are."""

    def render(self, value: Decimal) -> str:
        return display.number_text(value, display.stored_decimals(value, 0))


def _may_bill(record: Any, actor: Any) -> bool:
    return may_bill(actor, record.balance)


def _may_end(record: Any, actor: Any) -> bool:
    is_open = record.kind == FeeKind.RECURRING and record.ends_on is None
    return is_open and may_bill(actor, record.balance)


class FeeTable(Table):
    """Fees with what each makes of a whole period, and the invoice that billed it last."""

    name = Column(verbose_name=_("Name"), css="name")
    kind = Column(verbose_name=_("Billed"))
    price = MoneyColumn(
        currency="balance__currency_id", exact=True, show_code=False, verbose_name=_("Price")
    )
    quantity = QuantityColumn(verbose_name=_("Quantity"), priority=2)
    amount = MoneyColumn(currency="balance__currency_id", exact=True, verbose_name=_("Amount"))
    starts_on = DateColumn(verbose_name=_("From"), priority=1)
    ends_on = DateColumn(verbose_name=_("To"), priority=1)
    is_prorated = YesColumn(verbose_name=_("By days"), priority=3)
    is_taxed = YesColumn(verbose_name=_("Taxed"), priority=3)
    last_number = LinkColumn(
        "billing:invoice_detail",
        pk="last_invoice",
        verbose_name=_("Last invoice"),
        priority=2,
        css="soft",
    )
    last_until = DateColumn(verbose_name=_("Billed to"), priority=2)
    actions = ActionsColumn(
        RowAction(_("Edit"), "billing:fee_edit", "pencil-square", shown=_may_bill),
        RowAction(_("End"), "billing:fee_end", "no-symbol", shown=_may_end),
    )

    class Meta:
        order_by = ("-starts_on",)

    def row_class(self, record: Any) -> str:
        return "off" if record.has_ended else ""
