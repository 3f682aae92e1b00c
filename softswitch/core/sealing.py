"""Keeps small secrets: sealed so that only this installation reads them, or hashed with its key.

PINs have few digits, so a plain hash of one is guessed in no time by whoever reads the database;
the key, which stands in the settings only, is what protects them.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from softswitch.core.errors import DomainError
from softswitch.core.reasons import Reason


def _key(purpose: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"softswitch." + purpose.encode(), hashlib.sha256)


def _box() -> MultiFernet:
    """Seals with the first of the keys and opens with any, so that keys can be changed."""
    keys = [_key("seal", secret) for secret in settings.SEALING_KEYS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def seal(text: str) -> bytes:
    """``text`` so that only this installation can read it."""
    return _box().encrypt(text.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """What was sealed. Raises DomainError ``sealed_elsewhere`` where no key opens it."""
    try:
        return _box().decrypt(bytes(sealed)).decode()
    except InvalidToken as error:
        text = Reason("This was sealed with a key that is no longer set.")
        raise DomainError("sealed_elsewhere", text) from error


def pin_hash(*parts: str) -> str:
    """The keyed hash of a PIN with what stands before it, 64 hexadecimal digits.

    It hangs on the last of SEALING_KEYS, which is the first one ever used: new keys are put before
    it, so that the PINs that are out stay good.
    """
    key = _key("pin", settings.SEALING_KEYS[-1])
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()
