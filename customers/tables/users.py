"""The lists of web logins, their sessions and their tries to sign in."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from customers.choices import LoginState, SignInOutcome
from customers.models import User
from customers.parsers import device_name
from customers.selectors import may_manage_logins
from customers.tenancy import Actor
from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    LinkColumn,
    StatusColumn,
    Table,
    TextColumn,
)


def is_self(record: User, actor: Actor) -> bool:
    """Whether the row is the real user's own login."""
    return actor.user is not None and record.pk == actor.user.pk


def may_set_password(record: User, actor: Actor) -> bool:
    """Whether the row's password can be set here; the own one is changed in the profile."""
    return may_manage_logins(actor, record.customer) and not is_self(record, actor)


def may_edit(record: User, actor: Actor) -> bool:
    """Whether the row's login is the actor's to change."""
    return may_manage_logins(actor, record.customer)


def may_send_link(record: User, actor: Actor) -> bool:
    """Whether the row's user can be mailed a set-password link."""
    return may_edit(record, actor) and record.is_active and bool(record.email)


def may_block(record: User, actor: Actor) -> bool:
    """Whether the row's login is open and somebody else's."""
    return may_set_password(record, actor) and record.is_active


def may_unblock(record: User, actor: Actor) -> bool:
    """Whether the row's login is blocked, and the actor's to open."""
    return may_edit(record, actor) and not record.is_active


def login_state(user: User) -> LoginState:
    """Whether a user can sign in, or has yet to set its first password."""
    if not user.is_active:
        return LoginState.BLOCKED
    return LoginState.OPEN if user.has_usable_password() else LoginState.INVITED


class StateColumn(StatusColumn):
    """The state of a login."""

    def member(self, record: Any, bound_column: Any) -> Any:
        return login_state(record)


class FactorColumn(Column):
    """Whether signing in asks for a code."""

    def render(self, value: bool) -> str:  # noqa: FBT001 - django-tables2's own
        return str(_("On") if value else _("Off"))


class NetworksColumn(Column):
    """The addresses that a user may come from; empty is all."""

    css = "soft"
    empty_values = ()

    def render(self, value: list[str]) -> str:
        return ", ".join(network.removesuffix("/32") for network in value) or str(_("All"))


class DeviceColumn(Column):
    """A browser in two words, with all it said of itself as its title."""

    def render(self, value: str) -> SafeString:
        return format_html('<bdi title="{}">{}</bdi>', value, device_name(value))


class UserTable(Table):
    """The web logins of one customer."""

    login = LinkColumn("customers:user_detail", verbose_name=_("Login"))
    name = TextColumn(verbose_name=_("Name"), priority=1)
    email = TextColumn(verbose_name=_("E-mail"), priority=2)
    role = Column(verbose_name=_("Role"))
    is_active = StateColumn(LoginState, verbose_name=_("Status"))
    has_second_factor = FactorColumn(verbose_name=_("Two-step"), priority=2)
    last_login = DateTimeColumn(verbose_name=_("Last sign-in"), priority=1)
    allowed_networks = NetworksColumn(
        verbose_name=_("Allowed addresses"), orderable=False, priority=3
    )
    actions = ActionsColumn(
        RowAction(_("Edit"), "customers:user_edit", "pencil-square", shown=may_edit),
        RowAction(_("Change password"), "customers:user_password", "key", shown=may_set_password),
        RowAction(
            _("Mail a set-password link"),
            "customers:user_send_link",
            "envelope",
            post=True,
            more=True,
            shown=may_send_link,
        ),
        RowAction(
            _("Unblock"), "customers:user_unblock", "play", post=True, more=True, shown=may_unblock
        ),
        RowAction(
            _("Block"),
            "customers:user_block",
            "no-symbol",
            post=True,
            danger=True,
            more=True,
            shown=may_block,
        ),
        name="login",
    )
    hidden_by_default = ("allowed_networks",)

    class Meta:
        order_by = "login"


class SeenUserTable(UserTable):
    """The same while switched, when no second factor is shown."""

    class Meta(UserTable.Meta):
        exclude = ("has_second_factor",)


class SessionTable(Table):
    """Where a user is signed in."""

    agent = DeviceColumn(verbose_name=_("Browser"), css="name", empty_values=())
    ip = TextColumn(verbose_name=_("Address"), css="text-nowrap")
    created_at = DateTimeColumn(verbose_name=_("Signed in"), priority=1)
    last_seen_at = DateTimeColumn(verbose_name=_("Last seen"))
    is_current = Column(verbose_name=_("This one"), orderable=False, priority=2)
    actions = ActionsColumn(
        RowAction(
            _("Sign out"),
            "customers:session_end",
            "arrow-right-start-on-rectangle",
            post=True,
        ),
        name="ip",
    )

    class Meta:
        order_by = "-last_seen_at"

    def render_is_current(self, value: bool) -> str:  # noqa: FBT001 - django-tables2's own
        """Which of them this page is shown in."""
        return str(_("This session")) if value else ""


class SignInTable(Table):
    """The tries to sign in with a login."""

    at = DateTimeColumn(verbose_name=_("Time"))
    outcome = StatusColumn(SignInOutcome, verbose_name=_("Result"))
    ip = TextColumn(verbose_name=_("Address"), css="text-nowrap")
    agent = DeviceColumn(verbose_name=_("Browser"), priority=1, orderable=False, empty_values=())

    class Meta:
        order_by = "-at"
