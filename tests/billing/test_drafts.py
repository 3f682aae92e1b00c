"""The lines of calls of a draft: groupings, prices, tariffs, late and re-rated calls."""

from datetime import date
from typing import Any

import pytest

from billing.models import (
    ArchivedMonth,
    BillingPeriod,
    Charge,
    Invoice,
)
from calls.services.archiving import archive_month
from calls.services.charging import charge_pending
from calls.services.traffic import fold_traffic
from tariffs.models import Rate, Tariff, TariffAssignment
from tests.billing.drafts import (
    CLOSED,
    DAY,
    LONDON,
    MOBILE,
    PARIS,
    UK,
    D,
    assert_calls_add_up,
    call,
    closed_period,
    draft_all,
    drafted,
    lines_of,
    settings_of,
)
from tests.calls.re_rated import apply, preview, re_rate
from tests.calls.stored import START, store_call
from tests.world import World, tariff_with_rates


def test_a_line_per_destination(world: World) -> None:
    """The shop pays by Street, in pounds: 4.5 pence to London, 6 to the UK, 60/6 seconds."""
    call(world, LONDON, 60)
    call(world, LONDON, 75)  # 78 s: 0.0585
    call(world, UK, 600)
    call(world, PARIS, 3, answered=False)
    call(world, MOBILE, 0)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    names = ("kind", "description", "tariff", "calls", "billed_seconds", "rate", "exact", "amount")
    assert lines_of(invoice, *names) == [
        ("usage", "Prefix 44", "Street", 1, 600, D("0.06"), D("0.6"), D("0.60")),
        ("usage", "Prefix 4420", "Street", 2, 138, D("0.045"), D("0.1035"), D("0.10")),
    ]
    assert (invoice.net, invoice.tax, invoice.total) == (D("0.70"), D(0), D("0.70"))
    assert (invoice.issuer, invoice.customer) == (world.sub_reseller, world.shop)
    assert (invoice.state, invoice.mode, invoice.currency_id) == ("draft", "postpaid", "GBP")
    assert invoice.number == ""
    assert_calls_add_up(invoice)


def test_of_free_calls_there_is_a_line(world: World) -> None:
    Rate.objects.filter(tariff__name="Street", prefix="33").update(price_1=0, price_n=0)
    call(world, PARIS, 100)
    call(world, LONDON, 60)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert lines_of(invoice, "description", "calls", "amount") == [
        ("Prefix 33", 1, 0),
        ("Prefix 4420", 1, D("0.05")),
    ]


@pytest.mark.parametrize(
    ("grouping", "expected"),
    [
        ("country", [("FR", "FR", "", D("0.09")), ("GB", "GB", "", D("0.045")),
                     ("GB", "GB", "", D("0.06"))]),
        ("prefix", [("Prefix 33", "FR", "33", D("0.09")), ("Prefix 44", "GB", "44", D("0.06")),
                    ("Prefix 4420", "GB", "4420", D("0.045"))]),
    ],
)  # fmt: skip
def test_other_groupings(world: World, grouping: str, expected: list[Any]) -> None:
    Rate.objects.filter(prefix__startswith="44").update(country="GB")
    Rate.objects.filter(prefix="33").update(country="FR")
    settings_of(world, grouping=grouping)
    for number in (LONDON, UK, PARIS):
        call(world, number)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert lines_of(invoice, "description", "country", "prefix", "rate") == expected


def test_the_average_price_makes_one_line(world: World) -> None:
    Rate.objects.filter(prefix__startswith="44").update(country="GB")
    settings_of(world, grouping="country", rate_value="average")
    call(world, LONDON, 60)
    call(world, UK, 120)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert lines_of(invoice, "description", "calls", "rate", "exact") == [
        ("GB", 2, D("0.055"), D("0.165"))
    ]


def test_a_line_per_distinct_price(world: World) -> None:
    first = Rate.objects.get(tariff__name="Street", prefix="33")
    starts = [START + days * DAY for days in (5, 8)]
    Rate.objects.filter(pk=first.pk).update(valid_till=starts[0])
    for start, price_1, till in ((starts[0], "0.1", starts[1]), (starts[1], "0.2", None)):
        Rate.objects.create(
            tariff=first.tariff, prefix="33", price_1=D(price_1), price_n=D("0.09"),
            interval_1=60, interval_n=6, destination="Prefix 33", valid_from=start,
            valid_till=till,
        )  # fmt: skip
    for days in (0, 6, 9, 9):
        call(world, PARIS, 60, at=START + days * DAY)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert sorted(lines_of(invoice, "description", "calls", "rate", "exact")) == [
        ("Prefix 33", 1, D("0.09"), D("0.09")),
        ("Prefix 33", 1, D("0.09"), D("0.1")),
        ("Prefix 33", 2, D("0.09"), D("0.4")),
    ]


