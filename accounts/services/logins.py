"""Opens the web logins of accounts: each sees its account alone."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account
from customers.models import User
from customers.services.users import add_login
from customers.tenancy import Actor
from notifications.services.letters import send_set_password
from softswitch.core.errors import DomainError


def open_login(
    *,
    actor: Actor,
    account: Account,
    login: str,
    name: str = "",
    email: str = "",
    password: str = "",
) -> User:
    """A login of an account, with a password, or (none given) with a link mailed to set one.

    All or nothing. Raises DomainError ``archived``, ``no_email`` (field email), ``taken`` (field
    login) or ``weak_password``, and PermissionDenied as ``may_manage_logins`` says.
    """
    if account.archived_at is not None:
        raise DomainError("archived", _("This account is archived."))
    with transaction.atomic():
        user = add_login(
            actor=actor,
            customer=account.customer,
            account_id=account.pk,
            login=login,
            name=name,
            email=email,
            password=password or None,
        )
        if not password:
            send_set_password(actor=actor, user=user)
    return user
