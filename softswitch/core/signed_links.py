"""Signed links to one row: who has one needs no login, for a limited time."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

DAY = 24 * 3600


def signed_url(view: str, pk: int, *, salt: str) -> str:
    """The full address of ``view`` with a token of ``pk``, which counts for this ``salt`` alone."""
    return settings.PORTAL_URL + reverse(view, args=[signing.dumps(pk, salt=salt)])


def signed_pk(token: str, *, salt: str, days: int) -> int | None:
    """The row that a token of ``signed_url`` names; None if it is none of ours.

    Raises SignatureExpired for one that was good once, more than ``days`` ago.
    """
    try:
        return int(signing.loads(token, salt=salt, max_age=days * DAY))
    except signing.SignatureExpired:
        raise
    except signing.BadSignature:
        return None
