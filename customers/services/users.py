"""Creates web logins and changes their passwords."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from customers.choices import Role
from customers.models import Customer, User
from customers.selectors import may_manage_logins
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError


def create_user(
    *,
    actor: Actor,
    customer: Customer,
    login: str,
    password: str | None,
    name: str = "",
    email: str = "",
    role: str = Role.ADMINISTRATOR,
    language: str = "",
    account_id: int | None = None,
) -> User:
    """Create a login of ``customer``, or of one of its accounts.

    Without a ``password`` (None) it waits for the one that its user sets by a mailed link. Atomic
    with the audit row. Raises DomainError ``taken`` (field login) or ``weak_password``.
    """
    user = User(
        login=login.strip().lower(),
        name=name.strip(),
        email=email,
        role=role,
        language=language,
        customer=customer,
        account_id=account_id,
    )
    if not user.login:
        raise DomainError("required", "Enter a login.", field="login")
    if password is None:
        user.set_unusable_password()
    else:
        _set_password(user, password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise DomainError("taken", "This login is taken.", field="login") from error
    record(actor=actor, customer=customer, action="user_created", subject=user.login)
    return user


def add_login(*, actor: Actor, customer: Customer, **values: Any) -> User:
    """One more login of a customer, by its owner or by itself; ``values`` as in create_user.

    Raises PermissionDenied as ``may_manage_logins`` says, and what create_user raises.
    """
    if not may_manage_logins(actor, customer):
        raise PermissionDenied
    with transaction.atomic():
        return create_user(actor=actor, customer=customer, **values)


def change_password(*, actor: Actor, user: User, password: str) -> None:
    """Set a new password; other sessions of the user end. Only its own customer or its owner."""
    is_self = actor.user is not None and actor.user.pk == user.pk
    if not is_self and not may_manage_logins(actor, user.customer):
        raise PermissionDenied
    with transaction.atomic():
        _set_password(user, password)
        user.save(update_fields=["password"])
        record(actor=actor, customer=user.customer, action="password_changed", subject=user.login)


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError("weak_password", " ".join(error.messages), field="password") from error
    user.set_password(password)
