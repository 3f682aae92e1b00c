"""The list of exchange rates."""

from django.utils.translation import gettext_lazy as _

from softswitch.core.tables import (
    DateColumn,
    DateTimeColumn,
    LinkColumn,
    PriceColumn,
    Table,
    TextColumn,
)


class ExchangeRateTable(Table):
    currency = LinkColumn(
        "tariffs:exchange_history",
        accessor="currency_id",
        pk="currency_id",
        verbose_name=_("Currency"),
    )
    valid_on = DateColumn(verbose_name=_("Valid from"))
    rate = PriceColumn(verbose_name=_("Rate"))
    source = TextColumn(
        accessor="get_source_display", order_by="source", verbose_name=_("Source"), priority=1
    )
    created_at = DateTimeColumn(verbose_name=_("Entered"), priority=2)

    class Meta:
        order_by = ("-valid_on", "-created_at")
