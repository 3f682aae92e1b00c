"""The document of an invoice or credit note: everything that page, PDF, HTML and XML show of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import get_language_info, override
from django.utils.translation import gettext as _

from billing.choices import FileKind, InvoiceState, LineGrouping, LineKind
from billing.models import Invoice, InvoiceLine, InvoiceSettings, Logo
from billing.selectors import document_sections as sections
from billing.selectors.annex_links import annex_url
from billing.selectors.document_parts import (
    Document,
    DocumentLine,
    LineGroup,
    RateRow,
    Share,
    Shares,
    Style,
    Sums,
    TaxRow,
    printable,
)
from billing.selectors.parties import party, party_data, payer_data
from customers.choices import InvoiceSection
from customers.tenancy import Actor
from softswitch.core.display import country_text
from softswitch.core.money import ZERO
from softswitch.core.pictures import data_uri

# A PDF costs 4 ms a line: what is beyond stands in the annex.
MOST_LINES = 1_000
MOST_ITEMS = 200
MOST_TRUNKS = 100
ByTrunk = Callable[[Invoice], Sequence[Share]]


def document_of(
    actor: Actor | None, invoice: Invoice, *, by_trunk: ByTrunk | None = None
) -> Document:
    """What an invoice shows: of an issued one what it copied, of a draft what is true now.

    ``actor`` is who reads it, None for the system; PermissionDenied if the invoice is not the
    actor's to see. ``by_trunk`` finds the shares of the trunks, which only calls know; without it
    that section is left out. All words are in the language of the document.
    """
    if actor is not None and not Invoice.objects.visible_to(actor).filter(pk=invoice.pk).exists():
        raise PermissionDenied
    terms = terms_of(invoice)
    parties = _parties(invoice)
    style = style_of(terms, logo=invoice.logo, language=str(parties[1].get("language") or ""))
    with override(style.language):
        made = _Composer(invoice, terms, style, by_trunk).document(parties)
    found: Document = printable(made)
    return found


def terms_of(invoice: Invoice) -> dict[str, Any]:
    """How an invoice is issued, by the columns of InvoiceSettings.

    From what it keeps (``Invoice.terms``), where the format and the texts have names of their own;
    the product's defaults where that says nothing.
    """
    plain, kept = InvoiceSettings(), invoice.terms
    texts = kept.get("texts", {})
    named = {
        "invoice_format": kept.get("format", plain.invoice_format),
        "header": texts.get("header", ""),
        "footer": texts.get("footer", ""),
        "payment_text": texts.get("payment", ""),
    }
    same = ("grouping", "language", "accent", "is_e_invoice", "rate_decimals", "sections")
    return named | {name: kept.get(name, getattr(plain, name)) for name in same}


def names_annex(invoice: Invoice) -> bool:
    """Whether an invoice names the list of its calls: by choice, or as lines are left out."""
    if invoice.period_id is None:
        return False
    is_chosen = InvoiceSection.CDRS in terms_of(invoice)["sections"]
    return is_chosen or invoice.lines.filter(kind__in=sections.CALL_KINDS).count() > MOST_LINES


def style_of(terms: Mapping[str, Any], *, logo: Logo | None, language: str = "") -> Style:
    """How a document of ``terms`` looks; ``language`` is the recipient's, which fills in."""
    known = dict(settings.LANGUAGES)
    chosen = next((code for code in (terms["language"], language) if code in known), "en")
    return Style(
        language=chosen,
        direction="rtl" if get_language_info(chosen)["bidi"] else "ltr",
        accent=terms["accent"],
        logo=data_uri(logo.media_type, bytes(logo.content)) if logo else "",
        file_kind=FileKind(str(terms["invoice_format"])),
        is_e_invoice=bool(terms["is_e_invoice"]),
        rate_decimals=int(terms["rate_decimals"]),
        sections=tuple(terms["sections"]),
        header=terms["header"],
        footer=terms["footer"],
        how_to_pay=tuple(_pairs(terms["payment_text"])),
    )


def grouped(lines: Iterable[InvoiceLine], grouping: str) -> tuple[LineGroup, ...]:
    """Lines by kind and tariff in their order; beyond MOST_LINES one line sums up each group."""
    found, left = [], MOST_LINES
    for (kind, _tariff), some in groupby(lines, key=_group_key):
        members, is_calls = list(some), kind in sections.CALL_KINDS
        most = left if is_calls else MOST_ITEMS
        shown, rest = members[:most], members[most:]
        left -= len(shown) if is_calls else 0
        found.append(
            LineGroup(
                lines=(*(_line(line, grouping) for line in shown), *_rests(rest)),
                grouping=grouping if is_calls else "",
                is_late=kind == LineKind.LATE,
                rest=len(rest),
            )
        )
    return tuple(found)


def _group_key(line: InvoiceLine) -> tuple[str, str]:
    """Lines that are no calls stand together, whatever they are for."""
    if line.kind in sections.CALL_KINDS:
        return line.kind, line.tariff
    return LineKind.FEE, ""


def _line(line: InvoiceLine, grouping: str) -> DocumentLine:
    """A line as it is shown; lines by country keep its code."""
    is_country = grouping == LineGrouping.COUNTRY and line.kind in sections.CALL_KINDS
    return DocumentLine(
        description=country_text(line.description) if is_country else line.description,
        amount=line.amount,
        prefix=line.prefix,
        country=line.country,
        calls=line.calls,
        seconds=line.billed_seconds,
        quantity=line.quantity,
        rate=line.rate,
        since=line.since,
        until=line.until,
        is_taxed=line.is_taxed,
    )


