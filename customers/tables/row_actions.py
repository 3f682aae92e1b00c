"""What can be done with a customer in a list: switch, edit, and the menu of its owner."""

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from customers.choices import Status
from customers.models import Customer
from customers.selectors import may_manage_logins
from customers.tenancy import Actor
from softswitch.core.chrome import RowAction, Text


def is_direct(record: Customer, actor: Actor) -> bool:
    """Whether the row is the actor's own business: the others are read-only."""
    return record.is_direct_of(actor)


def is_off(record: Customer, actor: Actor) -> bool:
    """Whether the row can be activated."""
    return record.is_direct_of(actor) and record.status != Status.ACTIVE


def is_on(record: Customer, actor: Actor) -> bool:
    """Whether the row can be deactivated."""
    return record.is_direct_of(actor) and record.status == Status.ACTIVE


def may_alert(record: Customer, actor: Actor) -> bool:
    """Whether the actor may tell the row that its balance is low."""
    is_allowed = actor.can("money.manage") or actor.can("customers.edit")
    return record.is_direct_of(actor) and is_allowed


def has_own_logins(record: Customer, actor: Actor) -> bool:
    """Whether the actor sets passwords of the row: its direct customer's, not while switched."""
    return record.is_direct_of(actor) and may_manage_logins(actor, record)


def owners(
    label: Text,
    url_name: str,
    icon: str,
    right: str | None = None,
    *,
    shown: Callable[[Customer, Actor], bool] = is_direct,
    post: bool = False,
    danger: bool = False,
) -> RowAction:
    """An entry of the row's menu: what its owner does with it."""
    return RowAction(label, url_name, icon, right, post=post, danger=danger, more=True, shown=shown)


ROW_ACTIONS = (
    RowAction(
        _("Switch to this customer"),
        "customers:switch_to",
        "arrow-right-end-on-rectangle",
        post=True,
    ),
    RowAction(
        _("Edit"), "customers:customer_edit", "pencil-square", "customers.edit", shown=is_direct
    ),
    owners(_("Maintenance"), "billing:maintenance", "banknotes", "money.manage"),
    owners(_("Reset balance"), "customers:customer_reset", "arrow-uturn-left", "money.manage"),
    owners(
        _("Activate"),
        "customers:customer_activate",
        "play",
        "customers.edit",
        shown=is_off,
        post=True,
    ),
    owners(
        _("Deactivate"), "customers:customer_deactivate", "pause", "customers.edit", shown=is_on
    ),
    owners(
        _("Send low-balance alert"),
        "customers:customer_low_balance",
        "bell-alert",
        shown=may_alert,
        post=True,
    ),
    owners(
        _("Send welcome letter"),
        "customers:customer_welcome",
        "envelope",
        shown=has_own_logins,
        post=True,
    ),
    owners(_("Change password"), "customers:customer_password", "key", shown=has_own_logins),
    RowAction(
        _("Save as template"),
        "customers:template_create",
        "document-duplicate",
        "customers.add",
        more=True,
        shown=is_direct,
        parameter="from",
    ),
    owners(_("Delete"), "customers:customer_archive", "x-mark", "customers.delete", danger=True),
)
