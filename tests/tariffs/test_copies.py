"""Copies of tariffs: equal to a plain computation, once for a form sent twice, nothing leaks."""

from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from softswitch.core.errors import DomainError
from tariffs.models import Rate, RateProfile, Tariff
from tariffs.services.copies import Markup, copy_own_rates, copy_tariff
from tariffs.services.profiles import create_profile
from tariffs.services.tariffs import NewRate, close_rate, parameters_now, set_rate
from tests.tariffs.test_pages import get, login, post
from tests.world import World, tariff_with_rates

pytestmark = pytest.mark.django_db
SAME = [
    field.name
    for field in Rate._meta.concrete_fields
    if field.name not in {"id", "tariff", "price_1", "price_n"}
]
MARKUPS = {
    "percent": Markup(percent=Decimal("7.5"), decimals=4),
    "percent, up": Markup(percent=Decimal("12.345"), decimals=5, rounding="up"),
    "discount": Markup(percent=Decimal("-33.3333"), decimals=6),
    "fixed": Markup(fixed=Decimal("0.00125"), decimals=4),
    "minimum": Markup(percent=Decimal(2), minimum=Decimal("0.0011"), decimals=4),
    "minimum, whole": Markup(minimum=Decimal("0.5"), decimals=0, rounding="up"),
    "eight": Markup(percent=Decimal("0.01"), decimals=8),
}
# What one unit is worth in the base currency (tests.world).
WORTH = {"USD": Decimal(1), "EUR": Decimal("1.25"), "GBP": Decimal("1.5"), "BHD": Decimal("2.65")}


@pytest.fixture
def retail(world: World) -> Tariff:
    """The reseller's tariff in EUR with prices of all kinds, ties of rounding among them."""
    found = tariff_with_rates(world.reseller, "Odd", "EUR", connect_fee=Decimal("0.01255"))
    prices = ["0", "0.00005", "0.00015", "0.03333333", "0.12345678", "7", "999.99999999", "0.0125"]
    Rate.objects.bulk_create(
        Rate(
            tariff=found,
            prefix=f"9{at}",
            price_1=price,
            price_n=prices[-1 - at],
            interval_1=at + 1,
            interval_n=2,
            destination=f"Place {at}",
            country="FR",
            is_forbidden=at == 3,
            grace_enabled=at == 4,
            valid_from=now() + timedelta(days=at - 3),
            valid_till=now() + timedelta(days=90) if at % 2 else None,
        )
        for at, price in enumerate(prices)
    )
    return found


def to_grid(value: Fraction, markup: Markup, rule: str) -> Decimal:
    """``value`` rounded by the decimal module, far beyond the digits that decide."""
    with localcontext() as context:
        context.prec = 120
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return exact.quantize(Decimal(1).scaleb(-markup.decimals), rule)


def plain(price: Decimal, markup: Markup, currency: str) -> Decimal:
    """The new price by the rule as it is written, in fractions."""
    old = Fraction(price) * Fraction(WORTH["EUR"]) / Fraction(WORTH[currency])
    marked = old * (1 + Fraction(markup.percent) / 100) + Fraction(markup.fixed)
    new = to_grid(marked, markup, ROUND_CEILING if markup.rounding == "up" else ROUND_HALF_UP)
    if markup.minimum is not None:
        new = max(new, to_grid(old + Fraction(markup.minimum), markup, ROUND_CEILING))
    return new


def rows(tariff: Tariff) -> dict[Any, Rate]:
    found = tariff.rates.filter(valid_till=None) | tariff.rates.filter(valid_till__gt=now())
    return {(row.prefix, row.valid_from): row for row in found}


@pytest.mark.parametrize("currency", list(WORTH))
@pytest.mark.parametrize("markup", MARKUPS.values(), ids=MARKUPS)
def test_every_price_is_that_of_a_plain_computation(world, retail, markup, currency):
    made = copy_tariff(
        actor=world.actor("reseller"),
        source=retail,
        name="New",
        currency=currency,
        markup=markup,
        key=uuid4(),
    )
    old, new = rows(retail), rows(made.tariff)
    assert new.keys() == old.keys()
    assert made.rates == len(old) == 14
    for key, row in old.items():
        assert new[key].price_1 == plain(row.price_1, markup, currency), key
        assert new[key].price_n == plain(row.price_n, markup, currency), key
        assert [getattr(new[key], name) for name in SAME] == [getattr(row, name) for name in SAME]


