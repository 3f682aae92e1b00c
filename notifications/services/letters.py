"""The letters that people cause: set-password link, welcome letter, test mail."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import Customer, User
from customers.selectors import may_invite, may_manage_logins
from customers.services.audit import record
from customers.tenancy import Actor
from notifications.choices import LINK_MARK, Event
from notifications.models import LinkRequest, Message
from notifications.selectors import (
    address_of,
    first_administrator,
    logins_behind,
    may_send_test,
    may_sign_in,
    provider_of,
)
from notifications.services.outbox import queue_message
from notifications.services.rendering import Letter
from notifications.values import Link
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue

WINDOW = timedelta(hours=1)
LINKS_PER_ADDRESS = 20
LINKS_PER_LOGIN = 3
SECRET = Link(LINK_MARK)


def send_set_password(*, actor: Actor, user: User, key: str | None = None) -> Message:
    """Mail a login the link under which it sets its password: an invitation, or a reset.

    It comes from the login's own customer where that asks for it, else from who provides to it.
    With a ``key`` that was used before nothing is sent.
    Raises PermissionDenied as ``may_manage_logins`` says, DomainError ``no_email`` or ``blocked``.
    """
    if not may_manage_logins(actor, user.customer):
        raise PermissionDenied
    return _mail_to_open(actor, user, key=key)


def send_first_link(*, actor: Actor, user: User) -> Message:
    """Mail a login that the actor has just opened the link for its first password.

    Part of the caller's transaction, which makes the login. Also while switched, when nobody may
    type one. Raises PermissionDenied as ``may_invite`` says, and for a login that has a password;
    DomainError ``no_email`` or ``blocked``.
    """
    if user.has_usable_password() or not may_invite(actor, user.customer):
        raise PermissionDenied
    return _mail_to_open(actor, user)


def send_welcome(*, actor: Actor, customer: Customer) -> Message:
    """Mail a direct customer where its portal is, its login, and a set-password link.

    To its first administrator, at the customer's main e-mail if that has none of its own. Raises
    PermissionDenied as ``may_manage_logins`` says, DomainError ``no_login``, ``blocked`` or
    ``no_email``.
    """
    if not customer.is_direct_of(actor) or not may_manage_logins(actor, customer):
        raise PermissionDenied
    user = first_administrator(customer)
    if user is None:
        raise DomainError("no_login", _("This customer has no administrator login."))
    if not may_sign_in(user):
        raise DomainError("blocked", _("This customer is closed."))
    return queue_message(
        actor=actor,
        owner=actor.customer,
        customer=customer,
        user=user,
        event=Event.WELCOME,
        recipient=address_of(user),
        values={"user.name": str(user), "user.login": user.login, "set_password_link": SECRET},
    )


def send_test(*, actor: Actor, letter: Letter | None = None) -> Message:
    """Mail the actor's own user a letter that says nothing but that mail arrives.

    Or a previewed ``letter``, as a test of its words: it carries no secret.
    Raises PermissionDenied as ``may_send_test`` says, DomainError ``no_email``.
    """
    if actor.user is None or not may_send_test(actor):
        raise PermissionDenied
    if not actor.user.email:
        raise DomainError("no_email", _("Enter your e-mail address in your profile first."))
    return queue_message(
        actor=actor,
        owner=actor.customer,
        customer=actor.customer,
        event=Event.TEST,
        recipient=actor.user.email,
        values={"user.name": str(actor.user)},
        letter=letter,
    )


def ask_for_link(*, identifier: str, ip: str | None) -> None:
    """Somebody forgot a password: a worker looks whose ``identifier`` (login or address) it is.

    Whether there is such a login is told by no answer, and not by its time either. Raises
    DomainError ``too_many`` after LINKS_PER_ADDRESS requests of one address within WINDOW.
    """
    with transaction.atomic():
        asked = LinkRequest.objects.filter(ip=ip, at__gt=now() - WINDOW).count()
        if asked >= LINKS_PER_ADDRESS:
            raise DomainError(
                "too_many", _("Too many requests from your address. Try again later.")
            )
        LinkRequest.objects.create(ip=ip)
        enqueue("notifications.mail_link", identifier=identifier, ip=ip)


def mail_forgotten(*, identifier: str, ip: str | None) -> int:
    """Mail a link to each open login behind ``identifier``; returns how many were mailed.

    A login gets LINKS_PER_LOGIN within WINDOW at most, so that nobody's mailbox is flooded.
    """
    mailed = 0
    for user in logins_behind(identifier):
        with transaction.atomic():
            locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
            recent = locked.messages.filter(event=Event.SET_PASSWORD, created_at__gt=now() - WINDOW)
            if recent.count() >= LINKS_PER_LOGIN:
                continue
            provider = provider_of(user)
            actor = Actor(user=None, customer=provider, stack=(provider.pk,), ip=ip)
            _mail_link(actor, user, provider)
            record(
                actor=actor,
                customer=user.customer,
                action="set_password_asked",
                subject=user.login,
            )
            mailed += 1
    return mailed


def _mail_to_open(actor: Actor, user: User, *, key: str | None = None) -> Message:
    """Mail the link where the login is open, from its own customer or from who provides to it."""
    if not may_sign_in(user):
        raise DomainError("blocked", _("This login is closed."))
    is_own = user.customer_id == actor.customer_id
    owner = user.customer if is_own else provider_of(user)
    return _mail_link(actor, user, owner, key=key)


def _mail_link(actor: Actor, user: User, owner: Customer, *, key: str | None = None) -> Message:
    recipient = address_of(user)
    if not recipient:
        raise DomainError("no_email", _("This login has no e-mail address."), field="email")
    return queue_message(
        actor=actor,
        owner=owner,
        customer=user.customer,
        user=user,
        event=Event.SET_PASSWORD,
        recipient=recipient,
        values={
            "user.name": str(user),
            "user.login": user.login,
            "set_password_link": SECRET,
            "is_invitation": not user.has_usable_password(),
        },
        key=key,
    )
