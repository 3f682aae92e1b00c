"""Invoices and credit notes in the API: read, issue, void, issue again, credit."""

from typing import Annotated, Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Header, Query, Router, Status

from billing.api.balances import ledger_key
from billing.api.schemas import (
    CreditNoteIn,
    InvoiceDetailOut,
    InvoicePage,
    InvoiceSearch,
    IssueIn,
    ReasonIn,
)
from billing.models import Invoice
from billing.querysets import InvoiceQuerySet
from billing.selectors.invoice_parts import lines_of, settled_by, taxes_of
from billing.selectors.invoices import invoices_shown_to, may_bill, today_of
from billing.services.credit_notes import issue_credit_note
from billing.services.issuing import issue_invoice
from billing.services.voiding import reissue_invoice, void_invoice
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, actor_of, visible, visible_or_404

router = Router(tags=["Invoices"])
KEY_SIZE = 40  # the ledger's key names the invoice too


def shown(actor: Actor) -> QuerySet[Any]:
    """The invoices that the actor sees, with what it may read of them."""
    return invoices_shown_to(visible(Invoice, actor), actor)


def issued_by(actor: Actor, key: int) -> Invoice:
    """An invoice of the actor's own customer; 403 for one that somebody below it issues."""
    invoice: Invoice = visible_or_404(visible(Invoice, actor).select_related("balance"), key)
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
