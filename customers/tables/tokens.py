"""The list of API tokens."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.models import ApiToken
from customers.tenancy import Actor
from softswitch.core.chrome import RowAction
from softswitch.core.tables import ActionsColumn, Column, DateTimeColumn, Table, TextColumn


def is_live(record: ApiToken, _actor: Actor) -> bool:
    """Whether the row can still be revoked."""
    return record.revoked_at is None


class HintColumn(Column):
    """The end of a token, by which its owner knows it."""

    css = "soft text-nowrap"

    def render(self, value: str) -> str:
        return f"…{value}"


class ScopesColumn(Column):
    """What a token may do."""

    css = "soft"

    def render(self, value: list[str]) -> str:
        return ", ".join(value)

    def value(self, value: list[str]) -> str:
        return self.render(value)


class TokenTable(Table):
    """The API tokens of one user."""

    name = TextColumn(verbose_name=_("Name"), css="name")
    hint = HintColumn(verbose_name=_("Token"), orderable=False)
    scopes = ScopesColumn(verbose_name=_("Scopes"), orderable=False, priority=2)
    created_at = DateTimeColumn(verbose_name=_("Created"), priority=3)
    last_used_at = DateTimeColumn(verbose_name=_("Last used"), priority=1)
    expires_at = DateTimeColumn(verbose_name=_("Expires"), priority=2)
    revoked_at = DateTimeColumn(verbose_name=_("Revoked"), priority=1)
    actions = ActionsColumn(
        RowAction(_("Revoke"), "customers:token_revoke", "no-symbol", shown=is_live, danger=True),
        name="name",
    )

    class Meta:
        order_by = "-created_at"

    def value_hint(self, value: Any) -> str:
        """As on the page."""
        return f"…{value}"
