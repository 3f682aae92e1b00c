"""Creates web logins, edits and blocks them, and changes their passwords."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.choices import Role
from customers.models import Customer, User
from customers.selectors import may_manage_logins
from customers.selectors.networks import is_allowed
from customers.services.audit import changed, record
from customers.services.sessions import drop_sessions
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.validation import clean_columns

EDITED = frozenset({"name", "email", "role", "language", "timezone", "allowed_networks"})


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
    timezone: Any = "",
    allowed_networks: Iterable[str] = (),
    account_id: int | None = None,
) -> User:
    """Create a login of ``customer``, or of one of its accounts.

    Without a ``password`` (None) it waits for the one that its user sets by a mailed link. Atomic
    with the audit row. Raises DomainError ``taken`` (field login), ``switched`` (whoever acts as a
    customer sets no password), ``weak_password``, ``network`` (field allowed_networks) or
    ``invalid`` (field timezone).
    """
    if password is not None and actor.is_switched:
        raise DomainError("switched", _("Passwords are not set while switched."), field="password")
    _check_zone(timezone)
    user = User(
        login=login.strip().lower(),
        name=name.strip(),
        email=email,
        role=role,
        language=language,
        timezone=timezone,
        allowed_networks=clean_networks(allowed_networks),
        customer=customer,
        account_id=account_id,
    )
    _insert(user, password)
    record(actor=actor, customer=customer, action="user_created", subject=user.login)
    return user


def _check_zone(timezone: Any) -> None:
    """A login may have none of its own."""
    if timezone:
        clean_columns(User, {"timezone": timezone})


def _insert(user: User, password: str | None) -> None:
    if not user.login:
        raise DomainError("required", _("Enter a login."), field="login")
    if password is None:
        user.set_unusable_password()
    else:
        _set_password(user, password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise DomainError("taken", _("This login is taken."), field="login") from error


def add_login(*, actor: Actor, customer: Customer, **values: Any) -> User:
    """One more login of a customer, by its owner or by itself; ``values`` as in create_user.

    Raises PermissionDenied as ``may_manage_logins`` says, and what create_user raises.
    """
    if not may_manage_logins(actor, customer):
        raise PermissionDenied
    with transaction.atomic():
        return create_user(actor=actor, customer=customer, **values)


def edit_user(*, actor: Actor, user: User, values: dict[str, Any]) -> bool:
    """Change fields of EDITED of a login; returns whether anything changed.

    By its customer or its owner. Locks the customer's administrators where the role changes.
    Atomic with the audit row. Raises PermissionDenied as ``may_manage_logins`` says, DomainError
    ``network`` or ``own_address`` (field allowed_networks), ``last_administrator`` (field role),
    ``own_email`` (field email): the own one wants the present password, which the profile asks for,
    or ``invalid`` (field timezone).
    """
    _check_manager(actor, user)
    values = {name: value for name, value in values.items() if name in EDITED}
    _check_own_email(actor, user, values)
    _check_zone(values.get("timezone"))
    if "allowed_networks" in values:
        values["allowed_networks"] = clean_networks(values["allowed_networks"])
        _check_own_address(actor, user, values["allowed_networks"])
    with transaction.atomic():
        if values.get("role", user.role) != Role.ADMINISTRATOR:
            _check_last_administrator(actor, user, field="role")
        differences = changed(user, values)
        if not differences:
            return False
        user.save(update_fields=sorted(differences))
        shown = {name: [_shown(value) for value in pair] for name, pair in differences.items()}
        record(
            actor=actor,
            customer=user.customer,
            action="user_edited",
            subject=user.login,
            changes=shown,
        )
    return True


def set_blocked(*, actor: Actor, user: User, is_blocked: bool) -> None:
    """Block a login, which ends its sessions at once, or let it sign in again. Safe to repeat.

    Nobody blocks its own login, and a customer not its last active administrator: DomainError
    ``own_login`` or ``last_administrator``. Locks the customer's administrators.
    """
    _check_manager(actor, user)
    if is_blocked and actor.user is not None and actor.user.pk == user.pk:
        raise DomainError("own_login", _("You cannot block your own login."))
    with transaction.atomic():
        if is_blocked:
            _check_last_administrator(actor, user)
        if User.objects.filter(pk=user.pk, is_active=is_blocked).update(is_active=not is_blocked):
            action = "user_blocked" if is_blocked else "user_unblocked"
            record(actor=actor, customer=user.customer, action=action, subject=user.login)
        if is_blocked:
            drop_sessions(user=user)
    user.is_active = not is_blocked


def change_password(*, actor: Actor, user: User, password: str, keep_session: str = "") -> None:
    """Set a new password; the sessions of the user end, but the one with the key ``keep_session``.

    Only by the user itself, its customer or its owner, and never while switched.
    """
    is_self = actor.user is not None and actor.user.pk == user.pk and not actor.is_switched
    if not is_self and not may_manage_logins(actor, user.customer):
        raise PermissionDenied
    with transaction.atomic():
        _set_password(user, password)
        user.save(update_fields=["password"])
        drop_sessions(user=user, keep=keep_session)
        record(actor=actor, customer=user.customer, action="password_changed", subject=user.login)


def clean_networks(entries: Iterable[str]) -> list[str]:
    """Addresses and networks as they are stored, each once: ``192.0.2.7/32``, ``2001:db8::/32``.

    Raises DomainError ``network`` (field allowed_networks) for what is neither, or has bits set
    beyond its mask.
    """
    found = []
    for entry in entries:
        try:
            found.append(str(ip_network(entry.strip())))
        except ValueError as error:
            raise DomainError(
                "network",
                _("%(text)s is neither an address nor a network such as 192.0.2.0/24.")
                % {"text": entry.strip()[:60]},
                field="allowed_networks",
            ) from error
    return list(dict.fromkeys(found))


def _check_manager(actor: Actor, user: User) -> None:
    if not may_manage_logins(actor, user.customer):
        raise PermissionDenied


def _check_own_email(actor: Actor, user: User, values: dict[str, Any]) -> None:
    is_self = actor.user is not None and actor.user.pk == user.pk
    if is_self and values.get("email", user.email) != user.email:
        raise DomainError("own_email", _("Change your own address in your profile."), field="email")


def _check_own_address(actor: Actor, user: User, networks: list[str]) -> None:
    """Nobody locks itself out by a slip."""
    is_self = actor.user is not None and actor.user.pk == user.pk
    if is_self and not is_allowed(actor.ip, networks):
        raise DomainError(
            "own_address",
            _("Your own address, %(ip)s, is missing.") % {"ip": actor.ip},
            field="allowed_networks",
        )


def _check_last_administrator(actor: Actor, user: User, field: str = "") -> None:
    """A customer keeps an administrator; its owner, who can set things right, may take it away."""
    if user.customer_id != actor.customer_id or user.account_id is not None:
        return
    rows = User.objects.filter(
        customer=user.customer_id, account=None, role=Role.ADMINISTRATOR, is_active=True
    )
    if [row.pk for row in rows.order_by("pk").select_for_update(no_key=True)] == [user.pk]:
        raise DomainError(
            "last_administrator", _("This is the last active administrator."), field=field
        )


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError("weak_password", " ".join(error.messages), field="password") from error
    user.set_password(password)
