"""The list of exchange rates."""

from django.utils.translation import gettext_lazy as _

from softswitch.core.tables import (
    Column,
    DateColumn,
    DateTimeColumn,
    PriceColumn,
    Table,
    TextColumn,
)


class ExchangeRateTable(Table):
    currency = Column(accessor="currency_id", verbose_name=_("Currency"), css="strong")
    valid_on = DateColumn(verbose_name=_("Valid from"))
    rate = PriceColumn(verbose_name=_("Rate"))
    source = TextColumn(verbose_name=_("Source"), priority=1)
    created_at = DateTimeColumn(verbose_name=_("Entered"), priority=2)

    class Meta:
        order_by = ("-valid_on", "-created_at")
