"""The whole rate table of an invoice as CSV: what was in force for its payer in the period."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from billing.models import BillingPeriod, Invoice
from billing.services.periods import periods_for
from customers.models import User
from tariffs.models import Rate, Tariff, TariffAssignment
from tests.billing.browsing import browser, signed_in, url
from tests.billing.documents import make_invoice, terms
from tests.world import World, tariff_with_rates

D = Decimal
OCTOBER = datetime(2026, 10, 10, tzinfo=UTC)
HALF = datetime(2026, 10, 16, tzinfo=UTC)
STREET = {"Anywhere", "Prefix 1", "Prefix 33", "Prefix 44", "Prefix 4420", "Prefix 447"}


def invoice_of(world: World, **kept: Any) -> Invoice:
    balance = world.balance("shop")
    periods_for({balance.pk: balance}, [(balance.pk, OCTOBER)])
    period = BillingPeriod.objects.get(balance=balance, starts_at__lte=OCTOBER, ends_at__gt=OCTOBER)
    return make_invoice(world, period=period, terms=terms(**kept))


@pytest.fixture
def invoice(world: World) -> Invoice:
    """October of the shop, with the rate table."""
    return invoice_of(world, sections=["rate_table"])


def table(client: Client, invoice: Invoice) -> list[dict[str, str]]:
    answer: Any = client.get(url("invoice_rates", invoice.pk))
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_it_has_every_rate_called_or_not(world: World, invoice: Invoice) -> None:
    for who in ("sub_reseller", "reseller"):
        assert {row["Destination"] for row in table(browser(world, who), invoice)} == STREET
    rows = table(browser(world, "shop"), invoice)
    assert {row["Destination"] for row in rows} == STREET
    france = next(row for row in rows if row["Prefix"] == "33")
    assert (D(france["First, per minute"]), france["First, s"]) == (D("0.09"), "60")
    assert (france["Currency"], france["Forbidden"]) == ("GBP", "no")
    assert (france["Valid from"], france["Valid till"]) == ("2026-01-01T00:00:00+00:00", "")
    assert not any("Street" in " ".join(row.values()) for row in rows)


def test_only_what_was_in_force_in_the_period(world: World, invoice: Invoice) -> None:
    """A tariff till the 15th and one from then on; rates that ended before or began after it."""
    tariff = Tariff.objects.get(name="Street")
    Rate.objects.filter(tariff=tariff, prefix="1").update(
        valid_till=datetime(2026, 10, 1, tzinfo=UTC)
    )
    Rate.objects.filter(tariff=tariff, prefix="33").update(
        valid_from=datetime(2026, 11, 1, tzinfo=UTC)
    )
    dollars = tariff_with_rates(world.sub_reseller, "Dollars", "USD")
    TariffAssignment.objects.filter(customer=world.shop).update(valid_till=HALF)
    TariffAssignment.objects.create(customer=world.shop, tariff=dollars, valid_from=HALF)
    later = tariff_with_rates(world.sub_reseller, "Later", "EUR")
    TariffAssignment.objects.filter(tariff=dollars).update(valid_till=now())
    TariffAssignment.objects.create(customer=world.shop, tariff=later, valid_from=now())
    rows = table(browser(world, "shop"), invoice)
    found = {(row["Currency"], row["Prefix"]) for row in rows}
    assert {prefix for code, prefix in found if code == "USD"} == {
        "",
        "1",
        "33",
        "44",
        "4420",
        "447",
    }
    assert {prefix for code, prefix in found if code == "GBP"} == {"", "44", "4420", "447"}
    assert {code for code, _prefix in found} == {"USD", "GBP"}


def test_who_reads_it(world: World, invoice: Invoice) -> None:
    page = url("invoice_rates", invoice.pk)
    for who in ("sub_customer", "other_reseller"):
        assert browser(world, who).get(page).status_code == 404
    assert signed_in(User.objects.get(account=world.account)).get(page).status_code in (403, 404)
    assert Client().get(page).status_code == 302
    detail = browser(world, "shop").get(url("invoice_detail", invoice.pk)).content.decode()
    assert page in detail


def test_an_invoice_without_the_table_has_none(world: World) -> None:
    plain = invoice_of(world)
    client = browser(world, "shop")
    assert client.get(url("invoice_rates", plain.pk)).status_code == 404
    detail = client.get(url("invoice_detail", plain.pk)).content.decode()
    assert url("invoice_rates", plain.pk) not in detail
