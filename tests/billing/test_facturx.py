"""Electronic invoices: valid by the official schemas, with the sums of the invoice."""

import io
from decimal import Decimal
from typing import Any

import facturx
import pypdf
import pytest
from lxml import etree

from billing.models import Invoice
from billing.selectors.documents import MOST_ITEMS, document_of
from billing.services.documents import file_of
from billing.services.e_invoices import lacks, xml_of
from softswitch.core.errors import DomainError
from tests.billing.documents import ITEMS, Taxed, firms, freeze, make_invoice, terms
from tests.world import World

D = Decimal
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
E_INVOICE = terms(is_e_invoice=True)
TAXES = {
    "added": Taxed(),
    "several": Taxed(rates=(("GST", "5"), ("PST", "9.975"))),
    "compound": Taxed(rates=(("Federal", "5"), ("State", "8")), is_compound=True),
    "included": Taxed("included", (("VAT", "20"),)),
    "exempt": Taxed("none", (), "E", "Exempt by article 132"),
    "reverse charge": Taxed("none", (), "AE", "Reverse charge: the customer owes the tax"),
    "export": Taxed("none", (), "G"),
    "outside": Taxed("none", (), "O"),
    "zero": Taxed("none", (), "Z"),
}


def tree_of(xml: bytes) -> Any:
    """The parsed document, once the official schema has accepted it."""
    assert facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
    return etree.fromstring(xml)


def amounts(tree: Any, name: str) -> list[Decimal]:
    return [D(node.text) for node in tree.iter(f"{{{RAM}}}{name}")]


def texts(tree: Any, name: str) -> list[str]:
    return [node.text for node in tree.iter(f"{{{RAM}}}{name}")]


@pytest.mark.parametrize("taxed", TAXES.values(), ids=TAXES)
def test_the_schema_accepts_it_and_its_sums_agree(world: World, taxed: Taxed) -> None:
    firms(world)
    invoice = make_invoice(world, taxed=taxed, terms=E_INVOICE)
    tree = tree_of(xml_of(document_of(None, invoice)))
    lines = amounts(tree, "LineTotalAmount")
    assert sum(lines[:-1], D(0)) == lines[-1] == invoice.net
    assert amounts(tree, "TaxBasisTotalAmount") == [invoice.net]
    assert amounts(tree, "TaxTotalAmount") == [invoice.tax]
    assert amounts(tree, "GrandTotalAmount") == [invoice.total]
    assert amounts(tree, "DuePayableAmount") == [invoice.total]
    assert sum(amounts(tree, "CalculatedAmount"), D(0)) == invoice.tax
    assert sum(amounts(tree, "BasisAmount"), D(0)) == invoice.net
    assert all(price >= 0 for price in amounts(tree, "ChargeAmount"))
    category = "S" if taxed.rates else taxed.category
    assert set(texts(tree, "CategoryCode")) == {category}
    if taxed.reason:
        assert texts(tree, "ExemptionReason") == [taxed.reason]


def test_several_rates_are_one_of_their_joint_percentage(world: World) -> None:
    """The standard has one rate of VAT per line: base times that rate gives the tax, to a cent."""
    firms(world)
    invoice = make_invoice(world, taxed=TAXES["compound"], terms=E_INVOICE)
    tree = tree_of(xml_of(document_of(None, invoice)))
    (percent,) = set(amounts(tree, "RateApplicablePercent"))
    assert percent == D("13.4")
    assert abs(invoice.net * percent / 100 - invoice.tax) <= D("0.01")
    assert any(text.startswith("Federal 5 %:") for text in texts(tree, "Content"))


@pytest.mark.parametrize(
    ("taxed", "category", "percent"),
    [
        (Taxed(), "S", D(20)),
        (TAXES["compound"], "S", D("13.4")),
        (Taxed("included", (("VAT", "20"),)), "S", D(20)),
        (Taxed(rates=(("VAT", "0"),), category="S"), "Z", D(0)),
        (Taxed(rates=(("VAT", "0"),), category="E"), "E", D(0)),
    ],
)
@pytest.mark.parametrize("amounts_of_lines", [("10", "-10"), ("0.01", "0.01"), ("7", "-9")])
def test_the_rate_is_that_of_the_tax_whatever_the_sums(
    world: World, taxed: Taxed, category: str, percent: Decimal, amounts_of_lines: tuple[str, str]
) -> None:
    """A standard rate is above 0 (BR-S-05), also where lines come to nothing or to cents."""
    firms(world)
    items = [("adjustment", "Line", None, None, amount) for amount in amounts_of_lines]
    invoice = make_invoice(world, taxed=taxed, terms=E_INVOICE, calls=(), items=items)
    tree = tree_of(xml_of(document_of(None, invoice)))
    assert set(texts(tree, "CategoryCode")) == {category}
    assert set(amounts(tree, "RateApplicablePercent")) == {percent}
    assert amounts(tree, "LineTotalAmount")[-1] == invoice.net


