"""The list of web logins."""

from django.utils.translation import gettext_lazy as _

from customers.models import User
from customers.selectors import may_manage_logins
from customers.tenancy import Actor
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    Table,
    TextColumn,
)


def may_set_password(record: User, actor: Actor) -> bool:
    """Whether the row's password can be set here; the own one is changed in the profile."""
    is_self = actor.user is not None and record.pk == actor.user.pk
    return may_manage_logins(actor, record.customer) and not is_self


class UserTable(Table):
    """The web logins of one customer."""

    login = TextColumn(verbose_name=_("Login"), css="name")
    name = TextColumn(verbose_name=_("Name"), priority=1)
    email = TextColumn(verbose_name=_("E-mail"), priority=2)
    role = Column(verbose_name=_("Role"))
    last_login = DateTimeColumn(verbose_name=_("Last login"), priority=2)
    actions = ActionsColumn(
        RowAction(_("Change password"), "customers:user_password", "key", shown=may_set_password),
        name="login",
    )

    class Meta:
        order_by = "login"
