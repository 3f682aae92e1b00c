"""Pictures that people send: looked at before they are kept, so that what is kept can be drawn."""

from base64 import b64encode
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

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


def data_uri(media_type: str, content: bytes) -> str:
    """A file as an address that holds it."""
    return f"data:{media_type};base64,{b64encode(content).decode()}"


def _refused(message: str) -> DomainError:
    return DomainError("invalid", message, field=FIELD)
