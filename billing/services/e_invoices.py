"""The same invoice for machines: EN 16931 as UN/CEFACT CII, inside a PDF/A-3 (Factur-X 1.0).

The standard knows one rate of VAT per line. Several rates on the same base (federal and state, or
compound ones) are told as one of their joint percentage, their parts in a note.
"""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import facturx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document as CrossIndustryInvoice
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem

from billing.choices import TaxCategory, TaxMode
from billing.selectors.document_parts import Document, DocumentLine, Party
from billing.services.taxes import Rate, shares_of
from softswitch.core.errors import DomainError
from softswitch.core.money import ZERO, half_up, minor_units

GUIDELINE = "urn:cen.eu:en16931:2017"
SCHEMA = "FACTUR-X_EN16931"
INVOICE, CREDIT_NOTE = "380", "381"  # UNTDID 1001
PIECE = "C62"  # UN/ECE recommendation 20
TRANSFER = "30"  # UNTDID 4461
HUNDRED = Decimal(100)
# VATEX codes of the categories that need a reason, and what is said where the issuer says nothing.
EXEMPT = {
    TaxCategory.EXEMPT: ("", gettext_lazy("Exempt from tax")),
    TaxCategory.REVERSE_CHARGE: ("VATEX-EU-AE", gettext_lazy("Reverse charge")),
    TaxCategory.EXPORT: ("VATEX-EU-G", gettext_lazy("Export outside the EU")),
    TaxCategory.OUTSIDE: ("VATEX-EU-O", gettext_lazy("Not subject to VAT")),
}


def lacks(document: Document) -> list[str]:
    """What the standard asks for and a document does not have, in words; empty: it can be made."""
    found = []
    if not document.number:
        found.append(_("Electronic invoice: only an issued one has a number."))
    for who, party in ((_("issuer"), document.issuer), (_("customer"), document.customer)):
        if not party.country:
            text = _("Electronic invoice: the country of the %(who)s is missing.")
            found.append(text % {"who": who})
    if not document.issuer.tax_id:
        found.append(_("Electronic invoice: the tax id of the issuer is missing."))
    if document.tax_category == TaxCategory.REVERSE_CHARGE and not document.customer.tax_id:
        found.append(_("Electronic invoice: reverse charge needs the tax id of the customer."))
    return found


def xml_of(document: Document) -> bytes:
    """The document as XML, valid by the official schema (drafthorse checks it).

    Its sums are the document's own: net, tax, total. Raises DomainError ``e_invoice`` for one that
    ``lacks`` something.
    """
    missing = lacks(document)
    if missing:
        raise DomainError("e_invoice", " ".join(missing))
    with override(document.style.language):
        made = CrossIndustryInvoice()
        _write_header(made, document)
        _write_party(made.trade.agreement.seller, document.issuer, document)
        _write_party(made.trade.agreement.buyer, document.customer, document)
        _Amounts(document).write(made)
        _write_settlement(made.trade.settlement, document)
        xml: bytes = made.serialize(schema=SCHEMA)
    return xml


def embedded(pdf: bytes, xml: bytes, document: Document, title: str) -> bytes:
    """A PDF/A-3 with the XML inside, under the name that Factur-X gives it."""
    combined: bytes = facturx.generate_from_binary(
        pdf,
        xml,
        flavor="factur-x",
        level="en16931",
        check_xsd=True,
        check_schematron=False,
        pdf_metadata={
            "author": document.issuer.name,
            "keywords": "Factur-X",
            "title": title,
            "subject": title,
        },
        lang=document.style.language,
        afrelationship="alternative",
    )
    return combined


def _write_header(made: Any, document: Document) -> None:
    made.context.guideline_parameter.id = GUIDELINE
    made.header.id = document.number
    made.header.type_code = CREDIT_NOTE if document.is_credit_note else INVOICE
    made.header.issue_date_time = document.issued_on
    parts = [f"{tax.name} {tax.percent.normalize():f} %: {tax.amount}" for tax in document.taxes]
    split = "; ".join(parts) if len(parts) > 1 else ""
    for text in (document.style.header, document.reason, split, document.style.footer):
        if text:
            note = IncludedNote()
            note.content = text
            made.header.notes.add(note)


def _write_party(made: Any, party: Party, document: Document) -> None:
    made.name = party.name
    for name, line in zip(("line_one", "line_two", "line_three"), party.address, strict=False):
        setattr(made.address, name, line)
    made.address.country_id = party.country
    if party.email:
        made.electronic_address.uri_ID = ("EM", party.email)
    if party.tax_id:
        # Outside the scope of VAT nobody acts under a VAT number (BR-O-02): it is a local one.
        scheme = "FC" if _category(document) == TaxCategory.OUTSIDE else "VA"
        made.tax_registrations.add(TaxRegistration(id=(scheme, party.tax_id)))


def _write_settlement(made: Any, document: Document) -> None:
    made.currency_code = document.currency
    made.payment_reference = document.number
    if document.starts_on and document.ends_on:
        made.period.start = document.starts_on
        made.period.end = document.ends_on
    if document.corrects:
        made.invoice_referenced_document.issuer_assigned_id = document.corrects
        if document.corrects_on:
            made.invoice_referenced_document.issue_date_time = document.corrects_on
    iban = next((value for label, value in document.style.how_to_pay if label == "IBAN"), "")
    if iban and not document.is_credit_note:
        means = PaymentMeans()
        means.type_code = TRANSFER
        means.payee_account.iban = "".join(iban.split())
        made.payment_means.add(means)
    made.terms.add(_payment_terms(document.due_on))


