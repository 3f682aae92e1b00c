"""Turns a page of our own into a PDF, the network closed; says what to install if it cannot."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from softswitch.core.errors import DomainError

SHEETS = ("tokens.css", "sheet.css")
# 4 ms and 200 kB a row: longer tables leave as CSV or XLSX.
MOST_ROWS = 2_000


def render_pdf(html: str, *, rows: int) -> bytes:
    """``html`` (a whole document of class "sheet") as a tagged PDF.

    ``rows`` is how many table rows it holds. Raises DomainError ``too_long`` above MOST_ROWS, and
    ``pdf_unavailable``, which names the packages to install, where WeasyPrint's system libraries
    are missing; nothing else needs them.
    """
    if rows > MOST_ROWS:
        raise DomainError(
            "too_long",
            _("%(rows)s lines are too many for a PDF: use CSV or XLSX.") % {"rows": rows},
        )
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
    folder = Path(settings.BASE_DIR) / "static" / "css"
    closed = weasyprint.urls.URLFetcher(allowed_protocols=("data",))
    document = weasyprint.HTML(string=html, url_fetcher=closed)
    pdf: bytes = document.write_pdf(
        stylesheets=[weasyprint.CSS(filename=folder / name) for name in SHEETS],
        pdf_variant="pdf/ua-1",
    )
    return pdf
