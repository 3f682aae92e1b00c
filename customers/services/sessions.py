"""Keeps the list of sessions in which users are signed in, and ends them."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.timezone import now

from customers.models import SignIn, User, UserSession
from customers.selectors.sign_in import may_end_sessions
from customers.services.audit import record
from customers.services.tokens import drop_tokens
from customers.tenancy import Actor

AGENT_LENGTH = 300
SEEN_KEY = "seen_at"  # under which a session keeps when it was last written to the list
SEEN_EVERY = 300  # seconds
KEPT = timedelta(days=400)  # of the tries to sign in


def open_session(*, user: User, session_key: str, ip: str | None, agent: str) -> UserSession:
    """List the session that a user has just signed in to; ``agent`` is cut to length."""
    return UserSession.objects.create(
        user=user, session_key=session_key, ip=ip, agent=agent[:AGENT_LENGTH]
    )


def touch_session(*, session_key: str, ip: str | None) -> None:
    """Note that a session is in use, and from where."""
    rows = UserSession.objects.filter(session_key=session_key)
    rows.update(last_seen_at=now(), ip=ip)


def move_session(*, old_key: str, new_key: str) -> None:
    """Follow a session whose key was changed."""
    UserSession.objects.filter(session_key=old_key).update(session_key=new_key)


def close_session(*, session_key: str) -> None:
    """Take a session off the list: its user signed out, or was signed out."""
    UserSession.objects.filter(session_key=session_key).delete()


def end_session(*, actor: Actor, session: UserSession) -> None:
    """Sign a user out of one session, wherever it is. Atomic with the audit row."""
    if not may_end_sessions(actor, session.user):
        raise PermissionDenied
    with transaction.atomic():
        _end([session.session_key])
        _record(actor, session.user, "session_ended")


def end_all_sessions(*, actor: Actor, user: User, revokes_tokens: bool = False) -> int:
    """Sign a user out everywhere; returns of how many sessions. Atomic with the audit rows.

    ``revokes_tokens``: its API tokens end, too.
    """
    if not may_end_sessions(actor, user):
        raise PermissionDenied
    with transaction.atomic():
        ended = drop_sessions(user=user)
        _record(actor, user, "sessions_ended")
        if revokes_tokens:
            drop_tokens(actor=actor, user=user)
    return ended


def drop_sessions(*, user: User, keep: str = "") -> int:
    """End the sessions of a user but the one with the key ``keep``; part of the caller's atomic."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=keep)
    keys = list(rows.values_list("session_key", flat=True))
    _end(keys)
    return len(keys)


def purge() -> None:
    """Delete tries to sign in older than KEPT, sessions that ran out, and dead rows of the list."""
    moment = now()
    SignIn.objects.filter(at__lt=moment - KEPT).delete()
    Session.objects.filter(expire_date__lt=moment).delete()
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.exclude(Exists(alive)).delete()


def _end(keys: list[str]) -> None:
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()


def _record(actor: Actor, user: User, action: str) -> None:
    record(actor=actor, customer=user.customer, action=action, subject=user.login)
