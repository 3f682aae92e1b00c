"""Pictures for invoices: checked, kept once by their digest, never changed."""

import hashlib
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from billing.models import Logo
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

MOST_BYTES = 300_000
MOST_PIXELS = 3_000  # of a side
FIELD = "logo_file"
# What Pillow raises of broken pictures; SyntaxError of one whose chunks have no names.
_UNREADABLE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
)
# No SVG: it can hold scripts and addresses, and WeasyPrint draws it unlike a browser.
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}


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


def media_type_of(content: bytes) -> str:
    """``image/png`` or ``image/jpeg``; raises DomainError ``invalid``, naming the field.

    The size in pixels is read before the picture is decoded, so that a small file cannot become a
    very large one.
    """
    if len(content) > MOST_BYTES:
        raise _refused(_("The picture is larger than %(kb)s kB.") % {"kb": MOST_BYTES // 1000})
    try:
        with Image.open(BytesIO(content), formats=tuple(TYPES)) as picture:
            if max(picture.size) > MOST_PIXELS:
                raise _refused(
                    _("The picture has more than %(pixels)s pixels a side.")
                    % {"pixels": MOST_PIXELS}
                )
            picture.load()
            return TYPES[str(picture.format)]
    except _UNREADABLE as error:
        raise _refused(_("Choose a PNG or JPEG picture; SVG is not taken.")) from error


def _refused(message: str) -> DomainError:
    return DomainError("invalid", message, field=FIELD)
