"""Files of exchange rates: the bank's XML, CSV, what is repeated, what is refused."""

import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tariffs.models import ExchangeRate
from tariffs.parsers.quotes import Quote, QuoteError, read_ecb, read_table
from tariffs.services.exchange import import_exchange_rates
from tests.world import PASSWORD, World

ECB = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
    xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <Cube>
    <Cube time="2026-11-26">
      <Cube currency="USD" rate="1.25"/><Cube currency="GBP" rate="0.8"/>
      <Cube currency="QQQ" rate="3"/>
    </Cube>
    <Cube time="2026-11-25">
      <Cube currency="USD" rate="1.5"/><Cube currency="GBP" rate="0.7"/>
    </Cube>
  </Cube>
</gesmes:Envelope>
"""


def quotes(content: bytes, base: str = "USD") -> list[tuple[str, date, Decimal]]:
    return [(q.currency, q.day, q.rate) for q in read_ecb(io.BytesIO(content), base)]


def test_what_the_bank_says_of_euros_is_said_of_the_base() -> None:
    late, early = date(2026, 11, 26), date(2026, 11, 25)
    assert quotes(ECB) == [
        ("GBP", late, Decimal("1.5625000000")),
        ("QQQ", late, Decimal("0.4166666667")),
        ("EUR", late, Decimal("1.2500000000")),
        ("GBP", early, Decimal("2.1428571429")),
        ("EUR", early, Decimal("1.5000000000")),
    ]
    assert quotes(ECB, "EUR")[0] == ("USD", late, Decimal("0.8000000000"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html></html>", "no exchange rates of the European Central Bank"),
        (ECB[:-40], "breaks off here"),
        (ECB.replace(b'rate="1.25"', b'rate="-1"'), "Line 7: The rate is not a number above 0."),
        (ECB.replace(b'rate="1.25"', b'rate="NaN"'), "Line 7: The rate is not a number above 0."),
        (ECB.replace(b'rate="1.25"', b'rate="0"'), "Line 7: The rate must lie above 0"),
        (ECB.replace(b"2026-11-25", b"25/11/2026"), "Line 10: The date is not written like"),
        (
            ECB.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', 1),
            "A document type is not allowed.",
        ),
        (
            b'<Cube><Cube currency="USD" rate="1"/></Cube>',
            "Line 1: A rate stands before any date.",
        ),
    ],
)
def test_what_is_no_list_of_the_bank_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(QuoteError, match=re.escape(reason)):
        quotes(content)


def test_a_day_without_the_base_is_refused() -> None:
    with pytest.raises(QuoteError, match=r"no rate of JPY, the base currency, for 2026-11-26"):
        quotes(ECB, "JPY")


def test_a_table_is_read_whatever_its_order_and_marks() -> None:
    file = io.BytesIO("\ufeffRate;Currency;Date\r\n1,25;eur;2026-04-01\r\n".encode())
    assert list(read_table(file)) == [Quote(2, "EUR", date(2026, 4, 1), Decimal("1.25"))]
    for content, reason in (
        (b"currency,rate\nEUR,1\n", "There is no column date."),
        (b"currency,date,rate\n", "The file has no lines."),
        (b"", "There is no column currency."),
        (b"currency,date,rate\nEUR,2026-04-01,1.00000000001\n", "10 decimals"),
        (b"currency,date,rate\nEUR,2026-04-01,1e3\n", "not a number"),
        (b"currency,date,rate\nEUR,2026-04-01\n", "not a number"),
    ):
        with pytest.raises(QuoteError, match=reason):
            list(read_table(io.BytesIO(content)))


@pytest.mark.django_db
def test_a_file_that_comes_twice_is_added_once(world: World) -> None:
    actor = world.actor("operator")
    found = import_exchange_rates(actor=actor, file=io.BytesIO(ECB))
    assert (found.added, found.repeated, found.unknown) == (4, 0, ("QQQ",))
    rows = ExchangeRate.objects.filter(source="ecb")
    assert rows.get(currency="GBP", valid_on="2026-11-26").rate == Decimal("1.5625")
    again = import_exchange_rates(actor=actor, file=io.BytesIO(ECB))
    assert (again.added, again.repeated) == (0, 4)
    assert rows.count() == 4
    event = AuditEvent.objects.get(action="exchange_rates_imported")
    assert event.subject == "4 rates, 2026-11-25 to 2026-11-26"
    # A correction of one is one new row, and the next day another.
    changed = ECB.replace(b'currency="GBP" rate="0.8"', b'currency="GBP" rate="0.9"')
    assert import_exchange_rates(actor=actor, file=io.BytesIO(changed)).added == 1
    assert import_exchange_rates(actor=actor, file=io.BytesIO(ECB), is_next_day=True).added == 4
    assert rows.filter(valid_on="2026-11-27").count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("EUR,2026-04-01,1\nEUR,2026-04-01,2", "Line 3: EUR has two rates for 2026-04-01."),
        ("EUR,2026-04-01,1\nXXY,2026-04-01,2", "Line 3: “XXY” is not a known currency."),
        ("USD,2026-04-01,1", "Line 2: The base currency is always 1."),
    ],
)
def test_of_a_table_with_a_wrong_line_nothing_is_added(
    world: World, lines: str, reason: str
) -> None:
    before = ExchangeRate.objects.count()
    file = io.BytesIO(f"currency,date,rate\n{lines}\n".encode())
    with pytest.raises(DomainError, match=reason):
        import_exchange_rates(actor=world.actor("operator"), file=file)
    assert ExchangeRate.objects.count() == before


@pytest.mark.django_db
def test_only_the_system_wide_right_imports(world: World) -> None:
    with pytest.raises(PermissionDenied):
        import_exchange_rates(actor=world.actor("reseller"), file=io.BytesIO(ECB))


@pytest.mark.django_db
def test_the_command_reads_files(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "eurofxref.xml"
    path.write_bytes(ECB)
    call_command("import_exchange_rates", str(path), "--next-day")
    assert capsys.readouterr().out == "4 added, 0 repeated\nnot known here: QQQ\n"
    path.write_bytes(b"currency,date,rate\nEUR,x,1\n")
    with pytest.raises(CommandError, match="Line 2: The date"):
        call_command("import_exchange_rates", str(path))
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_exchange_rates", str(tmp_path / "none"))


def signed_in(login: str) -> Client:
    client = Client()
    assert client.login(username=login, password=PASSWORD)
    return client


@pytest.mark.django_db
def test_the_page_tells_what_the_file_brought(world: World) -> None:
    client = signed_in("operator")
    file = SimpleUploadedFile("eurofxref.xml", ECB)
    answer = client.post(reverse("tariffs:exchange_upload"), {"file": file}, follow=True)
    text = answer.content.decode()
    assert "4 rates added, 0 were there already. Not known here: QQQ." in text
    assert "European Central Bank" in text


@pytest.mark.django_db
def test_the_history_of_a_currency_is_drawn_in_steps(world: World) -> None:
    import_exchange_rates(actor=world.actor("operator"), file=io.BytesIO(ECB))
    for who in ("operator", "shop"):
        answer = signed_in(who).get(reverse("tariffs:exchange_history", args=["GBP"]))
        chart = answer.context["chart"]
        # From 1.5 on 1 January up to 2.142857 on 25 November, down to 1.5625 the day after.
        assert chart.y_labels == ["2.2232", "2.0223", "1.8214", "1.6205", "1.4196"]
        (path,) = chart.paths
        assert path.startswith("M0 90.00H")
        assert path.count("V") == 2
        assert path.endswith("H1000")
        assert "New rate" not in answer.content.decode() or who == "operator"
    assert (
        signed_in("shop").get(reverse("tariffs:exchange_history", args=["QQQ"])).status_code == 404
    )
    base = signed_in("operator").get(reverse("tariffs:exchange_history", args=["USD"]))
    assert "it is always 1" in base.content.decode()


@pytest.mark.django_db
def test_an_amount_is_converted_at_a_moment(world: World) -> None:
    client, url = signed_in("shop"), reverse("tariffs:exchange_convert")
    asked = {"amount": "10", "source": "GBP", "target": "EUR", "at": "2026-06-01T00:00"}
    answer = client.get(url, asked)
    assert answer.context["found"].amount == Decimal("12.000000")
    assert answer.context["found"].exchange_rate == Decimal("1.2")
    early = client.get(url, asked | {"at": "2025-06-01T00:00"})
    assert "There is no exchange rate for" in early.content.decode()
    assert client.get(url, asked | {"amount": "ten"}).status_code == 422
    assert client.get(url).status_code == 200