def _rests(lines: Sequence[InvoiceLine]) -> Iterable[DocumentLine]:
    """A line for all that are taxed, and one for those that are not: no sum holds both."""
    for is_taxed in (True, False):
        members = [line for line in lines if line.is_taxed == is_taxed]
        if members:
            yield _rest(members)


def _rest(lines: Sequence[InvoiceLine]) -> DocumentLine:
    """One line for all of ``lines``; of calls it names where they stand."""
    is_calls = lines[0].kind in sections.CALL_KINDS
    text = _("%(number)s more lines: see the list of calls") if is_calls else _("%(number)s more")
    return DocumentLine(
        description=text % {"number": len(lines)},
        amount=sum((line.amount for line in lines), ZERO),
        calls=sum(line.calls for line in lines),
        seconds=sum(line.billed_seconds for line in lines),
        is_taxed=lines[0].is_taxed,
    )


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    """Lines such as ``IBAN: GB00`` as label and value; other lines have no label."""
    for line in filter(None, map(str.strip, text.splitlines())):
        label, colon, value = line.partition(":")
        yield (label.strip(), value.strip()) if colon and value else ("", line)


def _parties(invoice: Invoice) -> tuple[dict[str, Any], dict[str, Any]]:
    """Issuer and recipient: as an issued invoice copied them, else as they are now."""
    if invoice.state != InvoiceState.DRAFT and invoice.issuer_data and invoice.customer_data:
        return invoice.issuer_data, invoice.customer_data
    return party_data(invoice.issuer), payer_data(invoice.balance)


@dataclass(frozen=True, slots=True)
class _Composer:
    """Puts one document together, within its language."""

    invoice: Invoice
    terms: Mapping[str, Any]
    style: Style
    by_trunk: ByTrunk | None

    def document(self, parties: tuple[dict[str, Any], dict[str, Any]]) -> Document:
        invoice, zone = self.invoice, self.zone
        lines = list(invoice.lines.order_by("position"))
        rates, has_more = self._rates()
        first, last = self._days(zone)
        groups = grouped(lines, str(self.terms["grouping"]))
        return Document(
            kind=invoice.kind,
            state=invoice.state,
            number=invoice.number,
            issuer=party(parties[0]),
            customer=party(parties[1]),
            currency=invoice.currency_id,
            zone=str(zone),
            starts_on=first,
            ends_on=last,
            issued_on=invoice.issued_on,
            due_on=invoice.due_on,
            groups=groups,
            taxes=self._taxes(),
            tax_mode=invoice.tax_mode,
            tax_category=invoice.tax_category,
            tax_reason=invoice.tax_reason,
            sums=Sums(**{name: getattr(invoice, name) for name in Sums.__slots__}),
            style=self.style,
            shares=tuple(self._shares()),
            rates=tuple(rates),
            has_more_rates=has_more,
            payments=self._payments(zone),
            annex_url=self._annex(groups),
            corrects=invoice.corrects.number if invoice.corrects else "",
            corrects_on=invoice.corrects.issued_on if invoice.corrects else None,
            reason=invoice.reason,
        )

    @property
    def zone(self) -> ZoneInfo:
        """The billing time zone of the period, or of the balance."""
        period = self.invoice.period
        return ZoneInfo(str(period.timezone if period else self.invoice.balance.period_timezone))

    def _days(self, zone: ZoneInfo) -> tuple[date | None, date | None]:
        period = self.invoice.period
        if period is None:
            return None, None
        first, last = period.starts_at.astimezone(zone), period.last_instant.astimezone(zone)
        return first.date(), last.date()

    def _taxes(self) -> tuple[TaxRow, ...]:
        rows = self.invoice.taxes.order_by("position")
        return tuple(
            TaxRow(row.name, row.percent, row.base, row.amount, row.is_compound) for row in rows
        )

    def _wants(self, section: str) -> bool:
        """Whether a section was chosen; credit notes and periods without calls have none."""
        return section in self.style.sections and self.invoice.period is not None

    def _shares(self) -> Iterable[Shares]:
        period = self.invoice.period
        if period is None:
            return
        if self._wants(InvoiceSection.BY_COUNTRY):
            yield Shares(InvoiceSection.BY_COUNTRY, sections.by_country(period))
        if self._wants(InvoiceSection.BY_TRUNK) and self.by_trunk is not None:
            yield Shares(InvoiceSection.BY_TRUNK, _shortened(self.by_trunk(self.invoice)))
        if self._wants(InvoiceSection.BY_DAY):
            yield Shares(InvoiceSection.BY_DAY, sections.by_day(period))

    def _rates(self) -> tuple[Sequence[RateRow], bool]:
        period = self.invoice.period
        if period is None or not self._wants(InvoiceSection.RATE_TABLE):
            return (), False
        return sections.called_rates(period)

    def _payments(self, zone: ZoneInfo) -> tuple[Any, ...]:
        period = self.invoice.period
        if period is None or not self._wants(InvoiceSection.PAYMENTS):
            return ()
        return sections.payments_of(period, zone)

    def _annex(self, groups: Sequence[LineGroup]) -> str:
        """Where the calls are listed: named where it was chosen, and where lines were left out."""
        is_named = self._wants(InvoiceSection.CDRS) or any(group.rest for group in groups)
        is_issued = self.invoice.state != InvoiceState.DRAFT
        return annex_url(self.invoice) if is_named and is_issued else ""


def _shortened(rows: Sequence[Share]) -> tuple[Share, ...]:
    """The first MOST_TRUNKS shares, and one for all others."""
    rest = rows[MOST_TRUNKS:]
    if not rest:
        return tuple(rows)
    others = Share(
        _("%(number)s more") % {"number": len(rest)},
        sum(row.calls for row in rest),
        sum(row.seconds for row in rest),
        sum((row.amount for row in rest), ZERO),
    )
    return (*rows[:MOST_TRUNKS], others)