def test_a_plain_copy_is_exact_and_leaves_what_has_ended_behind(world, retail):
    actor = world.actor("reseller")
    closed = Rate.objects.get(tariff=retail, prefix="33")
    close_rate(actor=actor, rate=closed)
    before = len(rows(retail))
    made = copy_tariff(
        actor=actor, source=retail, name="New", currency="EUR", markup=Markup(), key=uuid4()
    )
    assert not made.tariff.rates.filter(prefix="33").exists()
    old, new = rows(retail), rows(made.tariff)
    assert len(new) == before
    assert {key: row.price_1 for key, row in new.items()} == {
        key: row.price_1 for key, row in old.items()
    }
    assert parameters_now(made.tariff) == parameters_now(retail)
    assert made.tariff.timezone == retail.timezone


def test_the_connect_fee_follows_or_stays(world, retail):
    actor, markup = world.actor("reseller"), MARKUPS["percent, up"]

    def fee(name: str, markup: Markup, currency: str) -> Decimal:
        made = copy_tariff(
            actor=actor, source=retail, name=name, currency=currency, markup=markup, key=uuid4()
        )
        return Decimal(parameters_now(made.tariff)["connect_fee"])

    likewise = Markup(percent=markup.percent, decimals=5, rounding="up", on_connect_fee=True)
    old = Decimal("0.01255")
    assert fee("stays", markup, "EUR") == old
    assert fee("converted", markup, "GBP") == to_grid(
        Fraction(old) * Fraction("1.25") / Fraction("1.5"), markup, ROUND_CEILING
    )
    assert fee("likewise", likewise, "GBP") == plain(old, likewise, "GBP")


def test_a_form_sent_twice_copies_once_and_a_taken_name_is_refused(world, retail):
    actor, key = world.actor("reseller"), uuid4()
    asked = {"actor": actor, "source": retail, "currency": "EUR", "markup": Markup()}
    first = copy_tariff(**asked, name="New", key=key)
    again = copy_tariff(**asked, name="New", key=key)
    assert (again.tariff, again.rates) == (first.tariff, first.rates)
    assert Tariff.objects.filter(name="New").count() == 1
    with pytest.raises(DomainError, match="of this name"):
        copy_tariff(**asked, name="new", key=uuid4())
    assert Rate.objects.filter(tariff=first.tariff).count() == first.rates


def test_a_price_beyond_the_limit_and_a_missing_exchange_rate_are_refused(world, retail):
    actor = world.actor("reseller")
    asked = {"actor": actor, "source": retail, "name": "New", "key": uuid4()}
    with pytest.raises(DomainError) as error:
        copy_tariff(**asked, currency="EUR", markup=Markup(fixed=Decimal(999_999), decimals=2))
    assert error.value.code == "too_large"
    with pytest.raises(DomainError) as error:
        copy_tariff(**asked, currency="JPY", markup=Markup())
    assert error.value.code == "no_exchange_rate"
    assert not Tariff.objects.filter(name="New").exists()


def test_who_may_copy_what(world, retail):
    asked = {"source": retail, "name": "Mine", "currency": "EUR", "markup": Markup()}
    above = copy_tariff(actor=world.actor("operator"), **asked, key=uuid4())
    assert above.tariff.owner == world.root
    for who in ("other_reseller", "sub_reseller", "sub_customer"):
        with pytest.raises(PermissionDenied):
            copy_tariff(actor=world.actor(who), **asked, key=uuid4())
        assert get(login(world, who), "tariff_copy", retail.pk).status_code in (403, 404)


def test_a_reseller_sells_what_it_buys_without_learning_of_its_owners_tariff(world):
    actor = world.actor("sub_reseller")
    made = copy_own_rates(
        actor=actor,
        name="Resold",
        currency="GBP",
        markup=Markup(percent=Decimal(10), decimals=5),
        key=uuid4(),
    )
    assert made.tariff.owner == world.sub_reseller
    bought = Tariff.objects.get(name="Retail")
    for row in bought.rates.all():
        new = made.tariff.rates.get(prefix=row.prefix)
        assert new.price_1 == plain(row.price_1, Markup(percent=Decimal(10), decimals=5), "GBP")
    client = login(world, "sub_reseller")
    for url in (
        reverse("customers:audit_list"),
        reverse("tariffs:tariff_detail", args=[made.tariff.pk]),
    ):
        assert "Retail" not in client.get(url, follow=True).content.decode()
    with pytest.raises(PermissionDenied):  # without tariffs of its own
        copy_own_rates(
            actor=world.actor("sub_customer"),
            name="Resold",
            currency="GBP",
            markup=Markup(),
            key=uuid4(),
        )