def test_one_set_of_lines_per_tariff_that_says_its_currency(world: World) -> None:
    dollars = tariff_with_rates(world.sub_reseller, "Dollars", "USD", factor="3")
    moment = START + 5 * DAY
    TariffAssignment.objects.filter(customer=world.shop).update(valid_till=moment)
    TariffAssignment.objects.create(customer=world.shop, tariff=dollars, valid_from=moment)
    call(world, PARIS)
    call(world, PARIS, at=START + 6 * DAY)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert lines_of(invoice, "tariff", "calls", "rate", "exact", "amount") == [
        ("Dollars (USD)", 1, D("0.09"), D("0.06"), D("0.06")),  # 1.5 dollars for a pound
        ("Street", 1, D("0.09"), D("0.09"), D("0.09")),
    ]
    first = START.date()
    assert lines_of(invoice, "since", "until") == [(first + 6 * DAY,) * 2, (first,) * 2]


def test_late_calls_are_lines_of_their_own(world: World) -> None:
    balance = world.balance("shop")
    call(world, PARIS, at=START - 20 * DAY)  # in February, charged in time
    charge_pending()
    drafted(balance, START - 20 * DAY)
    call(world, LONDON, at=START - 21 * DAY)  # in February, but it comes after the close
    call(world, PARIS)
    charge_pending()
    invoice = drafted(balance)
    assert lines_of(invoice, "kind", "description", "calls", "exact") == [
        ("usage", "Prefix 33", 1, D("0.09")),
        ("late", "Prefix 4420", 1, D("0.045")),
    ]
    assert_calls_add_up(invoice)


def test_calls_before_the_first_period_are_not_late(world: World) -> None:
    """They ended before the balance was opened: its first period takes them."""
    balance = world.balance("sub_customer")
    balance.opened_at = START + DAY
    balance.save(update_fields=["opened_at"])
    store_call(world.sub_customer, LONDON)
    charge_pending()
    invoice = drafted(balance, START + DAY)
    assert invoice.period is not None
    assert invoice.period.starts_at == START + DAY
    assert lines_of(invoice, "kind", "calls") == [("usage", 1)]


def test_a_re_rated_call_counts_once_with_the_price_that_stands(world: World) -> None:
    call(world, PARIS)
    charge_pending()
    Rate.objects.filter(tariff__name="Street", prefix="33").update(price_1=1, price_n=1)
    Tariff.objects.filter(name="Street").update(rates_revision=900)
    re_rate(world.actor("sub_reseller"))
    assert Charge.objects.filter(customer=world.shop).count() == 3
    invoice = drafted(world.balance("shop"))
    assert lines_of(invoice, "calls", "billed_seconds", "exact") == [(1, 60, D(1))]
    assert_calls_add_up(invoice)


def test_what_is_re_rated_after_the_close_is_late(world: World) -> None:
    balance = world.balance("shop")
    call(world, PARIS)
    charge_pending()
    drafted(balance)
    street = Tariff.objects.get(name="Street")
    other = Rate.objects.get(tariff=street, prefix="33")
    Rate.objects.filter(pk=other.pk).update(valid_till=START - DAY)
    Rate.objects.create(
        tariff=street, prefix="33", destination="France", price_1=1, price_n=1, interval_1=60,
        interval_n=6, valid_from=START - DAY,
    )  # fmt: skip
    street.rates_revision = 900
    street.save()
    actor = world.actor("sub_reseller")
    apply(actor, preview(actor), posts_to_open=True)
    invoice = drafted(balance, START + 31 * DAY)
    assert lines_of(invoice, "kind", "description", "calls", "billed_seconds", "exact") == [
        ("late", "France", 1, 60, D(1)),
        ("late", "Prefix 33", -1, -60, D("-0.09")),
    ]
    assert_calls_add_up(invoice)


def test_calls_of_an_archived_month_are_one_line(world: World) -> None:
    for days in (0, 3, 30):
        call(world, PARIS, at=START + days * DAY)
        call(world, LONDON, at=START + days * DAY)
    charge_pending()
    fold_traffic()
    period = closed_period(world.balance("shop"))
    BillingPeriod.objects.update(closed_at=CLOSED)
    archive_month(actor=world.actor("operator"), month=date(2026, 3, 1))
    assert ArchivedMonth.objects.count() == 1
    draft_all(period)
    invoice = Invoice.objects.get()
    names = ("kind", "description", "tariff", "calls", "billed_seconds", "exact", "amount")
    assert lines_of(invoice, *names) == [
        ("usage", "Calls of archived months", "", 4, 240, D("0.27"), D("0.27"))
    ]
    assert_calls_add_up(invoice)