def test_items_beyond_the_sheet_are_told_apart_by_tax(world: World) -> None:
    firms(world)
    items = [("fee", f"Item {place}", "1", "1", "1.00") for place in range(MOST_ITEMS + 10)]
    invoice = make_invoice(world, state="draft", calls=(), items=items, terms=E_INVOICE)
    free = invoice.lines.filter(description__in=["Item 3", f"Item {MOST_ITEMS + 3}"])
    free.update(is_taxed=False)
    base = D(MOST_ITEMS + 8)
    invoice.taxes.update(base=base, amount=base / 5)
    Invoice.objects.filter(pk=invoice.pk).update(
        tax=base / 5, total=invoice.net + base / 5, closing_balance=0
    )
    freeze(invoice, "issued", "HV-000118")
    tree = tree_of(xml_of(document_of(None, Invoice.objects.get(pk=invoice.pk))))
    group = tree.find(f".//{{{RAM}}}ApplicableHeaderTradeSettlement")
    bases = {
        row.findtext(f"{{{RAM}}}CategoryCode"): D(row.findtext(f"{{{RAM}}}BasisAmount"))
        for row in group.findall(f"{{{RAM}}}ApplicableTradeTax")
    }
    assert bases == {"S": base, "E": D(2)}


def test_what_is_not_taxed_is_exempt_beside_the_rest(world: World) -> None:
    firms(world)
    invoice = make_invoice(
        world, taxed=Taxed("included", (("VAT", "20"),)), terms=E_INVOICE, state="draft"
    )
    deposit = invoice.lines.get(description=ITEMS[0][1])
    taxed = invoice.total - deposit.amount
    tax = (taxed - taxed / D("1.2")).quantize(D("0.01"), "ROUND_HALF_UP")
    invoice.lines.filter(pk=deposit.pk).update(is_taxed=False)
    invoice.taxes.update(base=taxed - tax, amount=tax)
    Invoice.objects.filter(pk=invoice.pk).update(net=invoice.total - tax, tax=tax)
    with pytest.raises(DomainError, match="issued"):
        xml_of(document_of(None, Invoice.objects.get(pk=invoice.pk)))
    freeze(invoice, "issued", "HV-000117")
    invoice = Invoice.objects.get(pk=invoice.pk)
    tree = tree_of(xml_of(document_of(None, invoice)))
    assert set(texts(tree, "CategoryCode")) == {"S", "E"}
    assert sum(amounts(tree, "BasisAmount"), D(0)) == invoice.net
    assert amounts(tree, "LineTotalAmount")[-1] == invoice.net


def test_a_credit_note_is_one_with_positive_sums(world: World) -> None:
    firms(world)
    invoice = make_invoice(world)
    items = [("adjustment", "Wrong price", None, None, "100.00")]
    note = make_invoice(
        world, kind="credit_note", corrects=invoice, number="CN-000001", calls=(), items=items,
        period=None, terms=E_INVOICE,
    )  # fmt: skip
    tree = tree_of(xml_of(document_of(None, note)))
    assert "381" in texts(tree, "TypeCode")
    assert "HV-000117" in texts(tree, "IssuerAssignedID")
    assert amounts(tree, "GrandTotalAmount") == [D(120)]


def test_what_is_paid_is_not_due(world: World) -> None:
    firms(world)
    invoice = make_invoice(world, terms=E_INVOICE)
    Invoice.objects.filter(pk=invoice.pk).update(open_amount=0)
    tree = tree_of(xml_of(document_of(None, Invoice.objects.get(pk=invoice.pk))))
    assert amounts(tree, "TotalPrepaidAmount") == [invoice.total]
    assert amounts(tree, "DuePayableAmount") == [D(0)]


@pytest.mark.usefixtures("pdf_libraries")
def test_the_pdf_holds_the_xml(world: World) -> None:
    firms(world)
    invoice = make_invoice(world, terms=E_INVOICE)
    file = file_of(invoice=invoice)
    assert file.kind == "pdf"
    content = bytes(file.content)
    name, xml = facturx.get_facturx_xml_from_pdf(content)
    assert name == "factur-x.xml"
    kept = invoice.files.get(kind="xml")
    assert bytes(kept.content) == xml
    reader = pypdf.PdfReader(io.BytesIO(content))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "/OutputIntents" in root
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    assert "EN 16931" in metadata
    assert reader.outline


@pytest.mark.usefixtures("pdf_libraries")
def test_where_something_is_missing_the_pdf_is_plain_and_says_what(world: World) -> None:
    """Issuing waits for nothing: the problem stands beside the invoice."""
    firms(world)
    world.shop.country = ""
    world.shop.save()
    invoice = make_invoice(world, terms=E_INVOICE)
    document = document_of(None, invoice)
    assert lacks(document) == ["Electronic invoice: the country of the customer is missing."]
    with pytest.raises(DomainError, match="country of the customer"):
        xml_of(document)
    assert bytes(file_of(invoice=invoice).content).startswith(b"%PDF-")
    invoice.refresh_from_db()
    assert invoice.problem == lacks(document)[0]
    assert not invoice.files.filter(kind="xml").exists()


def test_each_missing_part_is_named(world: World) -> None:
    invoice = make_invoice(world, taxed=TAXES["reverse charge"])
    found = " ".join(lacks(document_of(None, invoice)))
    for part in ("country of the issuer", "country of the customer", "tax id of the issuer"):
        assert part in found
    assert "reverse charge needs the tax id of the customer" in found
