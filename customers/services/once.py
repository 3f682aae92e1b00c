"""Lets an API request with a key count once: what it did and its answer are one transaction."""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.models import ApiRequest, ApiToken
from customers.services.tokens import token_hash
from softswitch.core.errors import DomainError

REFUSED = 400  # the first status of an answer that says that nothing was done


def do_once(
    *, text: str, key: str, fingerprint: str, act: Callable[[], tuple[int, Any]]
) -> ApiRequest | None:
    """Call ``act`` and remember its status and answer, unless the key was used before.

    ``text`` is the token, whose keys are its own; ``fingerprint`` says which request it is. Returns
    what was remembered of an earlier request of this key (DomainError ``key_used`` if it was
    another one), None if ``act`` was called now. What was refused is taken back and not remembered,
    so that the key can be used again. Of two requests at once the second waits for the first.
    """
    token = ApiToken.objects.get(token_hash=token_hash(text))
    try:
        with transaction.atomic():
            row = ApiRequest.objects.create(
                token=token, key=key, fingerprint=fingerprint, status=0, answer={}
            )
            row.status, row.answer = act()
            if row.status >= REFUSED:
                transaction.set_rollback(True)
            else:
                row.save(update_fields=["status", "answer"])
    except IntegrityError:
        known: ApiRequest | None = ApiRequest.objects.filter(token=token, key=key).first()
        if known is None:
            raise
    else:
        return None
    if known.fingerprint != fingerprint:
        raise DomainError("key_used", _("This key belongs to another request."))
    return known
