"""Invoices and credit notes in the API: draft, read, download, issue, void, credit."""

from typing import Annotated, Any, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router, Status

from billing.api.balances import ledger_key
from billing.api.schemas import (
    CallsLinkOut,
    CreditNoteIn,
    FileSearch,
    InvoiceDetailOut,
    InvoicePage,
    InvoiceSearch,
    IssueIn,
    ReasonIn,
)
from billing.choices import InvoiceState
from billing.models import BillingPeriod, Invoice
from billing.querysets import InvoiceQuerySet
from billing.selectors.annex_links import annex_url
from billing.selectors.invoice_parts import lines_of, settled_by, taxes_of
from billing.selectors.invoices import invoices_shown_to, may_bill, today_of
from billing.services.credit_notes import issue_credit_note
from billing.services.documents import RELATED, TYPES, current_file, file_name
from billing.services.drafts import discard_draft, make_draft, refresh_draft
from billing.services.issuing import issue_invoice
from billing.services.voiding import reissue_invoice, void_invoice
from calls.selectors.annex import trunk_shares
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, actor_of, visible, visible_or_404
from softswitch.core.errors import DomainError

router = Router(tags=["Invoices"])
KEY_SIZE = 40  # the ledger's key names the invoice too


def shown(actor: Actor) -> QuerySet[Any]:
    """The invoices that the actor sees, with what it may read of them."""
    return invoices_shown_to(visible(Invoice, actor), actor)


def issued_by(actor: Actor, key: int) -> Invoice:
    """An invoice of the actor's own customer; 403 for one that somebody below it issues."""
    invoice: Invoice = visible_or_404(
        visible(Invoice, actor).select_related("balance", "issuer"), key
    )
    if not may_bill(actor, invoice):
        raise PermissionDenied
    return invoice


def detailed(actor: Actor, key: int) -> Any:
    """An invoice with all that belongs to it, as it stands now."""
    invoice = visible_or_404(shown(actor), key)
    invoice.shown_lines = lines_of(actor, invoice)
    invoice.shown_taxes = taxes_of(invoice)
    invoice.shown_settled = settled_by(invoice)
    return invoice


@router.get("/invoices", response={200: InvoicePage, REFUSALS: ErrorOut})
def list_invoices(request: HttpRequest, search: Query[InvoiceSearch]) -> Any:
    """Invoices and credit notes of the own customer, and all that is issued by it and below."""
    actor = actor_of(request, "invoices.view")
    rows = search.narrow(shown(actor))
    if search.status is not None:
        rows = cast("InvoiceQuerySet", rows).in_status(search.status, today_of(actor))
    return search.page(rows)


@router.get("/invoices/{key}", response={200: InvoiceDetailOut, REFUSALS: ErrorOut})
def get_invoice(request: HttpRequest, key: int) -> Any:
    """One invoice or credit note, with its lines."""
    return detailed(actor_of(request, "invoices.view"), key)


@router.get("/invoices/{key}/file", response={REFUSALS: ErrorOut})
def get_file(request: HttpRequest, key: int, search: Query[FileSearch]) -> Any:
    """The document: a draft as it would be issued, what was issued as it was then.

    Without ``format`` it is the file that its settings say. ``pdf`` of an electronic invoice
    (Factur-X) has the XML inside; ``xml`` is that alone.
    """
    actor = actor_of(request, "invoices.view")
    rows = visible(Invoice, actor).select_related(*RELATED, "corrects")
    invoice = visible_or_404(rows, key)
    kind, content = current_file(invoice=invoice, kind=search.format, by_trunk=trunk_shares)
    response = HttpResponse(content, content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{file_name(invoice, kind)}"'
    return response


@router.get("/invoices/{key}/calls", response={200: CallsLinkOut, REFUSALS: ErrorOut})
def get_calls(request: HttpRequest, key: int) -> Any:
    """Where the calls behind an issued invoice are read, as CSV, or XLSX with ``?format=xlsx``.

    Whoever has the address reads them, without a token, until it expires.
    """
    actor = actor_of(request, "invoices.view")
    invoice = visible_or_404(visible(Invoice, actor), key)
    if invoice.state == InvoiceState.DRAFT or invoice.period_id is None:
        raise DomainError("state", "Only issued invoices have an address of their calls.")
    return {"url": annex_url(invoice), "days": settings.ANNEX_LINK_DAYS}


@router.post("/periods/{key}/draft", response={201: InvoiceDetailOut, REFUSALS: ErrorOut})
def draft(request: HttpRequest, key: int) -> Any:
    """Draft the invoice of a closed period that has none."""
    actor = actor_of(request, "money.manage")
    period = visible_or_404(visible(BillingPeriod, actor).select_related("balance"), key)
    return Status(201, detailed(actor, make_draft(actor=actor, period=period).pk))


@router.post("/invoices/{key}/refresh", response={200: InvoiceDetailOut, REFUSALS: ErrorOut})
def refresh(request: HttpRequest, key: int) -> Any:
    """Compute a draft anew, by what is stored and set now."""
    actor = actor_of(request, "money.manage")
    refresh_draft(actor=actor, invoice=issued_by(actor, key))
    return detailed(actor, key)


@router.post("/invoices/{key}/discard", response={204: None, REFUSALS: ErrorOut})
def discard(request: HttpRequest, key: int, body: ReasonIn) -> Any:
    """Delete a draft; its period stays closed without an invoice until one is drafted again."""
    actor = actor_of(request, "money.manage")
    discard_draft(actor=actor, invoice=issued_by(actor, key), reason=body.reason)
    return Status(204, None)


@router.post("/invoices/{key}/issue", response={200: InvoiceDetailOut, REFUSALS: ErrorOut})
def issue(request: HttpRequest, key: int, body: IssueIn) -> Any:
    """Issue a draft: it gets its number. Issued before, it is answered as it is."""
    actor = actor_of(request, "money.manage")
    issue_invoice(actor=actor, invoice=issued_by(actor, key), issued_on=body.issued_on)
    return detailed(actor, key)


@router.post("/invoices/{key}/void", response={200: InvoiceDetailOut, REFUSALS: ErrorOut})
def void(request: HttpRequest, key: int, body: ReasonIn) -> Any:
    """Take back an issued invoice; it keeps its number."""
    actor = actor_of(request, "money.manage")
    void_invoice(actor=actor, invoice=issued_by(actor, key), reason=body.reason)
    return detailed(actor, key)


@router.post("/invoices/{key}/reissue", response={201: InvoiceDetailOut, REFUSALS: ErrorOut})
def reissue(request: HttpRequest, key: int) -> Any:
    """Draft the invoice that replaces a void one."""
    actor = actor_of(request, "money.manage")
    made = reissue_invoice(actor=actor, invoice=issued_by(actor, key))
    return Status(201, detailed(actor, made.pk))


@router.post("/invoices/{key}/credit-notes", response={201: InvoiceDetailOut, REFUSALS: ErrorOut})
def credit(
    request: HttpRequest,
    key: int,
    body: CreditNoteIn,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=80)],
) -> Any:
    """Take back a part of an issued invoice, or all of it, by a credit note."""
    actor = actor_of(request, "money.manage")
    note = issue_credit_note(
        actor=actor,
        invoice=issued_by(actor, key),
        amount=body.amount,
        reason=body.reason,
        key=ledger_key(actor, idempotency_key)[:KEY_SIZE],
    )
    return Status(201, detailed(actor, note.pk))
