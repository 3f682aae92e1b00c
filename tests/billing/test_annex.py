"""The calls behind an invoice: what the payer pays and no more, streamed, and by a signed link."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from billing.models import ArchivedMonth, BillingPeriod, Charge, Invoice
from billing.selectors.annex_links import annex_url, invoice_of_link
from calls.selectors import annex
from calls.selectors.annex import annex_lines, trunk_shares
from calls.services.charging import charge_pending
from softswitch.core.exports import CHUNK
from tariffs.models import Rate
from tests.billing.documents import make_invoice, terms
from tests.calls.stored import store_call
from tests.world import World

D = Decimal
AT = datetime(2026, 10, 12, 9, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")


@pytest.fixture
def invoice(world: World) -> Invoice:
    """October of the shop: two answered calls, one that failed, and one of November."""
    balance = world.balance("shop")
    balance.period_timezone = KYIV
    balance.save()
    for number, seconds, days in (("442079460000", 61, 0), ("33123456789", 90.5, 1)):
        store_call(
            world.shop, number, seconds, at=AT + timedelta(days=days), account=world.account,
            caller_number="442079461111",
        )  # fmt: skip
    store_call(world.shop, "447700900000", 30, at=AT, answered=False)
    store_call(world.shop, "447700900001", 30, at=AT + timedelta(days=25))
    charge_pending()
    period = BillingPeriod.objects.get(balance=balance, starts_at__lte=AT, ends_at__gt=AT)
    return make_invoice(world, period=period, terms=terms(sections=["cdrs"]))


def text_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def token_of(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def test_it_holds_what_the_payer_pays_in_the_zone_of_the_document(
    client: Client, world: World, invoice: Invoice
) -> None:
    for who in ("shop", "sub_reseller", "reseller"):
        client.force_login(world.user(who))
        answer = client.get(reverse("billing:invoice_annex", args=[invoice.pk]))
        assert answer["Content-Disposition"] == 'attachment; filename="hv-000117-calls.csv"'
        head, *rows = text_of(answer).splitlines()
        assert head.startswith('Set-up time,CLI,CLD,Destination,"Duration, s"')
        assert head.endswith('"Amount, GBP"')
        assert [row.split(",") for row in rows] == [
            ["2026-10-12T12:00:00+03:00", "442079461111", "442079460000", "Prefix 4420", "61",
             "66", "0.045", "0.049500"],
            ["2026-10-13T12:00:00+03:00", "442079461111", "33123456789", "Prefix 33", "90.5",
             "96", "0.09", "0.144000"],
        ]  # fmt: skip


def test_its_sum_is_that_of_the_period(invoice: Invoice) -> None:
    usage = sum(row.amount for row in invoice.period.usage_entries.all()) if invoice.period else 0
    assert sum((row[-1] for row in annex_lines(invoice, KYIV)), D(0)) == -usage
    assert sum((row.amount for row in trunk_shares(invoice)), D(0)) == -usage


def test_as_a_workbook(client: Client, world: World, invoice: Invoice) -> None:
    client.force_login(world.user("shop"))
    answer = client.get(reverse("billing:invoice_annex", args=[invoice.pk]), {"format": "xlsx"})
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    head, *rows = book.get_sheet_by_index(0).to_python()
    assert head[1:3] == ["CLI", "CLD"]
    assert [(row[0], row[2], row[7]) for row in rows] == [
        (datetime(2026, 10, 12, 12), "442079460000", 0.0495),  # noqa: DTZ001 - a workbook has no zones
        (datetime(2026, 10, 13, 12), "33123456789", 0.144),  # noqa: DTZ001
    ]


def test_prices_of_two_intervals_are_both_said(invoice: Invoice) -> None:
    charges = Charge.objects.filter(balance=invoice.balance, setup_at=AT, duration_ms__gt=0)
    Rate.objects.filter(pk__in=charges.values("rate_id")).update(price_1=D("0.06"))
    assert next(annex_lines(invoice, KYIV))[6] == "0.06 / 0.045"


def test_it_is_read_in_pieces(invoice: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server-side cursor hands over so many rows at a time, however many there are."""
    assert CHUNK <= 10_000
    monkeypatch.setattr(annex, "CHUNK", 1)
    lines = annex_lines(invoice, KYIV)
    assert next(lines)[2] == "442079460000"
    assert [row[2] for row in lines] == ["33123456789"]


def test_others_and_wrong_formats_find_nothing(
    client: Client, world: World, invoice: Invoice
) -> None:
    url = reverse("billing:invoice_annex", args=[invoice.pk])
    for who in ("other_reseller", "sub_customer"):
        client.force_login(world.user(who))
        assert client.get(url).status_code == 404
    client.force_login(world.user("shop"))
    assert client.get(url, {"format": "pdf"}).status_code == 404
    items = [("adjustment", "Wrong price", None, None, "1.00")]
    note = make_invoice(
        world, kind="credit_note", period=None, number="CN-1", calls=(), items=items
    )
    assert client.get(reverse("billing:invoice_annex", args=[note.pk])).status_code == 404


def test_months_that_are_archived_are_said(client: Client, world: World, invoice: Invoice) -> None:
    ArchivedMonth.objects.create(month=datetime(2026, 10, 1, tzinfo=UTC).date(), calls=3, charges=9)
    client.force_login(world.user("shop"))
    answer = client.get(reverse("billing:invoice_annex", args=[invoice.pk]))
    assert answer.status_code == 422
    assert "archived" in answer.content.decode()
    assert Client().get(annex_url(invoice)).status_code == 410


def test_a_link_needs_no_login_until_it_expires(world: World, invoice: Invoice) -> None:
    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=False) as clock:
        url = annex_url(invoice)
        answer = Client().get(url)
        assert "33123456789" in text_of(answer)
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        book: Any = Client().get(f"{url}?format=xlsx")
        assert b"".join(book.streaming_content).startswith(b"PK")
        clock.move_to(datetime(2026, 11, 30, 23, tzinfo=UTC))
        assert "33123456789" in text_of(Client().get(url))
        clock.move_to(datetime(2026, 12, 1, 1, tzinfo=UTC))
        late = Client().get(url)
        assert late.status_code == 410
        assert "The link has expired" in late.content.decode()


def test_a_link_that_was_changed_leads_nowhere(world: World, invoice: Invoice) -> None:
    token = token_of(annex_url(invoice))
    value, stamp, signature = token.split(":")
    other = signing.dumps(invoice.pk + 1, salt="billing.annex").split(":")[0]
    wrong = [
        f"{other}:{stamp}:{signature}",
        f"{value}:{stamp}:{signature[:-1]}",
        signing.dumps(invoice.pk, salt="another"),
        "x",
    ]
    for changed in wrong:
        url = reverse("billing:annex_by_link", args=[changed])
        assert Client().get(url).status_code == 404
    assert invoice_of_link(token) == invoice
    gone = signing.dumps(987_654_321, salt="billing.annex")
    assert invoice_of_link(gone) is None
    Invoice.objects.update(state="void")
    draft = make_invoice(world, state="draft")
    assert invoice_of_link(token_of(annex_url(draft))) is None
