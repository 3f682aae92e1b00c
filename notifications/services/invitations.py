"""Invites people: a login without a password, and the letter with the link that sets one."""

from typing import Any

from django.db import transaction

from customers.models import Customer, User
from customers.services.users import add_login
from customers.tenancy import Actor
from notifications.services.letters import send_set_password


def invite_user(*, actor: Actor, customer: Customer, **values: Any) -> User:
    """Add a login of ``customer`` and mail its user a set-password link; all or nothing.

    ``values`` are those of ``create_user`` without a password. Raises what ``add_login`` and
    ``send_set_password`` raise, DomainError ``no_email`` (field email) among it.
    """
    with transaction.atomic():
        user = add_login(actor=actor, customer=customer, password=None, **values)
        send_set_password(actor=actor, user=user)
    return user
