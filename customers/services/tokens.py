"""API tokens: made and revoked by a user for itself, and turned into who acts."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import ApiToken, User
from customers.permissions import SCOPES
from customers.selectors import actor_for
from customers.selectors.sign_in import refusal
from customers.selectors.tokens import live_tokens
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

PREFIX = "ssw_"
USE_IS_NOTED_EVERY = timedelta(minutes=1)


def create_token(
    *,
    actor: Actor,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token of the real user, and its text, which is never shown again.

    Not while switched: a token acts as its user's own customer. Atomic with the audit row. Raises
    PermissionDenied without ``api.access``, DomainError ``required``, ``scopes``, ``expires_at``.
    """
    user = _owner(actor)
    wanted = sorted(set(scopes))
    if not name.strip():
        raise DomainError("required", _("Enter a name."), field="name")
    if not wanted or not set(wanted) <= SCOPES.keys():
        raise DomainError("scopes", _("Choose what the token may do."), field="scopes")
    if expires_at is not None and expires_at <= now():
        raise DomainError("expires_at", _("This is in the past."), field="expires_at")
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user,
            name=name.strip(),
            token_hash=token_hash(text),
            hint=text[-4:],
            scopes=wanted,
            expires_at=expires_at,
        )
        record(
            actor=actor,
            customer=actor.customer,
            action="token_created",
            subject=token.name,
            changes={"scopes": ["", ", ".join(wanted)]},
        )
    return token, text


def revoke_token(*, actor: Actor, token: ApiToken) -> None:
    """End a token at once: one's own, or that of another user of the own customer.

    Safe to repeat. Atomic with the audit row.
    """
    is_own = actor.user is not None and token.user_id == actor.user.pk
    is_colleague = token.user.customer_id == actor.customer_id and actor.can("users.manage")
    if actor.is_switched or not (is_own or is_colleague):
        raise PermissionDenied
    with transaction.atomic():
        ended = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now())
        if ended:
            record(actor=actor, customer=actor.customer, action="token_revoked", subject=token.name)


def drop_tokens(*, actor: Actor, user: User) -> int:
    """End all tokens of a user at once; how many. Part of the caller's atomic, which checks who."""
    ended: int = ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now())
    if ended:
        record(
            actor=actor,
            customer=user.customer,
            action="tokens_revoked",
            subject=user.login,
            changes={"tokens": [ended, 0]},
        )
    return ended


def actor_of_token(*, text: str, address: str | None) -> Actor | None:
    """Who a token acts as: its user, with the user's rights as far as the scopes let them through.

    None for a token that is unknown, revoked or expired, and where the user could not sign in from
    ``address`` either. Without ``api.access`` the actor has no rights at all, else that one too.
    Notes the use, at most once a minute.
    """
    token = live_tokens().filter(token_hash=token_hash(text)).first()
    if token is None or refusal(token.user, address) is not None:
        return None
    _note_use(token)
    actor = actor_for(token.user, ip=address)
    if not actor.can("api.access"):
        return replace(actor, rights=frozenset())
    scoped = (SCOPES[scope] for scope in token.scopes if scope in SCOPES)
    return replace(actor, rights=actor.rights & frozenset({"api.access"}).union(*scoped))


def token_hash(text: str) -> str:
    """What is stored of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def _note_use(token: ApiToken) -> None:
    at = now()
    if token.last_used_at is None or at - token.last_used_at >= USE_IS_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)


def _owner(actor: Actor) -> User:
    if actor.user is None or actor.account_id is not None or actor.is_switched:
        raise PermissionDenied
    if not actor.can("api.access"):
        raise PermissionDenied
    return actor.user
