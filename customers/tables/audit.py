"""The audit log."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.models import AuditEvent
from softswitch.core.tables import (
    Column,
    DateTimeColumn,
    LinkColumn,
    Table,
    TextColumn,
)


class ChangesColumn(Column):
    """What changed, as "field: before → after"."""

    css = "soft"

    def render(self, value: dict[str, list[str]]) -> str:
        return "; ".join(
            f"{name}: {before or '–'} → {after or '–'}" for name, (before, after) in value.items()
        )

    def value(self, value: dict[str, list[str]]) -> str:
        return self.render(value)


class WhoColumn(Column):
    """The real user; "Your provider" for one above the viewer."""

    def render(self, record: Any) -> str:
        if record.is_above:
            return str(_("Your provider"))
        return str(record.shown_user or _("System"))

    def value(self, record: Any) -> str:
        return self.render(record)


class AuditTable(Table):
    """The audit log."""

    at = DateTimeColumn(verbose_name=_("Time"))
    who = WhoColumn(accessor="pk", orderable=False, verbose_name=_("Who"), priority=1)
    customer = LinkColumn(
        "customers:customer_detail",
        accessor="customer_name",
        pk="customer_id",
        verbose_name=_("Customer"),
    )
    action = TextColumn(verbose_name=_("Action"), css="soft")
    subject = TextColumn(verbose_name=_("Subject"), priority=1)
    changes = ChangesColumn(orderable=False, verbose_name=_("Changes"), priority=2)
    shown_ip = TextColumn(
        orderable=False, verbose_name=_("Address"), priority=3, css="soft text-nowrap"
    )

    class Meta:
        model = AuditEvent
        fields = ()
        order_by = "-at"

    def render_action(self, value: str) -> str:
        """``maintenance_debit`` as words."""
        return value.replace("_", " ").capitalize()
