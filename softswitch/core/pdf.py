"""Turns a page of our own into a PDF, the network closed; says what to install if it cannot."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.utils.translation import gettext as _

from softswitch.core.errors import DomainError

SHEETS = ("tokens.css", "sheet.css")
# 4 ms and 200 kB a row: longer tables leave as CSV or XLSX.
MOST_ROWS = 2_000
# For screen readers, and for archives that carry a file (Factur-X); both are tagged.
Variant = Literal["pdf/ua-1", "pdf/a-3b"]
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def render_pdf(html: str, *, rows: int, variant: Variant = "pdf/ua-1") -> bytes:
    """``html`` (a whole document of class "sheet") as a tagged PDF with bookmarks.

    ``rows`` is how many table rows it holds. Title and language come from the document. Raises
    DomainError ``too_long`` above MOST_ROWS, and ``pdf_unavailable``, which names the packages to
    install, where WeasyPrint's system libraries are missing; nothing else needs them.
    """
    if rows > MOST_ROWS:
        raise DomainError(
            "too_long",
            _("%(rows)s lines are too many for a PDF: use CSV or XLSX.") % {"rows": rows},
        )
    weasyprint = _library()
    closed = weasyprint.urls.URLFetcher(allowed_protocols=("data",))
    document = weasyprint.HTML(string=html, url_fetcher=closed)
    pdf: bytes = document.write_pdf(stylesheets=sheets(), pdf_variant=variant, pdf_tags=True)
    return pdf


@cache
def sheets() -> list[Any]:
    """The style sheets of paper, read once: they are nearly half the work of a short document."""
    weasyprint = _library()
    return [weasyprint.CSS(filename=_folder() / name) for name in SHEETS]


def stand_alone(html: str, names: Sequence[str] = SHEETS) -> str:
    """``html`` with style sheets inside, those of paper, so that it can be sent and kept."""
    styles = "".join(map(_text_of, names))
    head, end, rest = html.partition("</head>")
    return f"{head}<style>{styles}</style>\n{end}{rest}"


def policy_of(html: str) -> str:
    """The Content-Security-Policy of a document of ``stand_alone``: its own styles, no more."""
    digests = [hashlib.sha256(text.encode()).digest() for text in _STYLE.findall(html)]
    styles = " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests) or "'none'"
    return (
        f"default-src 'none'; img-src data:; style-src {styles}; "
        "frame-ancestors 'none'; sandbox allow-popups allow-top-navigation-by-user-activation"
    )


@cache
def _text_of(name: str) -> str:
    return (_folder() / name).read_text()


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "static" / "css"


def _library() -> Any:
    try:
        import weasyprint
    except OSError as error:
        raise DomainError(
            "pdf_unavailable",
            _(
                "PDF needs libraries that this server lacks. On Debian: apt-get install "
                "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core."
            ),
        ) from error
    return weasyprint
