"""What a user changes of its own login: display, language, zone, password; and switching."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Customer, User
from customers.selectors import actor_for
from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.validation import clean_columns

OWN_FIELDS = frozenset({"name", "email", "language", "timezone", "display_currency", "theme"})


def edit_own_profile(*, actor: Actor, values: dict[str, Any]) -> User:
    """Change how the portal looks and speaks to the real user. Atomic with the audit row."""
    user = _real_user(actor)
    if values.get("timezone"):
        clean_columns(User, {"timezone": values["timezone"]})
    differences = changed(user, {k: v for k, v in values.items() if k in OWN_FIELDS})
    if differences:
        with transaction.atomic():
            user.save(update_fields=sorted(differences))
            record(
                actor=actor,
                customer=user.customer,
                action="profile_edited",
                subject=user.login,
                changes=differences,
            )
    return user


def switch_to(*, actor: Actor, customer: Customer) -> tuple[int, ...]:
    """Act as ``customer``, which must lie strictly below the effective one.

    Returns the new stack of customer ids behind the user's own; the session keeps it. Raises
    DomainError ``archived``, PermissionDenied for account users and for the customer itself.
    """
    if actor.account_id is not None or customer.pk == actor.customer_id or customer.is_root:
        raise PermissionDenied
    if customer.archived_at is not None:
        raise DomainError("archived", _("An archived customer cannot be switched to."))
    stack = (*actor.stack[1:], customer.pk)
    reached = actor_for(_real_user(actor), stack=stack)
    if reached.customer_id != customer.pk:
        raise PermissionDenied
    record(actor=actor, customer=customer, action="switched_to", subject=customer, is_private=True)
    return stack


def _real_user(actor: Actor) -> User:
    if actor.user is None:
        raise PermissionDenied
    return actor.user
