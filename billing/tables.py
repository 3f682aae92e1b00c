"""Lists of ledger entries."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from softswitch.core.tables import (
    Column,
    DateTimeColumn,
    LinkColumn,
    MoneyColumn,
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


class EntryTable(Table):
    """What people and rules posted, newest first; calls stand on the statements."""

    customer = LinkColumn(
        "billing:entry_detail",
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
