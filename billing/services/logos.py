"""Pictures for invoices: checked, kept once by their digest, never changed."""

import hashlib

from billing.models import Logo
from customers.tenancy import Actor
from softswitch.core.pictures import media_type_of


def keep_logo(*, actor: Actor, content: bytes) -> Logo:
    """The picture as a row of the actor's customer; the same bytes are one row.

    Part of the caller's transaction, whose rights count. Raises DomainError as media_type_of.
    """
    media_type = media_type_of(content)
    digest = hashlib.sha256(content).hexdigest()
    logo, _is_new = Logo.objects.get_or_create(
        owner=actor.customer,
        digest=digest,
        defaults={"media_type": media_type, "content": content},
    )
    return logo