def _payment_terms(due_on: date | None) -> Any:
    terms = PaymentTerms()
    if due_on is not None:
        terms.due = due_on
    else:
        terms.description = _("Nothing to pay")
    return terms


def _category(document: Document) -> str:
    """The category of what is taxed; standard without a rate above 0 is zero-rated."""
    if _joint_percent(document):
        return TaxCategory.STANDARD
    if document.tax_category == TaxCategory.STANDARD:
        return TaxCategory.ZERO
    return document.tax_category


def _joint_percent(document: Document) -> Decimal:
    """What all rates together take of the net amount; 0 where nothing is taxed."""
    if document.tax_mode == TaxMode.NONE:
        return ZERO
    rates = [Rate(tax.name, tax.percent, tax.is_compound) for tax in document.taxes]
    return half_up(100 * sum(shares_of(rates), Fraction(0)), 4)


class _Amounts:
    """Lines, tax break-down and sums of a document, in net amounts that add up to its own."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.quantum = Decimal(1).scaleb(-minor_units(document.currency))
        self.category = _category(document)
        self.lines = [line for group in document.groups for line in group.lines]
        self.percent = _joint_percent(document)
        self.nets = self._nets()

    def _nets(self) -> list[Decimal]:
        """The net amount of each line; what rounding leaves goes to the largest taxed line."""
        if self.document.tax_mode != TaxMode.INCLUDED or not self.lines:
            return [line.amount for line in self.lines]
        factor = 1 + self.percent / HUNDRED
        nets = [
            (line.amount / factor).quantize(self.quantum, ROUND_HALF_UP)
            if line.is_taxed
            else line.amount
            for line in self.lines
        ]
        taxed = [place for place, line in enumerate(self.lines) if line.is_taxed]
        if taxed:
            largest = max(taxed, key=lambda place: abs(nets[place]))
            nets[largest] += self.document.sums.net - sum(nets, ZERO)
        return nets

    def write(self, made: Any) -> None:
        for number, (line, net) in enumerate(zip(self.lines, self.nets, strict=True), 1):
            made.trade.items.add(self._item(number, line, net))
        for tax in self._break_down():
            made.trade.settlement.trade_tax.add(tax)
        self._write_sums(made.trade.settlement.monetary_summation)

    def _item(self, number: int, line: DocumentLine, net: Decimal) -> Any:
        """One line as one piece; a credit is a negative piece, as no price may be negative."""
        item = LineItem()
        item.document.line_id = str(number)
        item.product.name = line.description or line.prefix or "–"
        if line.calls:
            item.product.description = _("%(calls)s calls, %(minutes)s minutes") % {
                "calls": line.calls,
                "minutes": line.minutes.quantize(Decimal("0.01"), ROUND_HALF_UP),
            }
        item.agreement.net.amount = abs(net)
        item.delivery.billed_quantity = (Decimal(-1 if net < 0 else 1), PIECE)
        category, percent = self._tax_of(line)
        item.settlement.trade_tax.type_code = "VAT"
        item.settlement.trade_tax.category_code = category
        if category != TaxCategory.OUTSIDE:
            item.settlement.trade_tax.rate_applicable_percent = percent
        item.settlement.monetary_summation.total_amount = net
        return item

    def _tax_of(self, line: DocumentLine) -> tuple[str, Decimal]:
        if line.is_taxed or self.category != TaxCategory.STANDARD:
            return str(self.category), self.percent
        return str(TaxCategory.EXEMPT), ZERO

    def _break_down(self) -> Sequence[Any]:
        """One group per category: of the taxed lines, and of those that are exempt beside them."""
        bases: dict[tuple[str, Decimal], Decimal] = {}
        for line, net in zip(self.lines, self.nets, strict=True):
            key = self._tax_of(line)
            bases[key] = bases.get(key, ZERO) + net
        if not bases:
            bases[str(self.category), self.percent] = ZERO
        return [self._group(category, percent, base) for (category, percent), base in bases.items()]

    def _group(self, category: str, percent: Decimal, base: Decimal) -> Any:
        tax = ApplicableTradeTax()
        tax.type_code = "VAT"
        tax.category_code = category
        tax.basis_amount = base
        is_taxed = category == TaxCategory.STANDARD
        tax.calculated_amount = self.document.sums.tax if is_taxed else ZERO
        if category != TaxCategory.OUTSIDE:
            tax.rate_applicable_percent = percent
        if category in EXEMPT:
            code, text = EXEMPT[TaxCategory(category)]
            tax.exemption_reason = self.document.tax_reason or str(text)
            if code:
                tax.exemption_reason_code = code
        return tax

    def _write_sums(self, made: Any) -> None:
        """Paid is what the open amount lacks; older debts are no part of an electronic invoice."""
        sums, currency = self.document.sums, self.document.currency
        paid = ZERO if self.document.is_credit_note else max(ZERO, sums.total - sums.open_amount)
        made.line_total = sum(self.nets, ZERO)
        made.charge_total = ZERO
        made.allowance_total = ZERO
        made.tax_basis_total = sums.net
        made.tax_total = (sums.tax, currency)
        made.grand_total = sums.total
        made.prepaid_total = paid
        made.due_amount = sums.total - paid
