"""Files of invoices: made once, kept, mailed once; downloads; what is said where none can be."""

import builtins
import hashlib
import io
from datetime import UTC, datetime
from typing import Any

import pypdf
import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from billing.models import Invoice, InvoiceFile
from billing.pdf import invoice_pdf
from billing.selectors.documents import document_of
from billing.services.documents import deliver_invoice, file_of, resume_documents
from billing.tasks import render_invoice
from customers.models import User
from notifications.models import Attachment, Message, Notice
from softswitch.core import pdf as core_pdf
from tests.billing.documents import firms, make_invoice, terms
from tests.billing.money import paying_account
from tests.security.portal import signed_in
from tests.world import World

SOON_AFTER = datetime(2026, 11, 1, 6, 5, tzinfo=UTC)  # than make_invoice issues
HTML: dict[str, Any] = {"terms": terms(format="html")}


def download(client: Client, world: World, who: str, invoice: Invoice, **query: str) -> Any:
    client.force_login(world.user(who))
    return client.get(reverse("billing:invoice_pdf", args=[invoice.pk]), query)


@pytest.fixture
def without_pango(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without WeasyPrint's system libraries."""
    genuine = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return genuine(name, *args, **kwargs)

    core_pdf.sheets.cache_clear()
    monkeypatch.setattr(builtins, "__import__", refuse)


@pytest.mark.usefixtures("pdf_libraries")
def test_a_pdf_is_tagged_titled_and_has_bookmarks(world: World) -> None:
    firms(world)
    invoice = make_invoice(world, terms=terms(language="ar"))
    variants: tuple[core_pdf.Variant, ...] = ("pdf/ua-1", "pdf/a-3b")
    for variant in variants:
        content = invoice_pdf(document_of(None, invoice), variant=variant)
        reader = pypdf.PdfReader(io.BytesIO(content))
        root: Any = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in root
        assert root["/Lang"] == "ar"
        assert reader.metadata is not None
        assert reader.metadata.title == "فاتورة HV-000117"
        assert reader.metadata.author == "Halyard Voice Ltd"
        titles = [str(item["/Title"]) for item in reader.outline if not isinstance(item, list)]
        assert titles == ["فاتورة"]


@pytest.mark.usefixtures("pdf_libraries")
def test_long_tables_repeat_their_head_and_number_their_pages(world: World) -> None:
    calls = [(f"Place {n}", "44", 1, 60, "0.01", "0.01") for n in range(90)]
    invoice = make_invoice(world, calls=calls, items=())
    pages = pypdf.PdfReader(io.BytesIO(invoice_pdf(document_of(None, invoice)))).pages
    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert "Rate per minute" in text
        assert f"{number} / 3" in text


@pytest.mark.usefixtures("pdf_libraries")
def test_the_same_bytes_for_ever_and_for_both_sides(client: Client, world: World) -> None:
    invoice = make_invoice(world)
    first = download(client, world, "sub_reseller", invoice)
    assert first["Content-Type"] == "application/pdf"
    assert first["Content-Disposition"] == 'inline; filename="hv-000117.pdf"'
    kept = InvoiceFile.objects.get()
    assert kept.sha256 == hashlib.sha256(first.content).hexdigest()
    assert download(client, world, "shop", invoice).content == first.content
    assert InvoiceFile.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        InvoiceFile.objects.update(content=b"x")
    with pytest.raises(DatabaseError), transaction.atomic():
        InvoiceFile.objects.all().delete()


def test_someone_elses_is_not_there_and_a_draft_is_the_issuers(
    client: Client, world: World
) -> None:
    invoice = make_invoice(world, **HTML)
    for who in ("other_reseller", "sub_customer"):
        assert download(client, world, who, invoice).status_code == 404
    assert download(client, world, "shop", invoice).status_code == 200
    user = world.user("shop")
    user.role = "reporter"
    user.save()
    assert download(client, world, "shop", invoice).status_code == 403
    user.role = "administrator"
    user.save()
    Invoice.objects.update(state="void")
    draft = make_invoice(world, state="draft", **HTML)
    assert download(client, world, "shop", draft).status_code == 404
    answer = download(client, world, "sub_reseller", draft)
    assert "sheet-watermark" in answer.content.decode()
    assert download(client, world, "sub_reseller", draft, format="xml").status_code == 422
    assert download(client, world, "sub_reseller", draft, format="doc").status_code == 404
    assert not InvoiceFile.objects.filter(invoice=draft).exists()


def test_html_is_shown_under_a_policy_of_its_own(client: Client, world: World) -> None:
    answer = download(client, world, "shop", make_invoice(world, **HTML))
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "script-src" not in policy
    style = answer.content.decode().split("<style>")[1].split("</style>")[0]
    assert core_pdf.policy_of(f"<style>{style}</style>") == policy


def test_a_void_one_is_shown_as_void_and_its_file_is_kept(client: Client, world: World) -> None:
    invoice = make_invoice(world, **HTML)
    before = download(client, world, "shop", invoice).content
    Invoice.objects.filter(pk=invoice.pk).update(state="void", reason="Wrong rates")
    after = download(client, world, "shop", invoice).content.decode()
    assert "This invoice is void" in after
    assert "Wrong rates" in after
    assert bytes(InvoiceFile.objects.get().content) == before


def test_it_is_mailed_once_from_its_owner_with_the_file(world: World) -> None:
    firms(world)
    invoice = make_invoice(world, terms=terms(format="html", sections=["cdrs"]))
    for _again in range(3):
        render_invoice(invoice.pk)
    message = Message.objects.get()
    assert (message.owner, message.customer) == (world.sub_reseller, world.shop)
    assert (message.recipient, message.subject) == ("billing@shop.example", "Invoice HV-000117")
    assert message.sender_name == "Halyard Voice Ltd"
    assert "Amount due             2,087.08 GBP" in message.text
    assert "/billing/calls/" in message.text
    assert message.attachment is not None
    assert message.attachment.name == "hv-000117.html"
    assert message.attachment.content_type == "text/html"
    assert bytes(message.attachment.content) == bytes(InvoiceFile.objects.get().content)
    invoice.refresh_from_db()
    assert invoice.mailed_at is not None


def test_without_an_address_there_is_a_file_and_no_letter(world: World) -> None:
    invoice = make_invoice(world, **HTML)
    deliver_invoice(invoice_id=invoice.pk)
    assert InvoiceFile.objects.count() == 1
    assert not Message.objects.exists()
    then = time_machine.travel(SOON_AFTER, tick=False)
    with then:
        assert resume_documents() == 0
    world.shop.main_email = "info@shop.example"
    world.shop.save()
    with then:
        assert resume_documents() == 1


def test_without_an_address_the_bell_tells_it_and_a_later_letter_does_not_again(
    world: World,
) -> None:
    invoice = make_invoice(world, **HTML)
    for _twice in range(2):
        deliver_invoice(invoice_id=invoice.pk)
    assert not Attachment.objects.exists()
    assert not Message.objects.exists()
    page = signed_in(world.user("shop")).get(reverse("notifications:notice_list"))
    assert "Invoice HV-000117" in page.content.decode()
    assert reverse("billing:invoice_detail", args=[invoice.pk]) in page.content.decode()
    invoice.refresh_from_db()
    assert invoice.mailed_at is None
    world.shop.main_email = "info@shop.example"
    world.shop.save()
    deliver_invoice(invoice_id=invoice.pk)
    assert Message.objects.get().recipient == "info@shop.example"
    notice = Notice.objects.get()
    assert (notice.recipient, notice.event, notice.right) == (
        world.shop,
        "invoice",
        "invoices.view",
    )


def test_an_account_gets_its_invoices_where_its_login_does(world: World) -> None:
    """As the letters of dunning: its first open login with an address; else none is sent."""
    account = paying_account(world)
    world.shop.billing_email = "office@shop.example"
    world.shop.save()
    invoice = make_invoice(world, balance=account, **HTML)
    login = User.objects.get(account=world.account)
    for email in ("", "desk@shop.example"):
        User.objects.filter(pk=login.pk).update(email=email)
        with time_machine.travel(SOON_AFTER, tick=False):
            assert resume_documents() == (1 if email or not invoice.files.exists() else 0)
        deliver_invoice(invoice_id=invoice.pk)
        assert Message.objects.count() == bool(email)
    message = Message.objects.get()
    assert (message.owner, message.recipient) == (world.shop, "desk@shop.example")


def test_what_is_void_before_it_was_made_is_not_sent(world: World) -> None:
    firms(world)
    invoice = make_invoice(world, state="void", **HTML)
    deliver_invoice(invoice_id=invoice.pk)
    assert not InvoiceFile.objects.exists()
    assert not Message.objects.exists()


def test_a_credit_note_is_mailed_as_one(world: World) -> None:
    firms(world)
    invoice = make_invoice(world, **HTML)
    items = [("adjustment", "Wrong price", None, None, "100.00")]
    note = make_invoice(
        world, kind="credit_note", corrects=invoice, number="CN-000001", calls=(), items=items,
        period=None, **HTML,
    )  # fmt: skip
    deliver_invoice(invoice_id=note.pk)
    message = Message.objects.get()
    assert message.subject == "Credit note CN-000001"
    assert "for invoice HV-000117" in message.text
    assert "Credited  120.00 GBP" in message.text


def test_the_sweep_asks_for_what_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(
        "billing.services.documents.enqueue", lambda _name, invoice_id: sent.append(invoice_id)
    )
    invoice = make_invoice(world, **HTML)
    assert resume_documents() == 0, "it was issued long ago"
    with time_machine.travel(SOON_AFTER, tick=False):
        assert resume_documents() == 1
        assert sent == [invoice.pk]
        deliver_invoice(invoice_id=invoice.pk)
        assert resume_documents() == 0


@pytest.mark.usefixtures("without_pango")
def test_without_the_libraries_the_page_says_so_and_html_works(
    client: Client, world: World
) -> None:
    invoice = make_invoice(world)
    answer = download(client, world, "shop", invoice)
    assert answer.status_code == 422
    assert "apt-get install libpango-1.0-0" in answer.content.decode()
    assert "format=html" in answer.content.decode()
    assert download(client, world, "shop", invoice, format="html").status_code == 200
    assert file_of(invoice=invoice, kind="html").kind == "html"  # type: ignore[arg-type]
