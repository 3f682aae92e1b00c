"""PDFs of invoices by the worker's task, and by WeasyPrint alone from the same HTML."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from billing.models import BillingPeriod, Invoice, InvoiceFile
from billing.pdf import invoice_html
from billing.selectors.documents import document_of
from billing.tasks import render_invoice
from softswitch.core.pdf import SHEETS
from tests.bench.databases import fresh_database
from tests.billing.documents import CALLS, ITEMS, firms, make_invoice, terms
from tests.world import World, build_world

INVOICES = 12
ROUNDS = 3
FIRST, DAY = datetime(2027, 1, 1, tzinfo=UTC), timedelta(days=1)
LEAST = 0.8  # of WeasyPrint's own speed


def run() -> tuple[list[str], bool]:
    """Lines to print, and whether the limit is kept: the best of some rounds, one process each.

    The task loads, composes, renders, stores and mails; a bare loop turns the same HTML into a
    PDF. Both are warm, and read their style sheets once.
    """
    # No broker runs here, and none is waited for.
    with fresh_database(), patch("softswitch.core.jobs.current_app"):
        world = build_world()
        firms(world)
        invoices = [_invoice(world, number) for number in range(INVOICES * ROUNDS)]
        htmls = [invoice_html(document_of(None, invoice)) for invoice in invoices[:INVOICES]]
        bare = _bare()
        bare(htmls[0])
        best = rate = 0.0
        for turn in range(ROUNDS):
            some = invoices[turn * INVOICES :][:INVOICES]
            alone = _seconds(bare, htmls)
            whole = _seconds(render_invoice, [invoice.pk for invoice in some])
            best = max(best, alone / whole)
            rate = INVOICES / whole
        made = InvoiceFile.objects.count()
    lines = len(CALLS) * 8 + len(ITEMS)
    is_kept = best >= LEAST and made == INVOICES * ROUNDS
    said = (
        f"invoices: {rate:.1f} PDFs/s of {lines} lines by the task on one core, "
        f"{best:.2f} of WeasyPrint's own speed (at least {LEAST})"
    )
    return [said], is_kept


def _invoice(world: World, number: int) -> Invoice:
    """An issued invoice of a day, of two dozen lines."""
    balance, start = world.balance("shop"), FIRST + number * DAY
    period = BillingPeriod.objects.create(
        balance=balance,
        starts_at=start,
        ends_at=start + DAY,
        closed_at=start + DAY,
        period_type="daily",
        timezone=balance.period_timezone,
    )
    return make_invoice(
        world,
        calls=CALLS * 8,
        number=f"HV-{number:06d}",
        terms=terms(sections=["tax", "cdrs"]),
        period=period,
    )


def _bare() -> Callable[[str], Any]:
    import weasyprint  # noqa: PLC0415 (its libraries may be missing)
    from django.conf import settings  # noqa: PLC0415

    folder = settings.BASE_DIR / "static" / "css"
    styles = [weasyprint.CSS(filename=folder / name) for name in SHEETS]

    def write(html: str) -> bytes:
        pdf: bytes = weasyprint.HTML(string=html).write_pdf(
            stylesheets=styles, pdf_variant="pdf/ua-1"
        )
        return pdf

    return write


def _seconds(work: Callable[[Any], Any], items: list[Any]) -> float:
    start = time.perf_counter()
    for item in items:
        work(item)
    return time.perf_counter() - start
