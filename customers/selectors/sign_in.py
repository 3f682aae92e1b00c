"""Who may sign in from where, and who signs in with a second factor."""

from django.db.models import Exists, OuterRef, QuerySet
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from customers.choices import SignInOutcome
from customers.models import User, UserSession
from customers.selectors.actors import is_blocked, may_manage_logins
from customers.selectors.networks import is_allowed
from customers.tenancy import Actor


def refusal(user: User, address: str | None) -> SignInOutcome | None:
    """Why a user may not be signed in from ``address`` now, whatever its password; else None."""
    if not user.is_active or is_blocked(user.customer):
        return SignInOutcome.BLOCKED
    if not is_allowed(address, user.allowed_networks):
        return SignInOutcome.ADDRESS
    return None


def second_factor_of(user: User) -> TOTPDevice | None:
    """The confirmed authenticator of a user: without one, the password is enough."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    return found


def with_second_factor(users: QuerySet[User]) -> QuerySet[User]:
    """``users`` with ``has_second_factor``."""
    devices = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
    return users.annotate(has_second_factor=Exists(devices))


def recovery_codes_left(user: User) -> int:
    """How many recovery codes of a user are unused."""
    codes = StaticToken.objects.filter(device__user=user, device__confirmed=True)
    return int(codes.count())


def session_count(user: User) -> int:
    """In how many sessions a user is signed in."""
    return int(UserSession.objects.filter(user=user).count())


def waiting_user(user_id: int, auth_hash: str) -> User | None:
    """Whose password was right and whose code is awaited; None once the password has changed."""
    user: User | None = User.objects.filter(pk=user_id).select_related("customer").first()
    if user is None or user.get_session_auth_hash() != auth_hash:
        return None
    return user


def may_end_sessions(actor: Actor, user: User) -> bool:
    """Whether the actor sees and ends the sessions of ``user``: its own, or of logins it manages.

    Nobody does while switched.
    """
    is_self = actor.user is not None and actor.user.pk == user.pk and not actor.is_switched
    return is_self or may_manage_logins(actor, user.customer)
