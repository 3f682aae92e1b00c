"""Downloads of an invoice: its file, and the list of its calls, also by a link without a login."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.text import slugify
from django.utils.timezone import override as zone_override
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from billing.choices import FileKind
from billing.models import Invoice
from billing.selectors.annex_links import invoice_of_link
from billing.selectors.documents import document_of
from billing.selectors.rate_tables import has_rate_table, rate_lines
from billing.services.documents import RELATED, TYPES, current_file, file_name
from calls.selectors.annex import annex_lines, has_archived_calls, trunk_shares
from softswitch.core import exports
from softswitch.core.errors import DomainError
from softswitch.core.pdf import policy_of
from softswitch.core.views import PageMixin
from softswitch.core.views.access import ScopedMixin
from softswitch.core.views.edit import UNPROCESSABLE
from softswitch.core.views.links import LinkView

HEADS = (
    gettext_lazy("Set-up time"),
    gettext_lazy("CLI"),
    gettext_lazy("CLD"),
    gettext_lazy("Destination"),
    gettext_lazy("Duration, s"),
    gettext_lazy("Billed, s"),
    gettext_lazy("Rate per minute"),
)


RATE_HEADS = (
    gettext_lazy("Destination"),
    gettext_lazy("Country"),
    gettext_lazy("Prefix"),
    gettext_lazy("First, s"),
    gettext_lazy("First, per minute"),
    gettext_lazy("Then, s"),
    gettext_lazy("Then, per minute"),
    gettext_lazy("Currency"),
    gettext_lazy("Forbidden"),
    gettext_lazy("Valid from"),
    gettext_lazy("Valid till"),
)


class DownloadMixin(PageMixin, ScopedMixin):
    """A download of an invoice that the actor sees: of the issuer's side, or who pays it."""

    model = Invoice
    permission = "invoices.view"
    template_name = "billing/invoice_file_failed.html"
    title = gettext_lazy("Not available")

    def refine(self, queryset: QuerySet[Invoice]) -> QuerySet[Any]:
        return queryset.select_related(*RELATED, "corrects")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        invoice = self.get_object()
        try:
            return self.download(invoice, request.GET.get("format", ""))
        except DomainError as error:
            return self.render(UNPROCESSABLE, invoice=invoice, reason=error.message)

    def download(self, invoice: Invoice, asked: str) -> HttpResponseBase:
        """The answer with the file; DomainError where there can be none."""
        raise NotImplementedError


class InvoiceFileView(DownloadMixin):
    """The invoice as it was issued; a draft as it would be, a void one as void.

    ``?format=`` pdf, html or xml. What was issued stays kept even where it is void by now.
    """

    def download(self, invoice: Invoice, asked: str) -> HttpResponseBase:
        if asked and asked not in FileKind.values:
            raise Http404
        wanted = FileKind(asked) if asked else None
        kind, content = current_file(invoice=invoice, kind=wanted, by_trunk=trunk_shares)
        response = HttpResponse(content, content_type=TYPES[kind])
        name = file_name(invoice, kind)
        response["Content-Disposition"] = f'inline; filename="{name}"'
        if kind == FileKind.HTML:
            response["Content-Security-Policy"] = policy_of(content.decode())
        return response


class InvoiceAnnexView(DownloadMixin):
    """The calls of an invoice, however many: CSV while it is read, or XLSX."""

    further = ("cdrs.view",)

    def download(self, invoice: Invoice, asked: str) -> HttpResponseBase:
        return annex_response(invoice, asked)


class InvoiceRatesView(DownloadMixin):
    """The whole rate table of an invoice that includes one, as CSV; the PDF has what was called."""

    def download(self, invoice: Invoice, asked: str) -> HttpResponseBase:
        if asked not in ("", "csv") or invoice.period is None or not has_rate_table(invoice):
            raise Http404
        zone = ZoneInfo(str(invoice.period.timezone))
        with override(document_of(None, invoice).style.language):
            heads = [*map(str, RATE_HEADS)]
            yes_no = [str(_("no")), str(_("yes"))]
        name = slugify(f"{invoice.number or f'draft {invoice.pk}'} rates")
        return exports.csv_response(name, heads, _rate_text(rate_lines(invoice, zone), yes_no))


class AnnexByLinkView(LinkView):
    """The same by the signed link of a letter or a PDF."""

    hint = gettext_lazy("Sign in to the portal: the list of calls is there, beside the invoice.")

    def find(self, token: str) -> Invoice | None:
        return invoice_of_link(token)

    def open(self, found: Invoice) -> HttpResponseBase:
        return annex_response(found, self.request.GET.get("format", ""))


def annex_response(invoice: Invoice, asked: str) -> HttpResponseBase:
    """The calls behind an invoice as CSV or XLSX, in its zone and language.

    Raises DomainError ``archived`` for calls of months that are archived.
    """
    if asked not in ("", "csv", "xlsx") or invoice.period is None:
        raise Http404
    if has_archived_calls(invoice):
        raise DomainError("archived", _("The calls of this invoice are archived. Ask for them."))
    zone = ZoneInfo(str(invoice.period.timezone))
    name = slugify(f"{invoice.number or f'draft {invoice.pk}'} calls")
    with override(document_of(None, invoice).style.language), zone_override(zone):
        heads = [*map(str, HEADS), f"{_('Amount')}, {invoice.currency_id}"]
        if asked == "xlsx":
            return exports.xlsx_response(name, heads, annex_lines(invoice, zone))
    return exports.csv_response(name, heads, _as_text(annex_lines(invoice, zone)))


def _as_text(lines: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """Times with the offset of the document's zone: they are sent when the viewer's is active."""
    for at, *rest in lines:
        yield [at.isoformat(timespec="seconds"), *rest]


def _rate_text(lines: Iterator[list[Any]], yes_no: list[str]) -> Iterator[list[Any]]:
    for *rest, is_forbidden, since, till in lines:
        moments = [at.isoformat(timespec="seconds") if at else "" for at in (since, till)]
        yield [*rest, yes_no[is_forbidden], *moments]
