"""The list of the web logins of an account."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.choices import LoginState
from customers.models import User
from customers.selectors import may_manage_logins
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    DateTimeColumn,
    LinkColumn,
    StatusColumn,
    Table,
    TextColumn,
)


def may_block(record: User, actor: Any) -> bool:
    """Whether the row's login is open, and the actor's to block."""
    return record.is_active and may_manage_logins(actor, record.customer)


def may_unblock(record: User, actor: Any) -> bool:
    """Whether the row's login is blocked, and the actor's to open."""
    return not record.is_active and may_manage_logins(actor, record.customer)


def may_mail_link(record: User, actor: Any) -> bool:
    """Whether the row's user can be mailed a set-password link."""
    return bool(record.email) and may_block(record, actor)


class LoginStateColumn(StatusColumn):
    """Whether the login can sign in, or has yet to set its first password."""

    def member(self, record: Any, bound_column: Any) -> Any:
        if not record.is_active:
            return LoginState.BLOCKED
        return LoginState.OPEN if record.has_usable_password() else LoginState.INVITED


class AccountLoginTable(Table):
    """Who can log in for one account alone."""

    login = LinkColumn("customers:user_detail", verbose_name=_("Login"))
    name = TextColumn(verbose_name=_("Name"), priority=1)
    email = TextColumn(verbose_name=_("E-mail"), priority=2)
    last_login = DateTimeColumn(verbose_name=_("Last sign-in"), priority=2)
    is_active = LoginStateColumn(LoginState, verbose_name=_("Status"))
    actions = ActionsColumn(
        RowAction(
            _("Mail a set-password link"),
            "customers:user_send_link",
            "envelope",
            post=True,
            shown=may_mail_link,
        ),
        RowAction(_("Change password"), "customers:user_password", "key", shown=may_block),
        RowAction(_("Block"), "customers:user_block", "no-symbol", post=True, shown=may_block),
        RowAction(_("Unblock"), "customers:user_unblock", "play", post=True, shown=may_unblock),
        name="login",
    )

    class Meta:
        order_by = "login"
