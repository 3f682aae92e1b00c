"""The second factor of a login: an authenticator's codes, and ten recovery codes (django-otp).

Recovery codes are stored as keyed hashes. django-otp counts wrong codes and makes the next try wait
twice as long each time; a wrong code is therefore told only after its count is committed.
"""

import secrets

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from customers.models import User
from customers.selectors import may_manage_logins
from customers.selectors.sign_in import second_factor_of
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.sealing import pin_hash

CODES = 10
CODE_LENGTH = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else
KEY_BYTES = 20
TOKEN_LENGTH = 16  # of django-otp's column
DIGITS = 6


def new_key() -> str:
    """A secret for an authenticator, in hexadecimal digits."""
    return str(random_hex(KEY_BYTES))


def turn_on(*, actor: Actor, key: str, code: str) -> list[str]:
    """Ask the real user for a code at each sign-in from now on; returns its recovery codes.

    ``code`` proves that the authenticator holds ``key`` (of new_key); it cannot be used again.
    Locks the user. Raises DomainError ``is_on``, ``no_key`` or ``wrong_code`` (field code).
    """
    if len(key) != 2 * KEY_BYTES:
        raise DomainError("no_key", _("Open the page again: its key is gone."))
    with transaction.atomic():
        user = _locked(_own(actor))
        if second_factor_of(user) is not None:
            raise DomainError("is_on", _("Two-step sign-in is on already."))
        device = TOTPDevice(user=user, name="authenticator", key=key, confirmed=True)
        if not device.verify_token(_digits(code)):
            raise _wrong_code()
        codes = _write_codes(user)
        _record(actor, user, "second_factor_on")
    return codes


def turn_off(*, actor: Actor, code: str) -> None:
    """Ask the real user for no code any more. Raises DomainError ``is_off`` or ``wrong_code``."""
    user = _checked(actor, code)
    with transaction.atomic():
        _remove(user)
        _record(actor, user, "second_factor_off")


def renew_codes(*, actor: Actor, code: str) -> list[str]:
    """Ten new recovery codes in place of the old ones; raises as turn_off does."""
    user = _checked(actor, code)
    with transaction.atomic():
        codes = _write_codes(user)
        _record(actor, user, "recovery_codes_renewed")
    return codes


def reset_second_factor(*, actor: Actor, user: User) -> None:
    """Take the second factor off a login whose user has lost it; not off one's own.

    By whoever manages the login, never while switched. Raises DomainError ``is_off``.
    """
    is_self = actor.user is not None and actor.user.pk == user.pk
    if is_self or not may_manage_logins(actor, user.customer):
        raise PermissionDenied
    with transaction.atomic():
        locked = _locked(user)
        if second_factor_of(locked) is None:
            raise _is_off()
        _remove(locked)
        _record(actor, locked, "second_factor_reset")


def check_code(*, user: User, code: str) -> bool:
    """Whether ``code`` is one of the user's, which uses it up; a wrong one is counted.

    Six digits are the authenticator's, all else is a recovery code. Locks the user, so that no
    code is good twice at once.
    """
    clean = _digits(code)
    with transaction.atomic():
        locked = _locked(user)
        if clean.isascii() and clean.isdecimal() and len(clean) == DIGITS:
            device = second_factor_of(locked)
            return device is not None and bool(device.verify_token(clean))
        spare = StaticDevice.objects.filter(user=locked, confirmed=True).first()
        return spare is not None and bool(spare.verify_token(_hashed(locked, clean)))


def _checked(actor: Actor, code: str) -> User:
    user = _own(actor)
    if second_factor_of(user) is None:
        raise _is_off()
    if not check_code(user=user, code=code):
        raise _wrong_code()
    return user


def _own(actor: Actor) -> User:
    if actor.user is None or actor.is_switched:
        raise PermissionDenied
    return actor.user


def _locked(user: User) -> User:
    locked: User = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return locked


def _write_codes(user: User) -> list[str]:
    codes = [
        "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH)) for _ in range(CODES)
    ]
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    StaticToken.objects.bulk_create(
        [StaticToken(device=device, token=_hashed(user, code)) for code in codes]
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _hashed(user: User, code: str) -> str:
    return pin_hash("recovery", str(user.pk), code)[:TOKEN_LENGTH]


def _digits(code: str) -> str:
    """A code as it was meant, however it was spaced or written."""
    return "".join(code.split()).replace("-", "").lower()


def _remove(user: User) -> None:
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def _record(actor: Actor, user: User, action: str) -> None:
    record(actor=actor, customer=user.customer, action=action, subject=user.login)


def _is_off() -> DomainError:
    return DomainError("is_off", _("Two-step sign-in is off."))


def _wrong_code() -> DomainError:
    return DomainError("wrong_code", _("This code is wrong, or was used already."), field="code")
