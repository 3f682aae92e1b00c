"""Invoices and credit notes on paper: one mark-up for HTML and PDF."""

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from billing.selectors.document_parts import Document
from softswitch.core.pdf import Variant, render_pdf, stand_alone


def title_of(document: Document) -> str:
    """What a document calls itself: kind, and number or state."""
    with override(document.style.language):
        kind = _("Credit note") if document.is_credit_note else _("Invoice")
        return f"{kind} {document.number or _('Draft')}"


def invoice_html(document: Document, *, is_linked: bool = False) -> str:
    """The document as HTML; ``is_linked``: with links to the portal's style sheets."""
    context = {"document": document, "title": title_of(document), "is_linked": is_linked}
    with override(document.style.language):
        return render_to_string("billing/invoice_document.html", context)


def invoice_page(document: Document) -> bytes:
    """The document as an HTML file that needs no other."""
    return stand_alone(invoice_html(document)).encode()


def invoice_pdf(document: Document, *, variant: Variant = "pdf/ua-1") -> bytes:
    """The document as a PDF; raises what ``render_pdf`` raises."""
    return render_pdf(invoice_html(document), rows=document.rows, variant=variant)
