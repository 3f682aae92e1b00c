"""Makes the files of issued invoices once, keeps them, and mails each invoice once."""

import hashlib
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.text import slugify
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import FileKind, InvoiceKind, InvoiceState
from billing.models import Invoice, InvoiceFile
from billing.pdf import invoice_page, invoice_pdf, title_of
from billing.selectors.annex_links import annex_url
from billing.selectors.document_parts import Document
from billing.selectors.documents import ByTrunk, document_of, names_annex
from billing.selectors.letter_links import invoice_url
from billing.selectors.parties import names_then, party
from billing.services.dunning_letters import recipients_of
from billing.services.e_invoices import embedded, lacks, xml_of
from customers.models import User
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.models import Attachment
from notifications.services.events import News, tell
from notifications.services.outbox import keep_attachment
from notifications.values import Link, Money, Value
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue

# What a lost message left lying is looked for so far back; earlier invoices had their chance.
LOOKED_BACK = timedelta(days=7)
RESUMED_AT_ONCE = 500
TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.HTML: "text/html; charset=utf-8",
    FileKind.XML: "application/xml",
}
RELATED = (
    "issuer",
    "customer",
    "account__customer",
    "balance__customer",
    "period__balance",
    "logo",
)


def deliver_invoice(*, invoice_id: int, by_trunk: ByTrunk | None = None) -> None:
    """Make the files of an issued invoice or credit note, and tell who pays: by mail, too.

    Safe to repeat: files are kept under a unique key, and the letter's row in the outbox has one,
    too. What a file needs is frozen, so it is made before the transaction, which locks the invoice
    last. Without an e-mail address there is no letter, but bell and webhooks are told. Raises
    DomainError ``pdf_unavailable``.
    """
    invoice = _issued().filter(pk=invoice_id).first()
    if invoice is None:  # voided before its file was made
        return
    file = file_of(invoice=invoice, by_trunk=by_trunk)
    if invoice.mailed_at is None:
        _tell(invoice, file)


def file_of(
    *, invoice: Invoice, kind: FileKind | None = None, by_trunk: ByTrunk | None = None
) -> InvoiceFile:
    """The file of an issued invoice in ``kind``, else as its settings say; made if there is none.

    Two that make it at once get the same one. An electronic invoice whose parties lack what the
    standard asks for becomes a plain PDF, and ``Invoice.problem`` says what. Raises DomainError
    ``pdf_unavailable``.
    """
    if kind is not None:
        kept = invoice.files.filter(kind=kind).first()
        if kept is not None:
            return kept
    document = document_of(None, invoice, by_trunk=by_trunk)
    wanted = FileKind(document.style.file_kind) if kind is None else kind
    found: InvoiceFile | None = invoice.files.filter(kind=wanted).first()
    if found is None:
        _keep(invoice, _made(invoice, document, wanted))
        found = invoice.files.get(kind=wanted)
    return found


def current_file(
    *, invoice: Invoice, kind: FileKind | None = None, by_trunk: ByTrunk | None = None
) -> tuple[FileKind, bytes]:
    """What a download of ``invoice`` holds: as it was issued, a draft as it would be, else as void.

    Raises DomainError ``pdf_unavailable`` or ``no_xml``.
    """
    if invoice.state == InvoiceState.ISSUED:
        file = file_of(invoice=invoice, kind=kind, by_trunk=by_trunk)
        return FileKind(file.kind), bytes(file.content)
    document = document_of(None, invoice, by_trunk=by_trunk)
    wanted = kind or FileKind(document.style.file_kind)
    return wanted, passing_file(document=document, kind=wanted)


def resume_documents() -> int:
    """Ask for the files and letters of issued invoices that have none; returns how many.

    What is asked for twice is made once (deliver_invoice).
    """
    since = now() - LOOKED_BACK
    issued = Invoice.objects.filter(state=InvoiceState.ISSUED, issued_at__gt=since)
    has_file = Exists(InvoiceFile.objects.filter(invoice=OuterRef("pk")))
    logins = User.objects.filter(account=OuterRef("account"), is_active=True).exclude(email="")
    has_email = ~Q(customer__billing_email="", customer__main_email="")
    stayed = Q(has_email, balance__closed_as__isnull=True) | Q(balance__closed_as__email__gt="")
    addressed = Q(stayed, account=None) | Exists(logins)
    left = issued.filter(~has_file | Q(addressed, mailed_at=None))
    ids = list(left.order_by("issued_at").values_list("pk", flat=True)[:RESUMED_AT_ONCE])
    for pk in ids:
        enqueue("billing.render_invoice", invoice_id=pk)
    return len(ids)


