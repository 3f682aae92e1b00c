"""Prices, fractions and dates beyond what is stored are refused where they are typed."""

from decimal import Decimal
from typing import Any

import pytest

from customers.models import User
from tariffs.models import Rate, Tariff, TariffVersion
from tests.tariffs.test_import_services import checked
from tests.tariffs.test_pages import TARIFF, get, login, post
from tests.world import World

pytestmark = pytest.mark.django_db
RATE = {"prefix": "49", "price_1": "1", "price_n": "1", "interval_1": "60", "interval_n": "6"}


@pytest.mark.parametrize("page", ["rate_create", "rate_change", "rate_edit"])
@pytest.mark.parametrize(
    ("zone", "field", "value"),
    [
        ("UTC", "price_1", "1000000.00000001"),
        ("UTC", "price_n", "9999999999"),
        ("America/New_York", "valid_from", "9999-12-31T23:59"),  # the year 10000 in UTC
        ("Pacific/Auckland", "valid_from", "0001-01-01T00:00"),
    ],
)
def test_a_rate_holds_what_can_be_stored_and_read_again(
    world: World, page: str, zone: str, field: str, value: str
) -> None:
    tariff = Tariff.objects.get(name="Retail")
    rate = Rate.objects.get(tariff=tariff, prefix="44")
    User.objects.update(timezone=zone)
    client = login(world, "reseller")
    key = tariff.pk if page == "rate_create" else rate.pk
    answer = post(client, page, key, **RATE | {field: value})
    assert list(answer.context["form"].errors) == [field]
    assert Rate.objects.filter(tariff=tariff).count() == 6


def test_a_surcharge_has_a_limit(world: World) -> None:
    answer = post(
        login(world, "reseller"), "tariff_create", **TARIFF | {"post_call_surcharge": "101"}
    )
    assert list(answer.context["form"].errors) == ["post_call_surcharge"]


def test_a_connect_fee_that_a_copy_would_raise_too_far_is_refused(world: World) -> None:
    tariff = Tariff.objects.get(name="Retail")
    TariffVersion.objects.filter(tariff=tariff).update(connect_fee=Decimal(9999))
    client = login(world, "reseller")
    form = get(client, "tariff_copy", tariff.pk).context["form"]
    asked: dict[str, Any] = {
        "name": "Copy", "currency": "EUR", "kind": "percent", "amount": "9999", "decimals": "4",
        "marks_connect_fee": "on", "rounding": "half_up",
        "idempotency_key": form["idempotency_key"].value(),
    }  # fmt: skip
    answer = post(client, "tariff_copy", tariff.pk, **asked)
    assert "above 1,000,000" in answer.content.decode()
    assert not Tariff.objects.filter(name="Copy").exists()


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_no_page_breaks_at_a_far_moment(world: World, zone: str, at: str) -> None:
    User.objects.update(timezone=zone)
    client = login(world, "reseller")
    tariff = Tariff.objects.get(name="Retail")
    for name, args, query in (
        ("tariff_detail", [tariff.pk], {"on": at}),
        ("own_rates", [], {"on": at, "state": "future"}),
        ("exchange_convert", [], {"amount": "1", "source": "USD", "target": "EUR", "at": at}),
        ("simulator", [], {"numbers": "4420111", "customer": "Shop", "at": at, "duration": "60"}),
    ):
        assert get(client, name, *args, **query).status_code in (200, 422), name


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_a_sheet_says_never_by_the_year_9999(world: World, zone: str) -> None:
    Tariff.objects.filter(name="Wholesale").update(timezone=zone)
    text = "Prefix,Destination,Price,Valid from,Valid till\n"
    for number, day in enumerate(["31/12/9999", "9999-12-31 23:59:59", "31.12.9999 24:00"]):
        text += f"99{number},Far,0.05,,{day}\n"
    rate_import = checked(world, text + "993,Far,0.05,9999-12-31,\n994,Far,0.05,0001-01-01,\n")
    assert set(rate_import.rows.values_list("prefix", "valid_till")) == {
        ("990", None),
        ("991", None),
    }
    wrong = rate_import.errors.order_by("line").values_list("line", "field")
    assert list(wrong) == [(4, "valid_till"), (5, "valid_from"), (6, "valid_from")]