def test_times_of_day_are_copied_as_own_ones(world: World) -> None:
    """Their names and times are in the rate table; the provider's own profile stays its own."""
    provider, actor = world.actor("reseller"), world.actor("sub_reseller")
    bought = Tariff.objects.get(name="Retail")
    peak = create_profile(actor=provider, name="Peak", windows=[[31, 480, 1200]])
    night = create_profile(actor=provider, name="Night", windows=[[127, 0, 360]])
    own = create_profile(actor=actor, name="PEAK", windows=[[64, 0, 60]])
    for profile in (peak, night):
        rate = NewRate("8818", Decimal(2), Decimal(2), profile=profile)
        set_rate(actor=provider, tariff=bought, rate=rate)
    asked: dict[str, Any] = {"actor": actor, "currency": "EUR", "markup": Markup()}
    made = copy_own_rates(name="Resold", key=uuid4(), **asked).tariff
    found = {row.name: row for row in RateProfile.objects.filter(rates__tariff=made)}
    assert found.keys() == {"Peak (2)", "Night"}
    assert {profile.owner for profile in found.values()} == {world.sub_reseller}
    assert found["Peak (2)"].windows == peak.windows
    assert made.timezone == bought.timezone
    own.refresh_from_db()
    assert own.windows == [[64, 0, 60]]
    # Equal ones are used again, and a copy of an own tariff keeps its own.
    again = copy_own_rates(name="Resold again", key=uuid4(), **asked).tariff
    copy = copy_tariff(source=made, name="Copy", key=uuid4(), **asked).tariff
    for tariff in (again, copy):
        assert set(RateProfile.objects.filter(rates__tariff=tariff)) == {*found.values()}


FORM = {
    "name": "Marked up",
    "currency": "GBP",
    "kind": "percent",
    "amount": "10",
    "minimum": "",
    "decimals": "4",
    "rounding": "up",
}


def send(client: Client, page: str, *args: Any, **data: str) -> Any:
    key = get(client, page, *args).context["form"]["idempotency_key"].value()
    return post(client, page, *args, **FORM | {"idempotency_key": str(key)} | data)


def test_the_pages_copy_and_say_at_which_exchange_rate(world, retail):
    client = login(world, "reseller")
    page = get(client, "tariff_copy", retail.pk).content.decode()
    assert "1 EUR = 0.8333333333 GBP" in page
    assert "Odd, copy" in page
    answer = send(client, "tariff_copy", retail.pk)
    made = Tariff.objects.get(name="Marked up")
    assert answer["Location"] == reverse("tariffs:tariff_detail", args=[made.pk])
    text = client.get(answer["Location"]).content.decode()
    assert "14 rates are copied. Converted at 1 EUR = 0.8333333333 GBP." in text
    for wrong, field in (
        ({"amount": ""}, "amount"),
        ({"amount": "-101"}, "amount"),
        ({"kind": "fixed", "amount": "-1"}, "amount"),
        ({"decimals": "9"}, "decimals"),
        ({"name": "marked UP"}, "name"),
    ):
        refused = send(client, "tariff_copy", retail.pk, **wrong)
        assert refused.status_code == 422
        assert set(refused.context["form"].errors) == {field}


def test_the_page_copies_the_own_rates(world):
    client = login(world, "sub_reseller")
    assert "Copy into a tariff" in get(client, "own_rates").content.decode()
    answer = send(client, "own_rates_copy", kind="none", amount="", currency="EUR", decimals="0")
    assert answer.status_code == 302
    made = Tariff.objects.get(name="Marked up")
    prices = {row.prefix: row.price_1 for row in made.rates.all()}
    assert prices["4420"] == Decimal("0.03")  # not rounded to whole euros
    assert get(login(world, "operator"), "own_rates_copy").status_code == 404
    assert get(login(world, "shop"), "own_rates_copy").status_code == 403