def passing_file(*, document: Document, kind: FileKind) -> bytes:
    """A draft as it would be issued now, or an invoice as void: made at once and kept nowhere.

    Raises DomainError ``no_xml``, as only what was issued and counts is an electronic invoice.
    """
    if kind == FileKind.XML:
        raise DomainError("no_xml", _("Only issued invoices are electronic ones."))
    return invoice_page(document) if kind == FileKind.HTML else invoice_pdf(document)


def file_name(invoice: Invoice, kind: str) -> str:
    """``inv-000017.pdf``."""
    return f"{slugify(invoice.number or f'draft {invoice.pk}')}.{kind}"


def _issued() -> QuerySet[Invoice]:
    rows: QuerySet[Invoice] = Invoice.objects.filter(state=InvoiceState.ISSUED)
    return rows.select_related(*RELATED, "corrects")


def _made(invoice: Invoice, document: Document, wanted: FileKind) -> dict[FileKind, bytes]:
    """The contents of the files that come together: of an electronic invoice PDF and XML."""
    if wanted == FileKind.HTML:
        return {FileKind.HTML: invoice_page(document)}
    if not document.style.is_e_invoice:
        if wanted == FileKind.XML:
            raise DomainError("no_xml", _("This is not an electronic invoice."))
        return {FileKind.PDF: invoice_pdf(document)}
    missing = lacks(document)
    if missing:
        Invoice.objects.filter(pk=invoice.pk).update(problem=" ".join(missing)[:300])
        if wanted == FileKind.XML:
            raise DomainError("no_xml", " ".join(missing))
        return {FileKind.PDF: invoice_pdf(document)}
    xml = xml_of(document)
    pdf = embedded(invoice_pdf(document, variant="pdf/a-3b"), xml, document, title_of(document))
    return {FileKind.PDF: pdf, FileKind.XML: xml}


def _keep(invoice: Invoice, contents: dict[FileKind, bytes]) -> None:
    """Store what was made, unless another has been quicker: the first one counts for ever."""
    InvoiceFile.objects.bulk_create(
        [
            InvoiceFile(
                invoice=invoice,
                kind=kind,
                content=content,
                sha256=hashlib.sha256(content).hexdigest(),
            )
            for kind, content in contents.items()
        ],
        ignore_conflicts=True,
    )


def _tell(invoice: Invoice, file: InvoiceFile) -> None:
    """Tell of the invoice once, with its file where there is an address; locks the invoice.

    The key of the news keeps bell and webhooks from being told again with a later letter.
    """
    recipient = recipient_of(invoice)
    owner = invoice.issuer
    with transaction.atomic():
        fresh = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
        if fresh.mailed_at is not None:
            return
        news = News(
            event=Event.INVOICE,
            owner=owner,
            customer=invoice.customer,
            account_id=invoice.account_id,
            recipients=[recipient],
            values=_values(invoice),
            key=f"invoice:{invoice.pk}",
            attachment=_attachment(invoice, file) if recipient else None,
            path=reverse("billing:invoice_detail", args=[invoice.pk]),
        )
        actor = Actor(user=None, customer=owner, stack=(owner.pk,), is_system=True)
        tell(actor=actor, news=news)
        if recipient:
            Invoice.objects.filter(pk=invoice.pk).update(mailed_at=now())


def _attachment(invoice: Invoice, file: InvoiceFile) -> Attachment:
    kind = FileKind(file.kind)
    return keep_attachment(
        name=file_name(invoice, kind),
        content_type=TYPES[kind].partition(";")[0],
        content=bytes(file.content),
    )


def recipient_of(invoice: Invoice) -> str:
    """Where an invoice is mailed: where the letters about its balance go."""
    return recipients_of([invoice.balance])[invoice.balance_id]


def _values(invoice: Invoice) -> dict[str, Value]:
    currency = invoice.currency_id
    is_credit_note = invoice.kind == InvoiceKind.CREDIT_NOTE
    csv = annex_url(invoice) if names_annex(invoice) else ""
    return names_then(invoice.balance) | {
        "customer.company": party(invoice.customer_data).name or invoice.customer.name,
        "invoice.is_credit_note": is_credit_note,
        "invoice.number": invoice.number,
        "invoice.corrects": invoice.corrects.number if invoice.corrects else "",
        "invoice.total": Money(invoice.total, currency),
        "invoice.amount_due": Money(invoice.amount_due, currency),
        "invoice.due_on": invoice.due_on if invoice.amount_due else None,
        "invoice_link": Link(invoice_url(invoice.pk)),
        "annex_csv": Link(csv) if csv else None,
        "annex_xlsx": Link(f"{csv}?format=xlsx") if csv else None,
    }
