"""What an invoice shows: its groups and sums, its parties, its sections, in its language."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from billing.models import Invoice, UsageEntry
from billing.pdf import invoice_html, invoice_page, title_of
from billing.selectors import documents as selectors
from billing.selectors.document_sample import sample_document
from billing.selectors.documents import document_of, grouped, terms_of
from billing.services.maintenance import maintain
from calls.selectors.annex import trunk_shares
from calls.services.charging import charge_pending
from customers.choices import InvoiceSection
from tests.billing.documents import CALLS, Taxed, firms, freeze, make_invoice, period_of, terms
from tests.calls.stored import store_call
from tests.world import World

D = Decimal
AT = datetime(2026, 10, 12, 9, tzinfo=UTC)


def shown(invoice: Invoice) -> str:
    return invoice_html(document_of(None, invoice))


def test_a_document_adds_up_in_sight(world: World) -> None:
    firms(world)
    invoice = make_invoice(world, previous="-3319.05", payments="3000")
    document = document_of(None, invoice)
    assert [group.amount for group in document.groups] == [D("1688.03"), D("51.20")]
    assert document.calls_amount + document.items_amount == document.sums.net
    assert document.sums.net + document.sums.tax == document.sums.total == D("2087.08")
    assert document.owed_before + document.paid + document.sums.total == D("2406.13")
    page = shown(invoice)
    for text in ("2,406.13 GBP", "Amount due by 15 Nov 2026", "VAT 20 %", "−3,000.00", "−12.40"):
        assert text in page
    assert "1–31 Oct 2026" in page
    assert title_of(document) == "Invoice HV-000117"


def test_what_was_issued_stays_and_a_draft_follows(world: World) -> None:
    firms(world)
    draft = make_invoice(world, state="draft")
    world.shop.company_name = "Renamed Ltd"
    world.shop.save()
    assert document_of(None, Invoice.objects.get(pk=draft.pk)).customer.name == "Renamed Ltd"
    freeze(draft, "issued", "HV-000001")
    world.shop.company_name = "Renamed again Ltd"
    world.shop.save()
    page = shown(Invoice.objects.get(pk=draft.pk))
    assert "Renamed Ltd" in page
    assert "Renamed again" not in page


def test_the_name_of_the_tariff_stays_with_its_owner(world: World) -> None:
    invoice = make_invoice(world)
    assert invoice.lines.filter(tariff="Street").exists()
    assert "Street" not in shown(invoice).replace("Street and", "")


@pytest.mark.parametrize(
    ("state", "mark"), [("draft", "Draft"), ("void", "Void"), ("issued", "sheet-due")]
)
def test_a_draft_and_a_void_one_say_so(world: World, state: str, mark: str) -> None:
    page = shown(make_invoice(world, state=state))
    assert mark in page
    assert ("sheet-watermark" in page) == (state != "issued")
    assert ("This invoice is void" in page) == (state == "void")


def test_a_credit_note_names_what_it_corrects(world: World) -> None:
    invoice = make_invoice(world)
    items = [("adjustment", "Wrong price", None, None, "100.00")]
    note = make_invoice(
        world, kind="credit_note", corrects=invoice, number="CN-000001", calls=(), items=items,
        period=None, reason="Price agreed by mail",
    )  # fmt: skip
    page = shown(note)
    for text in ("Credit note", "HV-000117", "120.00 GBP", "Price agreed by mail"):
        assert text in page
    assert "How to pay" not in page
    assert "Amount due" not in page


def test_included_tax_is_said_to_be_within(world: World) -> None:
    page = shown(make_invoice(world, taxed=Taxed("included", (("VAT", "20"),))))
    assert "of it VAT 20 % on 1,449.36" in page


def test_rates_have_the_chosen_decimals(world: World) -> None:
    assert ">0.0118</td>" in shown(make_invoice(world))
    Invoice.objects.update(state="void")
    assert ">0.012</td>" in shown(make_invoice(world, number="HV-2", terms=terms(rate_decimals=3)))


def test_money_left_over_is_said(world: World) -> None:
    page = shown(make_invoice(world, previous="5000"))
    assert "Nothing to pay" in page
    assert "Balance in your favour" in page
    assert "2,912.92" in page


def test_language_and_direction_are_the_documents(world: World) -> None:
    page = shown(make_invoice(world, terms=terms(language="ar")))
    assert '<html lang="ar" dir="rtl"' in page
    assert "15 نوفمبر 2026" in page
    world.shop.language = "ar"
    world.shop.save()
    Invoice.objects.filter(number="HV-000117").update(state="void")
    assert 'dir="rtl"' in shown(make_invoice(world, number="HV-2", terms=terms(language="")))
    Invoice.objects.update(state="void")
    world.shop.language = "yy"
    world.shop.save()
    assert 'dir="ltr"' in shown(make_invoice(world, number="HV-3", terms=terms(language="xx")))


def test_beyond_a_thousand_lines_one_names_the_annex(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "MOST_LINES", 2)
    invoice = make_invoice(world)
    document = document_of(None, invoice)
    assert [group.rest for group in document.groups] == [1, 0]
    assert document.groups[0].lines[-1].description == "1 more lines: see the list of calls"
    assert document.calls_amount == D("1688.03")
    assert document.groups[0].calls == sum(row[2] for row in CALLS)
    assert document.annex_url.startswith("http")
    assert "/billing/calls/" in shown(invoice)
    assert grouped([], "destination") == ()


def test_nobody_beside_reads_it(world: World) -> None:
    invoice = make_invoice(world)
    for who in ("operator", "reseller", "sub_reseller", "shop"):
        assert document_of(world.actor(who), invoice).number == "HV-000117"
    for who in ("other_reseller", "sub_customer"):
        with pytest.raises(PermissionDenied):
            document_of(world.actor(who), invoice)
    Invoice.objects.update(state="void")
    draft = make_invoice(world, state="draft")
    with pytest.raises(PermissionDenied):
        document_of(world.actor("shop"), draft)


def test_sections_come_from_the_calls_of_the_period(world: World) -> None:
    """By country, trunk and day they add up to the usage, and the rates are the called ones."""
    chosen = ["by_country", "by_trunk", "by_day", "rate_table", "payments", "tax", "cdrs"]
    for number, seconds, days in (("442079460000", 61, 0), ("33123456789", 90, 1)):
        store_call(world.shop, number, seconds, at=AT + timedelta(days=days), account=world.account)
    for days in (0, 2):
        store_call(
            world.shop,
            "447700900000",
            30,
            at=AT + timedelta(days=days),
            account=world.account,
            answered=False,
        )
    charge_pending()
    period = period_of(world.balance("shop"))
    invoice = make_invoice(world, period=period, terms=terms(sections=chosen))
    usage = UsageEntry.objects.filter(balance=invoice.balance, period=period)
    paid = -sum((row.amount for row in usage), D(0))
    document = document_of(None, invoice, by_trunk=trunk_shares)
    assert [shares.section for shares in document.shares] == ["by_country", "by_trunk", "by_day"]
    for shares in document.shares:
        assert (shares.amount, shares.calls) == (paid, 2)
    assert [row.day for row in document.shares[2].rows] == [date(2026, 10, 12), date(2026, 10, 13)]
    assert document.shares[1].rows[0].name == "Without a trunk"
    assert sorted(row.prefix for row in document.rates) == ["33", "4420"]
    page = invoice_html(document)
    assert "Calls by trunk" in page
    assert "Rates of the called destinations" in page
    assert "The list of calls:" in page
    plain = document_of(None, invoice)
    assert "by_trunk" not in [shares.section for shares in plain.shares]


def test_payments_are_listed_with_what_reverses_them(world: World) -> None:
    balance = world.balance("shop")
    for amount in ("20", "5"):
        maintain(
            actor=world.actor("sub_reseller"), balance=balance, action="add_funds",
            amount=D(amount), currency="GBP", notes=f"Paid {amount}", key=f"k{amount}",
        )  # fmt: skip
    period = balance.entries.latest("sequence").period
    invoice = make_invoice(world, period=period, terms=terms(sections=["payments"]))
    rows = document_of(None, invoice).payments
    assert [(row.kind, row.amount, row.notes) for row in rows[-2:]] == [
        ("Add funds", D(20), "Paid 20"),
        ("Add funds", D(5), "Paid 5"),
    ]


def test_the_stored_file_needs_no_other(world: World) -> None:
    page = invoice_page(document_of(None, make_invoice(world))).decode()
    assert "<style>" in page
    assert "http" not in page.replace("http-equiv", "").split("</head>")[0].replace(
        "http://www.w3.org", ""
    )
    assert "<script" not in page


def test_every_column_of_the_settings_has_its_place(world: World) -> None:
    stored = terms(format="html", texts={"header": "Above", "footer": "Below"})
    found = terms_of(make_invoice(world, terms=stored))
    assert (found["invoice_format"], found["header"], found["footer"]) == ("html", "Above", "Below")
    assert found["payment_text"].startswith("Bank transfer")
    Invoice.objects.update(state="void")
    assert terms_of(make_invoice(world, number="HV-2", terms={}))["grouping"] == "destination"


def test_the_sample_adds_up_with_every_section(world: World) -> None:
    values = terms_of(make_invoice(world)) | {"sections": InvoiceSection.values}
    for grouping in ("destination", "country", "prefix"):
        document = sample_document(
            world.reseller, values | {"grouping": grouping}, series="A-{year}-"
        )
        assert document.calls_amount + document.items_amount == document.sums.net
        assert {shares.amount for shares in document.shares} == {document.calls_amount}
        assert document.number.startswith("A-20")
        assert "Rates of the called" in invoice_html(document)
